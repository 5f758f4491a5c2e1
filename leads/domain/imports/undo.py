"""Undo an import as a whole, as long as nothing of it is billed.

What was stored stays as a record: its actions are voided, so that nothing of it is charged, and its items in quarantine are
discarded. Leads stay, without live actions; so do voids that the file asked for, and quarantined items that it settled.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.saving import save_changes, values_of
from leads.domain.voiding import Void, void_all
from leads.models import Action, BillingPeriod, FileImport, QuarantinedItem, QuarantineStep

FILE_IMPORT_UNDONE = Verb("file_import_undone", "Import undone")

DELIVERIES = 20  # whose actions are voided by one statement

State = FileImport.State


class ImportBilled(Refused):
    """An import that is billed stays; what is wrong is voided action by action, and credited."""

    code = "import_is_billed"

    def __init__(self, period: BillingPeriod) -> None:
        super().__init__(
            f"Actions of this import are billed or locked (the first in {period.label} of {period.customer})."
            " Void single actions instead; they are then credited."
        )


def billed_period(item: FileImport) -> BillingPeriod | None:
    """Return the first closed or locked period that has actions of the import."""
    for deliveries in _deliveries(item):
        periods = _actions_of(deliveries).values("period").distinct()
        if found := _closed().filter(pk__in=periods).select_related("customer").first():
            return found
    return None


def undo_all(item: FileImport, *, at: datetime) -> bool:
    """Void what the import stored, all of it or, if something is billed by now, nothing. Raises ImportBilled."""
    with transaction.atomic():
        found = FileImport.objects.select_for_update(of=("self",)).get(pk=item.pk)
        if found.state != State.UNDOING:
            return False
        _hold_periods(found)
        before = values_of(found)
        reason = f"Import undone: {found.name}"[:200]
        voided = discarded = 0
        for deliveries in _deliveries(found):
            voided += _void(deliveries, reason=reason, at=at)
            discarded += _discard(found, deliveries, reason=reason, at=at)
        found.state, found.attempts, found.message = State.UNDONE, 0, ""
        found.result = {**found.result, "undone": {"actions_voided": voided, "items_discarded": discarded}}
        save_changes(found, since=before)
        record(FILE_IMPORT_UNDONE, on=found, by=found.asked_by, after=found.result["undone"], also=[item.source])
    return False


def _hold_periods(item: FileImport) -> None:
    """Keep the periods from being closed until the transaction ends. Raises ImportBilled."""
    touched = set[int]()
    for deliveries in _deliveries(item):
        touched.update(_actions_of(deliveries).values_list("period", flat=True).distinct())
    # In the order of their keys, as everyone who locks several.
    list(BillingPeriod.objects.select_for_update(no_key=True).filter(pk__in=touched).order_by("pk").values("pk"))
    if closed := _closed().filter(pk__in=touched).select_related("customer").first():
        raise ImportBilled(closed)


def _closed() -> QuerySet[BillingPeriod]:
    return BillingPeriod.objects.closed_or_sealed().order_by("start_at", "pk")


def _deliveries(item: FileImport) -> Iterator[Sequence[int]]:
    keys = list(item.parts.order_by("start").values_list("delivery", flat=True))
    return (keys[start : start + DELIVERIES] for start in range(0, len(keys), DELIVERIES))


def _actions_of(deliveries: Sequence[int]) -> QuerySet[Action]:
    return Action.objects.filter(delivery__in=deliveries)


def _void(deliveries: Sequence[int], *, reason: str, at: datetime) -> int:
    live = _actions_of(deliveries).filter(voided_at=None).order_by("pk").values_list("lead", "external_id")
    return len(void_all([Void(lead, id_, reason) for lead, id_ in live], at=at).ids)


def _discard(item: FileImport, deliveries: Sequence[int], *, reason: str, at: datetime) -> int:
    waiting = QuarantinedItem.objects.waiting().filter(delivery__in=deliveries).order_by("pk")
    keys = list(waiting.select_for_update().values_list("pk", flat=True))
    QuarantinedItem.objects.filter(pk__in=keys).update(
        state=QuarantinedItem.State.DISCARDED, settled_at=at, settled_by=item.asked_by, settled_note=reason
    )
    kind = QuarantineStep.Kind.DISCARDED
    QuarantineStep.objects.bulk_create(
        QuarantineStep(item_id=key, kind=kind, at=at, by=item.asked_by, note=reason) for key in keys
    )
    return len(keys)
