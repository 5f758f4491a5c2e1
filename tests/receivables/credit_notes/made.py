"""Issued invoices to credit, and credit notes made the way the product makes them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import connection

from invoices.domain.life.adjustments import adjust
from invoices.models import Invoice, InvoiceLine
from pricing.models import PriceRule
from receivables.domain.credit_notes.drafting import draft_for_lines
from receivables.domain.credit_notes.issuing import approve, issue
from receivables.models import CreditNote, Reason
from tests.factories.leads import from_day
from tests.factories.people import UserFactory
from tests.invoices.made import NOVEMBER_3, a_price, an_open_period, billed, issued, received

NOVEMBER_5 = NOVEMBER_3 + timedelta(days=2)
VAT = {"name": "VAT", "rate": "20", "category": ""}
STONE_LEVY = {"name": "Stone levy", "rate": "2.75", "category": "stone"}
SENTENCE = "Two of the three addresses did not exist."


def an_issued_invoice(
    by: User,
    amounts: Mapping[str, str],
    *,
    discount: str = "",
    stone: tuple[str, ...] = (),
    **customer: Any,
) -> Invoice:
    """An invoice with one line of charges per product, each of this amount before tax, and perhaps a discount."""
    currency = customer.get("currency", "USD")
    everything = {"customer": None, "product": None, "source": None, "action_type": None, "category": "", "channel": ""}
    if not PriceRule.objects.filter(**everything, currency=currency, state=PriceRule.State.ACTIVE).exists():
        a_price("0.01", currency=currency)
    period = an_open_period(**{"taxes": [VAT]} | customer)
    for product, amount in amounts.items():
        received(period, str(Decimal(amount) * 100), product=product)
    for product in stone:
        from_day(period.customer.products.get(name=product), category="stone")
    draft = billed(period)
    if discount:
        adjust(
            draft, amount=Decimal(discount), text="Discount", reason="Agreed", by=UserFactory.create(), at=NOVEMBER_3
        )
    return issued(draft, by)


def lines_of(invoice: Invoice) -> dict[str, InvoiceLine]:
    """The charged lines by the product's name, and the others by their text."""
    return {
        line.product.name if line.product else line.description: line for line in invoice.lines.order_by("position")
    }


def why(code: str = "goodwill") -> Reason:
    """A reason, also in a database that a test with several connections has emptied."""
    found, _ = Reason.objects.get_or_create(code=code, defaults={"name": code.replace("_", " ").capitalize()})
    return found


def a_draft_note(by: User, invoice: Invoice, amounts: Mapping[str, str]) -> CreditNote:
    """A draft over these amounts of the invoice's lines, before tax."""
    lines = lines_of(invoice)
    chosen = {lines[name]: Decimal(amount) for name, amount in amounts.items()}
    return draft_for_lines(invoice, chosen, reason=why(), sentence=SENTENCE, by=by)


def an_issued_note(by: User, invoice: Invoice, amounts: Mapping[str, str], *, at: datetime = NOVEMBER_5) -> CreditNote:
    """The same, approved and issued, on the fifth of November unless told otherwise."""
    note = approve(a_draft_note(by, invoice, amounts), by=by, at=at)
    return issue(note, by=by, at=at)


def check_the_database() -> None:
    """Run the checks that the database makes at the end of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
