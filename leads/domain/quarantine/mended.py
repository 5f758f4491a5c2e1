"""Rows of files that were fixed and imported again: each takes the place of its quarantined item."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from billing_engine.core.deeds.record import record
from leads.domain.body.parcel import Placed
from leads.domain.identity import external_id
from leads.domain.intake.receipt import Receipt, Result
from leads.domain.mapping.active import active_converter
from leads.domain.mapping.doors import FILES
from leads.domain.quarantine.corrections import record_corrections
from leads.domain.quarantine.difference import Changes, difference, since_received
from leads.domain.quarantine.records import OF_RECORDS, converted, is_record
from leads.domain.quarantine.settle import CONFLICTS, ITEM_REPAIRED
from leads.models import Delivery, QuarantinedItem, QuarantineStep, Source

RECORDS = 50_000  # whose IDs are read, for one worker's turn


class Sent(NamedTuple):
    """A lead as it was sent now, with its result."""

    lead: Any
    result: Result


class Named(NamedTuple):
    """The ID of an action, and whether it is voided: an action does not stand for its void."""

    id: str
    is_void: bool


class WaitingItems:
    """The waiting items of a source's imports, found by the ID of their lead.

    Records that could not be converted are kept without it; their IDs are read once.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        converter = active_converter(source, door=FILES)
        self._converter, self._naming = converter, converter.identity() if converter else None
        self._records = defaultdict[str, list[int]](list)
        for item in self._all().filter(lead_external_id="")[:RECORDS]:
            lead = self._named(item)
            id_ = lead.get("id") if lead else None
            if isinstance(id_, str | int):
                self._records[external_id(id_)].append(item.pk)

    def of(self, leads: Collection[str], *, before: int) -> list[tuple[str, QuarantinedItem]]:
        """Return the items of these leads that came with earlier deliveries, locked, each with the ID of its lead."""
        records = {pk: lead for lead in leads for pk in self._records.get(lead, ())}
        found = self._all().filter(Q(lead_external_id__in=leads) | Q(pk__in=records), delivery__lt=before)
        locked = found.select_for_update(of=("self",))
        return [(item.lead_external_id or records[item.pk], item) for item in locked]

    def actions_of(self, item: QuarantinedItem) -> set[Named] | None:
        """Return which actions are in an item; None if they can't be told."""
        lead = self._named(item)
        actions = lead.get("actions", []) if lead is not None else None
        if not isinstance(actions, list):
            return None
        ids: list[Any] = [action.get("id") if isinstance(action, dict) else None for action in actions]
        if any(not isinstance(id_, str | int) for id_ in ids):
            return None
        return {Named(external_id(id_), "void" in action) for id_, action in zip(ids, actions, strict=True)}

    def is_record(self, item: QuarantinedItem) -> bool:
        """Whether the item is a record, and not yet a lead."""
        return item.code in OF_RECORDS and is_record(self._converter, item.content)

    def _named(self, item: QuarantinedItem) -> dict[str, Any] | None:
        """Return at least the IDs of the lead in an item."""
        if self._naming is not None and self.is_record(item):
            lead = converted(self._naming, item.content, item.pointer)
            return lead if isinstance(lead, dict) else None
        return item.content if isinstance(item.content, dict) else None

    def _all(self) -> QuerySet[QuarantinedItem]:
        # Those that wait for another join by themselves.
        waiting = QuarantinedItem.objects.for_person().filter(source=self._source, delivery__file_part__isnull=False)
        return waiting.exclude(code__in=CONFLICTS).select_related("source", "delivery").order_by("pk")


def settle_mended(
    waiting: WaitingItems, items: Sequence[Placed], receipt: Receipt, *, note: str, by: User | None, at: datetime
) -> int:
    """Settle the waiting items of earlier imports whose lead and actions this delivery stored; return how many.

    Conflicts stay, because a person decides between the two versions. Call it in the delivery's transaction.
    """
    sent = defaultdict[str, list[Sent]](list)
    for placed, result in zip(items, receipt.results, strict=True):
        if result.id and not result.fault:
            sent[result.id].append(Sent(placed.item, result))
    settled = 0
    for lead, item in waiting.of(list(sent), before=receipt.delivery_id):
        held = waiting.actions_of(item)
        mended = next((each for each in sent[lead] if held is not None and held <= _stored_actions(each)), None)
        if mended is None:
            continue
        changes, result = _changes(item, mended, held or set(), is_record=waiting.is_record(item))
        _settle(item, changes, receipt, result, note=note, by=by, at=at)
        settled += 1
    return settled


def _stored_actions(sent: Sent) -> set[Named]:
    if not sent.result.actions:
        return set()
    pairs = zip(sent.lead["actions"], sent.result.actions, strict=True)
    return {Named(result.id or "", "void" in action) for action, result in pairs if not result.fault}


def _settle(
    item: QuarantinedItem,
    changes: Changes,
    receipt: Receipt,
    result: Result,
    *,
    note: str,
    by: User | None,
    at: datetime,
) -> None:
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


def _changes(item: QuarantinedItem, mended: Sent, held: set[Named], *, is_record: bool) -> tuple[Changes, Result]:
    """What differs from the item as it was received, and the result of the part that the item is."""
    lead, result = mended
    if item.kind == QuarantinedItem.Kind.ACTION:
        ids = {named.id for named in held}
        actions = [(sent, of) for sent, of in zip(lead["actions"], result.actions, strict=True) if of.id in ids]
        lead = {**lead, "actions": [sent for sent, _ in actions]}
        result = Result(result.pointer, result.id, result.outcome, actions=[of for _, of in actions])
    if is_record:  # a row and a lead can't be compared member by member
        return {}, result
    return difference(item.content, lead), result
