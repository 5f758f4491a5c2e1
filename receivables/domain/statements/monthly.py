"""Statements each month: for the customers that want them, once a month is over in their time zone."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core.calendar.spans import Month, midnight
from billing_engine.core.deeds.record import record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.queues.queue import AT_A_TIME, Message
from billing_engine.core.saving import save_changes
from leads.models import Customer
from receivables.domain.papers.starts import Starts
from receivables.domain.statements.requesting import request_month
from receivables.models import StatementSchedule

SCHEDULE_SET = Verb("statement_schedule_set", "Monthly statements set")

AFTER_MIDNIGHT = timedelta(hours=6)  # what was recorded just before is stored by then
TOGETHER = 100


class MonthlyStatements(Starts[StatementSchedule]):
    """The customers whose month is over."""

    task = "receivables.start_statements"

    def waiting(self) -> QuerySet[StatementSchedule]:
        return StatementSchedule.objects.filter(is_monthly=True).select_related("customer")

    def due(self, *, at: datetime) -> Sequence[Message]:
        """Many customers together; those that were tried before alone."""
        found = self.waiting().filter(next_at__lte=at).order_by("pk").values_list("pk", "attempts")[:AT_A_TIME]
        fresh = [pk for pk, attempts in found if not attempts]
        together = [fresh[start : start + TOGETHER] for start in range(0, len(fresh), TOGETHER)]
        return [{"item_ids": ids} for ids in (*together, *([pk] for pk, attempts in found if attempts))]

    def act(self, items: Sequence[StatementSchedule], *, at: datetime) -> Sequence[StatementSchedule]:
        by_month = defaultdict[Month, list[StatementSchedule]](list)
        for item in items:
            by_month[Month.of_day(item.customer.day_of(at)).previous()].append(item)
        for month, some in by_month.items():
            request_month(month, by=None, at=at, customers=[item.customer_id for item in some])
        for item in items:
            item.next_at, item.attempts, item.reason = next_after(item.customer, at), 0, ""
        return ()


MONTHLY = MonthlyStatements()


@transaction.atomic
def set_monthly(customer: Customer, *, is_monthly: bool, by: User, at: datetime) -> StatementSchedule:
    """Send a customer statements each month, or no longer; the first is about the month that ends next."""
    stored = StatementSchedule.objects.select_for_update(of=("self",)).filter(customer=customer).first()
    row = StatementSchedule.objects.get(pk=stored.pk) if stored else StatementSchedule(customer=customer)
    if row.is_monthly != is_monthly or stored is None:
        row.is_monthly, row.attempts, row.reason = is_monthly, 0, ""
        row.next_at = next_after(customer, at) if is_monthly else None
    save_changes(row, since=stored)
    record_saved(SCHEDULE_SET, on=row, stored=stored, by=by, also=[customer])
    return row


def next_after(customer: Customer, at: datetime) -> datetime:
    """When the month that is running will be over, and a few hours more."""
    return midnight(Month.of_day(customer.day_of(at)).next().first, customer.zone) + AFTER_MIDNIGHT
