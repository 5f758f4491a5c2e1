"""Rows of files that were fixed and imported again: each takes the place of its quarantined item."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User

from billing_engine.core.deeds.record import record
from leads.domain.body.parcel import Placed
from leads.domain.faults import Fault
from leads.domain.identity import external_id
from leads.domain.intake.receipt import Receipt, Result
from leads.domain.quarantine.corrections import record_corrections
from leads.domain.quarantine.difference import Changes, difference, since_received
from leads.domain.quarantine.records import as_lead, converter_of, is_record
from leads.domain.quarantine.settle import CONFLICTS, ITEM_REPAIRED
from leads.models import Delivery, QuarantinedItem, QuarantineStep, Source


class Sent(NamedTuple):
    """A lead as it was sent now, with its result."""

    lead: Any
    result: Result


def settle_mended(
    source: Source, items: Sequence[Placed], receipt: Receipt, *, note: str, by: User | None, at: datetime
) -> int:
    """Settle the waiting items of earlier imports whose lead and actions this delivery stored; return how many.

    Conflicts stay, because a person decides between the two versions. Call it in the delivery's transaction.
    """
    sent = defaultdict[str, list[Sent]](list)
    for placed, result in zip(items, receipt.results, strict=True):
        if result.id and not result.fault:
            sent[result.id].append(Sent(placed.item, result))
    waiting = QuarantinedItem.objects.waiting().filter(
        source=source,
        lead_external_id__in=list(sent),
        delivery__file_part__isnull=False,
        delivery__lt=receipt.delivery_id,
    )
    found = waiting.exclude(code__in=CONFLICTS).select_for_update(of=("self",)).order_by("pk")
    settled = 0
    for item in found:
        mended = next((each for each in sent[item.lead_external_id] if _has_all_of(item, each.result)), None)
        if mended is not None:
            _settle(item, mended, receipt, note=note, by=by, at=at)
            settled += 1
    return settled


def _has_all_of(item: QuarantinedItem, result: Result) -> bool:
    """Return whether everything the item holds is stored now."""
    held = _action_ids(item)
    stored = {action.id for action in result.actions if not action.fault}
    return held is not None and held <= stored


def _action_ids(item: QuarantinedItem) -> set[str] | None:
    """The IDs of the actions in an item; None if they can't be told."""
    lead = as_lead(item, item.content) if isinstance(item.content, dict) else None
    actions = lead.get("actions", []) if isinstance(lead, dict) else None
    if not isinstance(actions, list):
        return None
    ids = [action.get("id") if isinstance(action, dict) else None for action in actions]
    return None if any(not isinstance(id_, str | int) for id_ in ids) else {external_id(id_) for id_ in ids}


def _settle(item: QuarantinedItem, mended: Sent, receipt: Receipt, *, note: str, by: User | None, at: datetime) -> None:
    changes, result = _changes(item, mended)
    changes = since_received(item, changes)
    QuarantinedItem.objects.filter(pk=item.pk).update(
        state=QuarantinedItem.State.REPAIRED, settled_at=at, settled_by=by, settled_note=note
    )
    step = QuarantineStep.objects.create(
        item=item,
        kind=QuarantineStep.Kind.REPAIRED,
        at=at,
        by=by,
        note=note,
        changed=changes,
        delivery_id=receipt.delivery_id,
    )
    record_corrections(step, Receipt(receipt.delivery_id, [result]), changes)
    before, after = ({name: both[side] for name, both in changes.items()} for side in (0, 1))
    also = [Delivery(pk=receipt.delivery_id), item.source]
    record(ITEM_REPAIRED, on=item, by=by, reason=note, before=before, after=after, also=also)


def _changes(item: QuarantinedItem, mended: Sent) -> tuple[Changes, Result]:
    """What differs from the item as it was received, and the result of the part that the item is."""
    lead, result = mended
    held = _action_ids(item) or set()
    if item.kind == QuarantinedItem.Kind.ACTION:
        actions = [(sent, of) for sent, of in zip(lead["actions"], result.actions, strict=True) if of.id in held]
        lead = {**lead, "actions": [sent for sent, _ in actions]}
        result = Result(result.pointer, result.id, result.outcome, actions=[of for _, of in actions])
    if is_record(converter_of(item), item.content):
        received = as_lead(item, item.content)
        return ({} if isinstance(received, Fault) else difference(received, lead)), result
    return difference(item.content, lead), result
