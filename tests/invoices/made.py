"""Invoices for tests, made the way the product makes them: received, rated, closed, and perhaps approved and issued."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from billing_engine.core.calendar.spans import Month
from invoices.domain.document.store import document_of, make
from invoices.domain.life.close import close
from invoices.domain.life.transitions import approve, issue
from invoices.domain.mail.delivery import deliver
from invoices.models import Invoice, InvoiceDocument, InvoiceMail
from leads.models import BillingPeriod, Customer
from pricing.domain.rate.rate import rate
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    BillingPeriodFactory,
    CustomerFactory,
    LeadFactory,
    ProductFactory,
)
from tests.factories.pricing import PriceRuleFactory

OCTOBER = Month(2026, 10)
IN_OCTOBER = datetime(2026, 10, 15, 12, tzinfo=UTC)
IN_SEPTEMBER = datetime(2026, 9, 20, 12, tzinfo=UTC)
NOVEMBER_3 = datetime(2026, 11, 3, 12, tzinfo=UTC)


def an_open_period(**customer: Any) -> BillingPeriod:
    """October of a new customer, not billed yet."""
    return BillingPeriodFactory.create(customer=CustomerFactory.create(**customer))


def received(
    period: BillingPeriod,
    *quantities: int | str,
    product: str = "Oak veneer",
    kind: str = "sample_order",
    at: datetime = IN_OCTOBER,
    **lead: Any,
) -> None:
    """One action per quantity, of one lead."""
    owner = period.customer
    found = owner.products.filter(name=product).first() or ProductFactory.create(customer=owner, name=product)
    one = LeadFactory.create(product=found, **lead)
    action_type = ActionTypeFactory.create(code=kind)
    for quantity in quantities:
        ActionFactory.create(
            lead=one, action_type=action_type, period=period, quantity=Decimal(quantity), occurred_at=at
        )


def a_price(unit_price: str = "2.50", **facts: Any) -> Any:
    """A rule in force, for everything unless it says otherwise."""
    return PriceRuleFactory.create(unit_price=Decimal(unit_price), **facts)


def billed(period: BillingPeriod) -> Invoice:
    """The draft for the period, rated and closed on the third of November."""
    rate(period, at=NOVEMBER_3)
    invoice = close(period, at=NOVEMBER_3)
    assert invoice is not None
    return invoice


def a_draft(*quantities: int | str, **customer: Any) -> Invoice:
    """A draft of one line at $2.50 each."""
    currency = customer.get("currency", "USD")
    if not Customer.objects.filter(currency=currency).exists():
        a_price(currency=currency)
    period = an_open_period(**customer)
    received(period, *(quantities or (3,)))
    return billed(period)


def approved(invoice: Invoice, by: User) -> Invoice:
    """Approve the draft."""
    return approve(invoice, by=by, at=NOVEMBER_3)


def issued(invoice: Invoice, by: User) -> Invoice:
    """Approved and issued on the third of November."""
    return issue(approved(invoice, by), by=by, at=NOVEMBER_3)


def printed(invoice: Invoice, *, at: datetime = NOVEMBER_3) -> InvoiceDocument:
    """The PDF that went to the customer, after whatever is asked for of this invoice has been made, as a worker does."""
    for document in InvoiceDocument.objects.waiting().filter(invoice=invoice).order_by("pk"):
        make(document.pk, attempt=document.attempts, at=at)
    return document_of(invoice)


def posted(mail: InvoiceMail, *, at: datetime) -> InvoiceMail:
    """The email after one more delivery attempt, with its PDF rendered first."""
    for document in InvoiceDocument.objects.waiting().filter(invoice=mail.invoice_id):
        make(document.pk, attempt=document.attempts, at=at)
    mail.refresh_from_db()
    deliver(mail.pk, attempt=mail.attempts, at=at)
    mail.refresh_from_db()
    return mail


def of_lines(source: dict[str, Any], many: int) -> dict[str, Any]:
    """The content of a document with its only line this many times."""
    [group] = source["paper"]["groups"]
    return source | {"paper": source["paper"] | {"groups": [group | {"rows": list(group["rows"]) * many}]}}


def texts_of(data: Any) -> list[str]:
    """All text of an invoice's content."""
    if isinstance(data, dict):
        return [text for name, part in data.items() if name != "made_on" for text in texts_of(part)]
    if isinstance(data, list | tuple):
        return [text for part in data for text in texts_of(part)]
    return [data] if isinstance(data, str) and data else []
