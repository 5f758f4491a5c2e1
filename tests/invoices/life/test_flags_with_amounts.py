"""Flags carry the amount that they are about: the minimum, adjustments, silence, another tax, a new rule."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from invoices.domain.life.adjustments import adjust
from invoices.domain.life.close import close
from invoices.domain.life.review_flags import flags_of
from invoices.models import Invoice
from invoices.queries.cycle import flagged_in, silent_in
from leads.models import BillingPeriod, Customer, Tax
from tests.factories.leads import agree
from tests.invoices.made import NOVEMBER_3, a_draft, a_price, an_open_period, billed, issued, received

pytestmark = pytest.mark.django_db
DECEMBER = datetime(2026, 12, 2, tzinfo=UTC)


def flags(invoice: Invoice) -> list[tuple[str, str, Decimal | None, bool]]:
    found = flags_of([Invoice.objects.get(pk=invoice.pk)])[invoice.pk]
    return [(flag.code, flag.message, flag.amount, flag.needs_review) for flag in found if flag.code != "first"]


def november(customer: Customer, *quantities: int, **facts: Any) -> Invoice:
    """The customer's draft for November, of these quantities."""
    start, end = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    period = BillingPeriod.objects.create(customer=customer, label="2026-11", start_at=start, end_at=end)
    if quantities:
        received(period, *quantities, at=datetime(2026, 11, 5, tzinfo=UTC), **facts)
    invoice = close(period, at=DECEMBER)
    assert invoice is not None
    return invoice


def test_the_monthly_minimum_says_what_it_adds_and_stops_nothing() -> None:
    assert flags(a_draft(2, monthly_minimum=Decimal(30))) == [
        ("minimum", "The monthly minimum adds $25.00", Decimal(25), False)
    ]


def test_an_adjustment_of_more_than_a_tenth_is_to_be_reviewed(frank: User) -> None:
    small, big = a_draft(40), a_draft(40)
    for invoice, amount in ((small, "-10.00"), (big, "-10.01")):
        adjust(invoice, amount=Decimal(amount), text="Twice", reason="Sent twice", by=frank, at=NOVEMBER_3)

    assert flags(small) == [("adjusted", "Adjusted by −$10.00", Decimal(-10), False)]
    words = "Adjusted by −$10.01, more than 10% of what is charged"
    assert flags(big) == [("big_adjustment", words, Decimal("-10.01"), True)]


def test_a_customer_without_charges_who_had_some_last_month_is_silent(frank: User) -> None:
    october = issued(a_draft(12, monthly_minimum=Decimal(30)), frank)

    assert flags(november(october.customer)) == [
        ("minimum", "The monthly minimum adds $30.00", Decimal(30), False),
        ("silent", "No charges; $30.00 on the last invoice", Decimal(-30), True),
    ]


def test_another_tax_than_on_the_last_invoice_is_flagged_with_the_difference(frank: User) -> None:
    october = issued(a_draft(4, tax_rate=Decimal(10)), frank)
    agree(october.customer, first_day=date(2026, 11, 1), taxes=[Tax("Tax", Decimal(20)).as_stored()])

    assert flags(november(october.customer, 4)) == [
        ("tax_changed", "Tax changed: Tax 10% on the last invoice, now Tax 20%", Decimal(1), True)
    ]


def test_a_rule_that_priced_nothing_before_is_named_with_its_sum(frank: User) -> None:
    a_price("2.50", name="Samples", wall_to=datetime(2026, 11, 1))  # noqa: DTZ001 -- a wall clock
    a_price("3.00", name="Samples of November", wall_from=datetime(2026, 11, 1))  # noqa: DTZ001 -- as above
    period = an_open_period()
    received(period, 4)
    october = issued(billed(period), frank)

    assert flags(november(october.customer, 4)) == [
        ("new_rule", "Priced by a new rule: Samples of November", Decimal(12), False)
    ]


def test_the_flags_of_a_month_begin_with_what_needs_review_then_the_largest_amount(frank: User) -> None:
    a_draft(2, name="Ash", monthly_minimum=Decimal(30))
    adjusted = a_draft(4, name="Birch")
    adjust(adjusted, amount=Decimal(-5), text="Twice", reason="Sent twice", by=frank, at=NOVEMBER_3)
    a_draft(2, name="Cedar", monthly_minimum=Decimal(90))

    found = [(one.invoice.customer.name, one.flag.code) for one in flagged_in("2026-10") if one.flag.amount]

    assert found == [("Birch", "big_adjustment"), ("Cedar", "minimum"), ("Ash", "minimum")]


def test_customers_with_charges_last_month_and_no_invoice_this_month_have_gone_silent(frank: User) -> None:
    quiet, active = issued(a_draft(4, name="Quiet"), frank), issued(a_draft(4, name="Active"), frank)
    november(active.customer, 4)

    assert silent_in("2026-11") == [quiet]
