"""Take a call of a sender: verify it, split and map its body, and hand everything to the one entrance of leads."""

import hashlib
from dataclasses import replace
from typing import Any

from leads.domain import limits
from leads.domain.body.decode import BodyNotReadable
from leads.domain.body.parcel import Parcel, Placed
from leads.domain.body.parse import JSON
from leads.domain.credentials.lifetime import note_use
from leads.domain.faults import Fault, Malformed
from leads.domain.hooks.call import Call
from leads.domain.hooks.find import secrets_of
from leads.domain.hooks.kind import Answer, Kind
from leads.domain.hooks.registry import kind_of
from leads.domain.intake.idempotency import KEY_CHARACTERS, IdempotencyKeyReused
from leads.domain.intake.receive import receive
from leads.domain.mapping.language.converter import Converter
from leads.domain.mapping.ready_made import ready_made
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
    event = kind.event_id(content, call) or f"sha256 {hashlib.sha256(call.body).hexdigest()}"
    sent: dict[str, Any] = {
        "body": call.body,
        "content_type": JSON,
        "received_at": call.at,
        "parcel": Parcel(items),
        "name": f"{hook.get_kind_display()} webhook",
    }
    try:
        receive(hook.source, **sent, idempotency_key=_key(hook, event))
    except IdempotencyKeyReused:  # the same event in other words: each item decides for itself what is new
        receive(hook.source, **sent)
    return kind.answer()


def _items(kind: Kind, hook: Hook, call: Call) -> tuple[Any, list[Placed]]:
    """Return the content of the body, and its records as leads; a body that is not JSON is one malformed item."""
    try:
        content = call.decoded.content
    except BodyNotReadable as error:
        text = call.body.decode(errors="replace")
        return None, [Placed("", Malformed(text, Fault("hook_not_json", "", str(error))))]
    converter = ready_made(hook.kind)
    has_event = bool(kind.event_id(content, call))
    return content, [
        item
        for record in kind.records(content, call)
        for item in _leads(kind, converter, record, call, is_alone=has_event)
    ]


def _leads(kind: Kind, converter: Converter, placed: Placed, call: Call, *, is_alone: bool) -> list[Placed]:
    """Convert a record to leads; what the sender marks as a test is a test, whatever the mapping says."""
    pointer, record = placed
    if not isinstance(record, dict):
        return converter.convert(record, place=pointer)
    known: dict[str, Any] = {"id": kind.record_id(record, call), **kind.facts(record)}
    if is_alone:  # otherwise an event would differ each time it is sent
        known["received_at"] = call.at.isoformat()
    found = converter.convert({**record, "hook": known}, place=pointer)
    if kind.is_test(record):
        for _, item in found:
            if isinstance(item, dict):
                item["is_test"] = True
    return found


def _key(hook: Hook, event: str) -> str:
    """Return the idempotency key of an event."""
    key = f"hook {hook.kind} {event}"
    is_usable = len(key) <= KEY_CHARACTERS and key.isascii() and key.isprintable()
    return key if is_usable else f"hook {hook.kind} sha256 {hashlib.sha256(event.encode(errors='replace')).hexdigest()}"
