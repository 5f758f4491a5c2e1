"""Customers with open invoices, and schedules, for tests of reminders."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from billing_engine.core.calendar.spans import Month
from invoices.models import Invoice
from leads.models import Customer
from receivables.domain.ledger.allocations import Match, match
from receivables.domain.reminders.run import start
from receivables.domain.reminders.schedule import set_levels
from receivables.domain.reminders.sending import REMINDERS
from receivables.models import LedgerDocument, Reminder, ReminderRun
from tests.factories.leads import BillingPeriodFactory
from tests.factories.people import with_role
from tests.invoices.made import IN_SEPTEMBER, a_draft, billed, issued, received
from tests.receivables.made import a_document

Kind = LedgerDocument.Kind
DUE = date(2026, 12, 3)  # of what was issued on November 3


def at_day(days: int) -> datetime:
    """Noon, so many days after the due day."""
    return datetime(2026, 12, 3, 15, tzinfo=UTC) + timedelta(days=days)


def an_invoice(quantity: int = 4, name: str = "Ash", **customer: Any) -> LedgerDocument:
    """Of $2.50 for each, due on December 3."""
    contacts = [f"books@{name.lower()}.example"]
    invoice: Invoice = issued(
        a_draft(quantity, **{"name": name, "billing_contacts": contacts} | customer), with_role("Finance")
    )
    return invoice.ledger_documents.get()


def another_invoice(first: LedgerDocument, quantity: int) -> LedgerDocument:
    """Of the same customer, for September, due on the same day."""
    period = BillingPeriodFactory.create(customer=first.customer, month=Month(2026, 9))
    received(period, quantity, at=IN_SEPTEMBER)
    return issued(billed(period), with_role("Finance")).ledger_documents.get()


def a_schedule(by: User | None = None) -> None:
    """Three days before, 7 and 30 days after."""
    set_levels(None, {1: -3, 2: 7, 3: 30}, by=by or with_role("Finance"))


def paid(invoice: LedgerDocument, amount: int | Decimal, *, at: datetime, kind: Kind = Kind.PAYMENT) -> LedgerDocument:
    """A payment matched to the invoice."""
    item = a_document(invoice.customer, kind, amount, at=at)
    match([Match(item, invoice, item.amount)], on=item.posted_on, at=at)
    return item


def run_at(at: datetime) -> ReminderRun:
    """Start a run, and send it as the workers do."""
    run = start(None, by=with_role("Finance"), at=at)
    send(at)
    return run


def send(at: datetime) -> None:
    for message in REMINDERS.due(at=at):
        REMINDERS.work(**message, at=at)


def outcomes() -> list[tuple[str, int, str]]:
    return list(Reminder.objects.order_by("pk").values_list("customer__name", "level", "state"))


def customer_of(name: str) -> Customer:
    return Customer.objects.get(name=name)
