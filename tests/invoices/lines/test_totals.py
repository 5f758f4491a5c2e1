"""Lines, taxes and credit add up to the total, which is never negative, for all amounts."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_engine.core.money import minor_unit, rounded
from invoices.domain.life.adjustments import adjust
from invoices.domain.life.close import close
from invoices.domain.lines.totals import balance, credit_for, taxes_on
from invoices.models import Invoice, InvoiceLine
from leads.models import Tax
from receivables.domain.ledger.items import with_left
from receivables.models import LedgerDocument
from tests.factories.leads import BillingPeriodFactory
from tests.factories.people import UserFactory
from tests.invoices.made import a_draft, issued, received

cents = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
rates = st.decimals(min_value=0, max_value=Decimal("99.9999"), places=4)


@given(cents, st.decimals(min_value=0, max_value=10**9, places=2))
def test_totals_are_never_negative_and_never_use_more_credit_than_exists(due: Decimal, balance_: Decimal):
    credit = credit_for(due, balance=balance_)

    assert due + credit >= 0
    assert -credit <= balance_
    assert credit == -min(due, balance_)


@given(st.lists(st.tuples(cents, st.sampled_from(["", "stone", "glass"])), max_size=20), rates, rates)
def test_each_tax_is_its_rate_on_the_lines_it_applies_to_rounded_once(
    amounts: list[tuple[Decimal, str]], everywhere: Decimal, on_stone: Decimal
):
    lines = [InvoiceLine(amount=amount, product_id=n) for n, (amount, _) in enumerate(amounts)]
    category_of = {n: category for n, (_, category) in enumerate(amounts)}
    taxes = [Tax(name="VAT", rate=everywhere), Tax(name="Levy", rate=on_stone, category="stone")]

    found = {
        tax.name: (tax.base, tax.amount)
        for tax in taxes_on(lines, taxes=taxes, category_of=category_of, currency="USD")
    }

    total = sum((amount for amount, _ in amounts), Decimal(0))
    stone = sum((amount for amount, category in amounts if category == "stone"), Decimal(0))
    expected = {"VAT": (total, rounded(total * everywhere / 100, "USD"))}
    if stone:
        expected["Levy"] = (stone, rounded(stone * on_stone / 100, "USD"))
    assert found == expected


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(-5_000, 5_000), min_size=2, max_size=5), st.sampled_from(["USD", "JPY", "KWD"]))
@pytest.mark.django_db
def test_over_several_months_what_is_asked_for_is_what_was_billed_and_the_credit_left(
    adjustments: list[int], currency: str
):
    accountant, vera = UserFactory.create(), UserFactory.create()
    invoices = _months(adjustments, currency, accountant, vera)

    for invoice in invoices:
        lines = sum(invoice.lines.values_list("amount", flat=True), Decimal(0))
        taxes = sum(invoice.taxes.values_list("amount", flat=True), Decimal(0))
        assert (invoice.subtotal, invoice.tax) == (lines, taxes)
        assert invoice.total == lines + taxes + invoice.credit
        assert invoice.total >= 0
        for line in invoice.lines.filter(kind="charges"):
            assert line.amount == rounded(line.exact_amount, currency)
    customer = invoices[0].customer
    asked = sum(invoice.total for invoice in invoices)
    due = sum(invoice.subtotal + invoice.tax for invoice in invoices)
    assert asked - balance(customer, currency) == due
    left = with_left(LedgerDocument.objects.filter(customer=customer, side="credit"))
    assert sum(item.left for item in left) == balance(customer, currency)


def _months(adjustments: list[int], currency: str, accountant: User, vera: User) -> list[Invoice]:
    first = a_draft(3, currency=currency, tax_rate=Decimal("8.875"))
    found = []
    for month, units in enumerate(adjustments, start=1):
        invoice = first
        if month > 1:
            start, end = datetime(2027, month, 1, tzinfo=UTC), datetime(2027, month + 1, 1, tzinfo=UTC)
            period = BillingPeriodFactory.create(
                customer=first.customer, label=f"2027-{month:02d}", start_at=start, end_at=end
            )
            received(period, month, at=start)
            closed = close(period, at=end)
            assert closed is not None
            invoice = closed
        if units:
            adjust(
                invoice,
                amount=units * minor_unit(currency),
                text="By hand",
                reason="Test",
                by=vera,
                at=invoice.created_at,
            )
        invoice.refresh_from_db()
        found.append(issued(invoice, accountant))
    return found
