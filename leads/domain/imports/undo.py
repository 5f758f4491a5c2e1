"""Undo an import as a whole, as long as nothing of it is billed.

What was stored stays as a record: its actions are voided, so that nothing of it is charged, actions that it voided are live
again, and its items in quarantine are discarded. Leads stay, without live actions, and so do quarantined items that it settled.
What joined by itself later, because the file had it too early, is part of it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain

from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.models import Deed
from billing_engine.core.models.deed import reference_to
from billing_engine.core.saving import save_changes, values_of
from leads.domain.intake.receive import DELIVERY_RECEIVED
from leads.domain.quarantine.settle import ITEM_JOINED
from leads.domain.voiding import Void, take_back, void_all
from leads.models import Action, BillingPeriod, Delivery, FileImport, QuarantinedItem, QuarantineStep

FILE_IMPORT_UNDONE = Verb("file_import_undone", "Import undone")

DELIVERIES = 20  # whose actions are voided by one statement

State = FileImport.State
_JOINED = QuarantineStep.objects.filter(kind=QuarantineStep.Kind.JOINED)
_VOIDING = [DELIVERY_RECEIVED.code, ITEM_JOINED.code]
_ACTION = reference_to(Action, "")


class ImportBilled(Refused):
    """An import that is billed stays; what is wrong is voided action by action, and credited."""

    code = "import_is_billed"

    def __init__(self, period: BillingPeriod) -> None:
        super().__init__(
            f"Actions that this import stored or voided are billed or locked (the first in {period.label} of"
            f" {period.customer})."
            " Void single actions instead; they are then credited."
        )


def billed_period(item: FileImport) -> BillingPeriod | None:
    """Return the first closed or locked period that has actions which the import stored or voided."""
    for deliveries in _deliveries(item):
        if found := _closed().filter(pk__in=_periods_of(deliveries)).select_related("customer").first():
            return found
    return None


def undo_all(item: FileImport, *, at: datetime) -> bool:
    """Undo what the import stored, all of it or, if something is billed by now, nothing. Raises ImportBilled."""
    with transaction.atomic():
        found = FileImport.objects.select_for_update(of=("self",)).get(pk=item.pk)
        if found.state != State.UNDOING:
            return False
        _hold_periods(found)
        before = values_of(found)
        reason = f"Import undone: {found.name}"[:200]
        undone, parts = Counter[str](), list(_deliveries(found))
        ours = set(chain.from_iterable(parts))
        for deliveries in parts:
            undone["actions_voided"] += _void(deliveries, reason=reason, at=at)
            others = [
                pk for pk, came_with in _voided_by(deliveries).values_list("pk", "delivery") if came_with not in ours
            ]
            undone["voids_taken_back"] += take_back(others, on=found, by=found.asked_by, reason=reason)
            undone["items_discarded"] += _discard(found, deliveries, reason=reason, at=at)
        found.state, found.attempts, found.message = State.UNDONE, 0, ""
        found.result = {**found.result, "undone": dict(undone)}
        save_changes(found, since=before)
        record(FILE_IMPORT_UNDONE, on=found, by=found.asked_by, after=found.result["undone"], also=[item.source])
    return False


def _hold_periods(item: FileImport) -> None:
    """Keep the periods from being closed until the transaction ends. Raises ImportBilled."""
    touched = set[int]()
    for deliveries in _deliveries(item):
        touched |= _periods_of(deliveries)
    # In the order of their keys, as everyone who locks several.
    list(BillingPeriod.objects.select_for_update(no_key=True).filter(pk__in=touched).order_by("pk").values("pk"))
    if closed := _closed().filter(pk__in=touched).select_related("customer").first():
        raise ImportBilled(closed)


def _closed() -> QuerySet[BillingPeriod]:
    return BillingPeriod.objects.closed_or_sealed().order_by("start_at", "pk")


def _deliveries(item: FileImport) -> Iterator[Sequence[int]]:
    """Yield the deliveries of its parts, some at a time, with those of their items that joined by themselves."""
    keys = list(item.parts.order_by("start").values_list("delivery", flat=True))
    for start in range(0, len(keys), DELIVERIES):
        latest = found = keys[start : start + DELIVERIES]
        while latest := list(_JOINED.filter(item__delivery__in=latest).values_list("delivery", flat=True)):
            found = [*found, *latest]
        yield found


def _actions_of(deliveries: Sequence[int]) -> QuerySet[Action]:
    return Action.objects.filter(delivery__in=deliveries)


def _voided_by(deliveries: Sequence[int]) -> QuerySet[Action]:
    """Return the actions that these deliveries voided, as their deeds say."""
    of_them = [reference_to(Delivery, delivery) for delivery in deliveries]
    deeds = Deed.objects.filter(verb__in=_VOIDING, objects_touched__overlap=of_them)
    touched = {name for names in deeds.values_list("objects_touched", flat=True) for name in names}
    return Action.objects.filter(pk__in=[int(name[len(_ACTION) :]) for name in touched if name.startswith(_ACTION)])


def _periods_of(deliveries: Sequence[int]) -> set[int]:
    """Return the periods of the actions that these deliveries stored or voided."""
    both = (_actions_of(deliveries), _voided_by(deliveries))
    return {period for actions in both for period in actions.values_list("period", flat=True).distinct()}


def _void(deliveries: Sequence[int], *, reason: str, at: datetime) -> int:
    live = _actions_of(deliveries).filter(voided_at=None).order_by("pk").values_list("lead", "external_id")
    return len(void_all([Void(lead, id_, reason) for lead, id_ in live], at=at).ids)


def _discard(item: FileImport, deliveries: Sequence[int], *, reason: str, at: datetime) -> int:
    waiting = QuarantinedItem.objects.waiting().filter(delivery__in=deliveries).order_by("pk")
    keys = list(waiting.select_for_update().values_list("pk", flat=True))
    QuarantinedItem.objects.filter(pk__in=keys).update(
        state=QuarantinedItem.State.DISCARDED,
        waits_until=None,
        settled_at=at,
        settled_by=item.asked_by,
        settled_note=reason,
    )
    kind = QuarantineStep.Kind.DISCARDED
    QuarantineStep.objects.bulk_create(
        QuarantineStep(item_id=key, kind=kind, at=at, by=item.asked_by, note=reason) for key in keys
    )
    return len(keys)
