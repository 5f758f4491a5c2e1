"""The levels of a company's schedule, and pauses of customers and invoices."""

from collections.abc import Mapping
from datetime import date, datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from billing_engine.core.deeds.record import deed_of, record, record_all
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.saving import save_changes
from leads.models import Company, Customer
from receivables.models import LedgerDocument, ReminderPause, ReminderSchedule
from receivables.models.reminder import LONGEST

SCHEDULE_SET = Verb("reminder_schedule_set", "Schedule of reminders set")
PAUSED = Verb("reminders_paused", "Reminders paused")
RESUMED = Verb("reminders_resumed", "Reminders resumed")


class LevelsOutOfOrder(Refused):
    """A higher level comes later."""

    code = "reminder_levels_out_of_order"
    http_status = 422
    message = f"Each level must come later than the one before it, within {LONGEST} days of the due day."


class AlreadyPaused(Refused):
    """A customer or invoice is paused once."""

    code = "reminders_already_paused"
    message = "Reminders are already paused here."


class PauseIsOver(Refused):
    """A pause that ended can't be ended again."""

    code = "reminder_pause_is_over"
    message = "This pause has ended."


class PauseInPast(Refused):
    """A pause that ends before today does nothing."""

    code = "reminder_pause_in_past"
    http_status = 422
    message = "Choose a day that is not over."


class NotOfCustomer(Refused):
    """An invoice is paused with its own customer."""

    code = "reminder_not_of_customer"
    message = "This is not an invoice of the customer."


@transaction.atomic
def set_levels(seller: Company | None, days: Mapping[int, int], *, by: User) -> list[ReminderSchedule]:
    """Set which levels a company reminds at, each so many days after the due day; the others are switched off.

    Raises LevelsOutOfOrder.
    """
    ordered = [days[level] for level in sorted(days)]
    if ordered != sorted(set(ordered)) or any(abs(each) > LONGEST for each in ordered):
        raise LevelsOutOfOrder
    there = {each.level: each for each in ReminderSchedule.objects.select_for_update().filter(seller=seller)}
    deeds = []
    for level in sorted({*days, *there}):
        row = there.get(level) or ReminderSchedule(seller=seller, level=level, days=days[level], is_active=False)
        before = {"days": row.days, "active": row.is_active} if row.pk else {}
        row.days, row.is_active = days.get(level, row.days), level in days
        after = {"days": row.days, "active": row.is_active}
        if before != after:
            save_changes(row)
            deeds.append(deed_of(SCHEDULE_SET, on=row, by=by, before=before, after=after))
    record_all(deeds)
    return list(ReminderSchedule.objects.filter(seller=seller, is_active=True).order_by("level"))


@transaction.atomic
def pause(
    customer: Customer,
    *,
    reason: str,
    by: User,
    at: datetime,
    document: LedgerDocument | None = None,
    until: date | None = None,
) -> ReminderPause:
    """Remind a customer, or of one invoice, no more until a day. Raises AlreadyPaused, PauseInPast or NotOfCustomer."""
    if document is not None and document.customer_id != customer.pk:
        raise NotOfCustomer
    if until is not None and until < customer.day_of(at):
        raise PauseInPast
    old = ReminderPause.objects.filter(customer=customer, document=document, ended_at=None)
    old.filter(until__lt=customer.day_of(at)).update(ended_at=at)
    try:
        with transaction.atomic():
            made = ReminderPause.objects.create(
                customer=customer, document=document, reason=reason.strip(), until=until, paused_at=at, paused_by=by
            )
    except IntegrityError:
        raise AlreadyPaused from None
    record(
        PAUSED,
        on=made,
        by=by,
        reason=reason,
        after={"until": until},
        also=[customer, *([document] if document else [])],
    )
    return made


@transaction.atomic
def resume(row: ReminderPause, *, by: User, at: datetime) -> None:
    """Remind again. Raises PauseIsOver."""
    if not ReminderPause.objects.filter(pk=row.pk, ended_at=None).update(ended_at=at):
        raise PauseIsOver
    record(RESUMED, on=row, by=by, also=[row.customer, *([row.document] if row.document else [])])
