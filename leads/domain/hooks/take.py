"""Take a call of a sender: verify it, split and map its body, and hand everything to the one entrance of leads."""

import hashlib
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from django.db import transaction

from leads.domain import limits
from leads.domain.body.decode import BodyNotReadable
from leads.domain.body.parcel import Parcel, Placed
from leads.domain.body.parse import JSON
from leads.domain.credentials.lifetime import note_use
from leads.domain.faults import Fault, Malformed
from leads.domain.hooks.fetch import ask_fetches, held_for_fetch
from leads.domain.hooks.find import secrets_of
from leads.domain.hooks.kinds.call import Call
from leads.domain.hooks.kinds.kind import Answer, Kind
from leads.domain.hooks.kinds.registry import kind_of
from leads.domain.intake.idempotency import IdempotencyKeyReused
from leads.domain.intake.receive import receive
from leads.domain.mapping.webhooks import HOOK, IS_TEST, converted_records, key_of
from leads.models import Hook


def greet(hook: Hook, call: Call) -> Answer:
    """Answer the sender's check of the address. Raises Refused."""
    answer = kind_of(hook).challenge(call, secrets_of(hook, at=call.at))
    note_use(hook, at=call.at)
    return answer


def take(hook: Hook, call: Call) -> Answer:
    """Store all that a call brings, each item once, and return what its sender wants to hear.

    On return, everything is committed: as leads and actions, or in quarantine if it can't be mapped. Raises Refused if the
    call is not the sender's; then nothing is stored.
    """
    kind = kind_of(hook)
    kind.verify(call, secrets_of(hook, at=call.at))
    note_use(hook, at=call.at)
    call = replace(call, body=kind.without_secret(call))
    content, items = _items(kind, hook, call)
    limits.check_items([item for _, item in items])
    whole = f"sha256 {hashlib.sha256(call.body).hexdigest()}"
    try:
        _receive(hook, call, items, event=kind.event_id(content, call) or whole)
    except IdempotencyKeyReused:  # the same event in other words: each item decides for itself what is new
        _receive(hook, call, items, event=whole)
    return kind.answer()


def _receive(hook: Hook, call: Call, items: list[Placed], *, event: str) -> None:
    with transaction.atomic() if hook.fetch_sealed else nullcontext():
        receipt = receive(
            hook.source,
            body=call.body,
            content_type=JSON,
            received_at=call.at,
            parcel=Parcel(items),
            idempotency_key=key_of(hook.kind, event),
        )
        ask_fetches(hook, receipt, at=call.at)


def _items(kind: Kind, hook: Hook, call: Call) -> tuple[Any, list[Placed]]:
    """Return the content of the body, and its records as leads; a body that is not JSON is one malformed item."""
    try:
        content = call.decoded.content
    except BodyNotReadable as error:
        text = call.body.decode(errors="replace")
        return None, [Placed("", Malformed(text, Fault("hook_not_json", "", str(error))))]
    records = [_with_facts(kind, placed, call, content) for placed in kind.records(content, call)]
    held = [held_for_fetch(hook, record) for record in records]
    return content, converted_records(hook.source, held, door=hook.kind)


def _with_facts(kind: Kind, placed: Placed, call: Call, content: Any) -> Placed:
    """Add the member `hook` to a record: what is known of it beside what its sender wrote."""
    pointer, record = placed
    if not isinstance(record, dict):
        return placed
    known: dict[str, Any] = {"id": kind.record_id(record, call), **kind.facts(record)}
    if kind.event_id(content, call):  # otherwise an event would differ each time it is sent
        known["received_at"] = call.at.isoformat()
    if kind.is_test(record):
        known[IS_TEST] = True
    return Placed(pointer, {**record, HOOK: known})
