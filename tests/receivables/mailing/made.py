"""Open invoices of any day for tests of what goes out by email."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from billing_engine.core.calendar.spans import Month
from leads.models import Customer
from receivables.domain.ledger.post import Account, Part, against_receivable, post
from receivables.models import LedgerDocument
from tests.factories.invoices import InvoiceFactory
from tests.factories.leads import BillingPeriodFactory
from tests.factories.people import with_role
from tests.invoices.made import a_draft, issued


def invoiced(
    customer: Customer, amount: str | int, *, on: date = date(2026, 11, 3), due: date | None = None, reference: str = ""
) -> LedgerDocument:
    """An open invoice, recorded at noon of its day."""
    count = LedgerDocument.objects.filter(customer=customer).count()
    period = BillingPeriodFactory.create(customer=customer, month=Month(2020 + count // 12, count % 12 + 1))
    document = LedgerDocument(
        kind=LedgerDocument.Kind.INVOICE,
        customer=customer,
        currency=customer.currency,
        reference=reference or f"INV-{customer.code}-{count + 1}",
        posted_on=on,
        due_on=due or on + timedelta(days=30),
        recorded_at=datetime(on.year, on.month, on.day, 12, tzinfo=UTC),
        invoice=InvoiceFactory.create(period=period),
    )
    return post([(document, against_receivable(document, [Part(Account.REVENUE, -Decimal(amount))]))])[0]


def with_two_charges() -> LedgerDocument:
    """An issued invoice of $7.50 and $2.50, due on December 3."""
    return issued(
        a_draft(3, 1, name="Ash", billing_contacts=["books@ash.example"]), with_role("Finance")
    ).ledger_documents.get()
