"""Keep refused items in quarantine as they were sent, with the reason; identical items are kept once."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from django.db import connection

from leads.domain import limits
from leads.domain.body.damage import TOO_DEEP
from leads.domain.faults import Fault
from leads.domain.intake.items import SentLead
from leads.domain.intake.receipt import Result
from leads.domain.intake.rows import NewDelivery
from leads.domain.intake.rules import is_storable
from leads.domain.occurrence import occurred, zones_of
from leads.models import QuarantinedItem, Source

# IDs follow the order sent; rows are written in the order of their digests, so that deliveries with the same refused
# items never deadlock. An item that is already waiting is counted, gets its current fault, and returns its ID; it waits for
# another no longer than when it was first sent.
KEEP = """
    WITH numbered AS MATERIALIZED (
        SELECT nextval(pg_get_serial_sequence('leads_quarantineditem', 'id')) AS id, sent.*
          FROM jsonb_to_recordset(%(items)s)
               AS sent (kind text, pointer text, code text, message text, content text, actions_held int, lead text,
                        stored_action bigint, digest bytea, occurred_at timestamptz, zone text, months text[],
                        waits_for text, waits_until timestamptz)
    )
    INSERT INTO leads_quarantineditem (source_id, delivery_id, received_at, state, settled_note, times_sent, id, kind,
           pointer, code, message, content, actions_held, lead_external_id, stored_action_id, digest,
           occurred_at, zone, months, waits_for, waits_until)
    SELECT %(source)s, %(delivery)s, %(received_at)s, 'waiting', '', 1, id, kind, pointer, code, message,
           content::jsonb, actions_held, lead, stored_action, digest, occurred_at, zone, months,
           waits_for, waits_until
      FROM numbered ORDER BY digest
    ON CONFLICT (source_id, digest) WHERE state = 'waiting'
    DO UPDATE SET times_sent = leads_quarantineditem.times_sent + 1, code = EXCLUDED.code, message = EXCLUDED.message,
                  stored_action_id = EXCLUDED.stored_action_id, zone = EXCLUDED.zone, waits_for = EXCLUDED.waits_for,
                  waits_until = CASE WHEN EXCLUDED.waits_until IS NOT NULL THEN leads_quarantineditem.waits_until END,
                  months = CASE WHEN EXCLUDED.occurred_at IS NULL THEN leads_quarantineditem.months ELSE EXCLUDED.months END
    RETURNING digest, id, waits_until
"""

_json = msgspec.json.Encoder(decimal_format="number", order="deterministic")


class Refusal(msgspec.Struct, kw_only=True, gc=False):
    """One refused item; its members are those of the record in the statement above."""

    kind: str
    pointer: str
    code: str
    message: str
    content: str  # as JSON, where null is valid content
    actions_held: int
    lead: str
    stored_action: int | None
    digest: str  # as PostgreSQL writes bytea as text
    occurred_at: datetime | None = None
    zone: str = ""
    months: list[str] = []
    waits_for: str = ""
    waits_until: datetime | None = None


class Part(NamedTuple):
    """A refused item, its content, and the results it covers."""

    refusal: Refusal
    content: Any
    results: list[Result]


def keep_refused(source: Source, delivery: NewDelivery, leads: Iterable[SentLead]) -> None:
    """Quarantine refused leads with their actions, and refused actions with just enough of their lead.

    Sets the ID of the quarantined item on each refused result.
    """
    refused = [part for lead in leads for part in _refused_parts(lead)]
    if not refused:
        return
    received_at = delivery.received_at
    if delivery.is_test:
        for part in refused:  # a test is never the same item as a lead that is billed, even if neither can be read
            part.refusal.digest = _in_text(hashlib.sha256(b"test" + part.refusal.digest.encode()).digest())
    first: dict[str, Part] = {}
    for part in refused:
        first.setdefault(part.refusal.digest, part)  # of identical items, the first one sent
    _place_in_time(list(first.values()), source, received_at)
    items = _json.encode([part.refusal for part in first.values()]).decode()
    sent: dict[str, Any] = {"items": items, "source": source.pk, "delivery": delivery.id, "received_at": received_at}
    with connection.cursor() as cursor:
        cursor.execute(KEEP, sent)
        kept = {_in_text(digest): (number, waits_until) for digest, number, waits_until in cursor.fetchall()}
    for part in refused:
        for result in part.results:
            result.quarantined_item, result.waits_until = kept[part.refusal.digest]


def _place_in_time(parts: Sequence[Part], source: Source, received_at: datetime) -> None:
    """Find when each part occurred, and how long it waits for what it refers to."""
    for part, zone in zip(parts, zones_of(source, [part.content for part in parts]), strict=True):
        when = occurred(part.content, received_at=received_at, zone=zone)
        part.refusal.occurred_at, part.refusal.zone, part.refusal.months = when
        waits_for = part.results[0].waits_for
        if waits_for is not None and source.wait_hours:
            part.refusal.waits_for = waits_for
            part.refusal.waits_until = received_at + timedelta(hours=source.wait_hours)


def _refused_parts(lead: SentLead) -> Iterable[Part]:
    """Yield the refused parts of a lead."""
    result = lead.result
    if result.fault:
        held = [action.result for action in lead.actions]
        content = _cleaned(lead.raw)
        refusal = _refusal(QuarantinedItem.Kind.LEAD, result, result.fault, content, lead=result.id, held=len(held))
        yield Part(refusal, content, [result, *held])
        return
    for action in lead.actions:
        fault = action.result.fault
        if fault:
            content = _cleaned({**lead.raw, "actions": [action.raw]})
            refusal = _refusal(
                QuarantinedItem.Kind.ACTION,
                action.result,
                fault,
                content,
                lead=result.id,
                held=1,
                stored=action.conflicts_with,
            )
            yield Part(refusal, content, [action.result])


def _refusal(
    kind: str, result: Result, fault: Fault, content: Any, *, lead: str | None, held: int, stored: int | None = None
) -> Refusal:
    kept = _json.encode(content)
    return Refusal(
        kind=kind,
        pointer=(result.pointer + fault.pointer)[:200],
        code=fault.code,
        message=fault.message.replace("\0", "\ufffd"),
        content=kept.decode(),
        actions_held=held,
        lead=(lead or "").replace("\0", "\ufffd")[:200],
        stored_action=stored,
        digest=_in_text(hashlib.sha256(kind.encode() + b"\0" + kept).digest()),
    )


def _in_text(digest: bytes | memoryview) -> str:
    return f"\\x{digest.hex()}"


def _cleaned(value: Any, depth: int = 0) -> Any:
    """Replace whatever PostgreSQL can't store; the delivery keeps the bytes as sent."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, Decimal | int) and not is_storable(value):
        return str(value)
    if isinstance(value, dict | list) and depth > 2 * limits.DEPTH:
        return TOO_DEEP
    if isinstance(value, dict):
        return {_cleaned(name): _cleaned(member, depth + 1) for name, member in value.items()}
    return [_cleaned(member, depth + 1) for member in value] if isinstance(value, list) else value
