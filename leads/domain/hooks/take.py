"""Take a call of a sender: verify it, split and map its body, and hand everything to the one entrance of leads."""

import hashlib
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from leads.domain import limits
from leads.domain.body.decode import BodyNotReadable, repeats_in
from leads.domain.body.parcel import Parcel, Placed
from leads.domain.body.parse import JSON
from leads.domain.credentials.lifetime import note_use
from leads.domain.credentials.signatures import ID
from leads.domain.faults import Fault, Malformed
from leads.domain.hooks.fetch import ask_fetches, held_for_fetch
from leads.domain.hooks.find import secrets_of
from leads.domain.hooks.kinds.call import Call
from leads.domain.hooks.kinds.kind import Answer, Kind
from leads.domain.hooks.kinds.registry import KINDS, kind_of
from leads.domain.intake.idempotency import IdempotencyKeyReused
from leads.domain.intake.receive import receive
from leads.domain.mapping.webhooks import HOOK, IS_TEST, converted_records, key_of
from leads.models import Hook

SAMPLE_ID = "msg_sample"  # of a pasted body, where the sender would send an ID in a header


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
    repeats = _repeats(kind, call)
    call = replace(call, body=kind.without_secret(call))
    content, items = _items(kind, hook, call, repeats)
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


def sample_records(door: str, bodies: Sequence[Placed], *, at: datetime) -> list[Placed]:
    """Return the records that a mapping for this door gets: the bodies of a kind of sender are split and completed."""
    kind = KINDS.get(door)
    if kind is None:
        return list(bodies)
    found = list[Placed]()
    for number, (pointer, content) in enumerate(bodies, start=1):
        headers = {ID: f"{SAMPLE_ID}{number}"}
        call = Call(method="POST", uri="", token="", headers=headers, query={}, body=b"", at=at)
        records = [_with_facts(kind, placed, call, content) for placed in kind.records(content, call)]
        found += [Placed(pointer + placed.pointer, placed.item) for placed in records]
    return found


def _repeats(kind: Kind, call: Call) -> list[Fault]:
    """The duplicate members of the body as it came: only one of two values could count, and the body does not say which."""
    try:
        content, has_repeats, _ = call.decoded
    except BodyNotReadable:
        return []
    found = repeats_in(content) if has_repeats else []
    return [fault for fault in found if fault.pointer != f"/{kind.secret_member}"]


def _items(kind: Kind, hook: Hook, call: Call, repeats: list[Fault]) -> tuple[Any, list[Placed]]:
    """Return the content of the body, and its records as leads; a body that is not JSON is one malformed item.

    So is one with duplicate members, unless they are within a record, which then is malformed alone.
    """
    try:
        content = call.decoded.content
    except BodyNotReadable as error:
        text = call.body.decode(errors="replace")
        return None, [Placed("", Malformed(text, Fault("hook_not_json", "", str(error))))]
    places = kind.records(content, call)
    around = [fault for fault in repeats if not any(_is_within(fault, placed) for placed in places)]
    if around:
        return content, [Placed("", Malformed(content, around[0]))]
    records = [_record(kind, placed, call, content, repeats) for placed in places]
    held = [held_for_fetch(hook, record) for record in records]
    return content, converted_records(hook.source, held, door=hook.kind)


def _is_within(fault: Fault, placed: Placed) -> bool:
    return fault.pointer.startswith(f"{placed.pointer}/")


def _record(kind: Kind, placed: Placed, call: Call, content: Any, repeats: list[Fault]) -> Placed:
    within = next((fault for fault in repeats if _is_within(fault, placed)), None)
    if within is None:
        return _with_facts(kind, placed, call, content)
    inside = within._replace(pointer=within.pointer.removeprefix(placed.pointer))
    return Placed(placed.pointer, Malformed(placed.item, inside))


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
