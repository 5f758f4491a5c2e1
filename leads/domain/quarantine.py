"""Nothing leaves quarantine unseen: a person mends an item and it goes in, or lets it go for a stated reason."""

from datetime import datetime
from typing import Any

import msgspec
from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.errors import Refused
from leads.domain.body import ROW_MALFORMED
from leads.domain.faults import Fault
from leads.domain.intake import receive
from leads.domain.mapping import COLUMN_MISSING, mapped
from leads.domain.receipt import Receipt, Result
from leads.models import QuarantinedItem


class AlreadySettled(Refused):
    """An item leaves quarantine once."""

    code = "already_settled"
    message = "Somebody has settled this item already."


class StillRefused(Refused):
    """The mended item still can't be stored."""

    code = "still_refused"


class NoteMissing(Refused):
    """Nothing is discarded without a reason."""

    code = "note_missing"
    message = "Say why this item is discarded."


@transaction.atomic
def repair(item: QuarantinedItem, *, content: dict[str, Any], by: User, at: datetime) -> Receipt:
    """Send the mended item in again, as a delivery of its own; raises StillRefused, and nothing is changed, if it can't be.

    An action of a mended lead that is at fault itself goes back to quarantine as an item of its own.
    """
    _settle(item, state=QuarantinedItem.State.REPAIRED, by=by, at=at)
    receipt = receive(
        item.source,
        body=msgspec.json.encode(_as_lead(item, content)),
        content_type="application/json",
        received_at=at,
        name=f"Repair of quarantined item {item.pk}",
    )
    result = _result_of(item, receipt)
    if result.fault:
        raise StillRefused(f"{result.fault.message} ({result.fault.code})")
    return receipt


@transaction.atomic
def discard(item: QuarantinedItem, *, note: str, by: User, at: datetime) -> None:
    """Let the item go; it stays in the list of what was discarded, with the reason."""
    if not note.strip():
        raise NoteMissing
    _settle(item, state=QuarantinedItem.State.DISCARDED, by=by, at=at, note=note.strip())


def _as_lead(item: QuarantinedItem, content: dict[str, Any]) -> dict[str, Any]:
    """A record of a file becomes a lead by its source's field mapping, which may have been mended meanwhile."""
    if item.code not in (COLUMN_MISSING, ROW_MALFORMED) or "id" in content:
        return content
    lead = mapped(item.source.field_mapping, content)
    if isinstance(lead, Fault):
        raise StillRefused(f"{lead.message} ({lead.code})")
    return lead


def _result_of(item: QuarantinedItem, receipt: Receipt) -> Result:
    lead = receipt.results[0]
    return lead.actions[0] if item.kind == QuarantinedItem.Kind.ACTION and lead.actions else lead


def _settle(item: QuarantinedItem, *, state: str, by: User, at: datetime, note: str = "") -> None:
    waiting = QuarantinedItem.objects.waiting().filter(pk=item.pk)
    if not waiting.update(state=state, settled_at=at, settled_by=by, settled_note=note):
        raise AlreadySettled
