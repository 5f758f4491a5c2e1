"""Closing a period and drafting its invoice is all or nothing; lines add up to the cent."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from billing_engine.core import money
from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wall_clock import read
from invoices.domain.life.close import AlreadyClosed, HasUnratedActions, PeriodNotOver, close
from invoices.domain.lines.totals import tax_on
from invoices.models import Invoice
from leads.models import BillingPeriod, Customer, Tax
from pricing.domain.rate.rate import rate
from pricing.models import Charge
from pricing.wording.row import in_words
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    BillingPeriodFactory,
    LeadFactory,
    ProductFactory,
    agree,
)
from tests.factories.pricing import PriceRuleFactory, graduated

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
def period() -> BillingPeriod:
    return BillingPeriodFactory.create(customer__code="ACME")


def did(period: BillingPeriod, **facts: Any) -> None:
    facts.setdefault("lead__product__customer", period.customer)
    ActionFactory.create(period=period, **facts)


def change(customer: Customer, **facts: Any) -> None:
    agree(customer, **facts)


def lines(invoice: Invoice | None) -> list[tuple[str, str, Decimal, Decimal]]:
    assert invoice is not None
    return list(invoice.lines.order_by("position").values_list("kind", "description", "quantity", "amount"))


def test_closing_rates_what_is_left_and_drafts_the_invoice(period: BillingPeriod):
    PriceRuleFactory.create(unit_price=Decimal("2.50"))
    change(period.customer, taxes=[Tax("Tax", Decimal("8.875")).as_stored()])
    lead = LeadFactory.create(product=ProductFactory.create(customer=period.customer, name="Tile"))
    did(period, lead=lead, quantity=3)
    did(period, lead=lead, quantity=1)
    did(period, lead=lead, action_type=ActionTypeFactory.create(code="quote"))
    did(period, lead=LeadFactory.create(product=lead.product, is_test=True))

    invoice = close(period, at=NOW)

    assert lines(invoice) == [
        ("charges", "Tile · Quote", 1, Decimal("2.5")),
        ("charges", "Tile · Sample order", 4, Decimal(10)),
        ("not_charged", "Sample order: test lead", 1, 0),
    ]
    assert invoice is not None
    assert (invoice.state, invoice.number, invoice.currency) == ("draft", None, "USD")
    assert (invoice.subtotal, invoice.tax, invoice.total) == (Decimal("12.5"), Decimal("1.11"), Decimal("13.61"))
    period.refresh_from_db()
    assert (period.state, period.closed_at) == ("closed", NOW)


def test_a_period_with_unrated_actions_is_not_closed_and_nothing_has_changed(period: BillingPeriod):
    did(period), did(period)

    with pytest.raises(HasUnratedActions, match="2 actions are unrated"):
        close(period, at=NOW)

    period.refresh_from_db()
    assert (period.state, Invoice.objects.count(), Charge.objects.count()) == ("open", 0, 0)


def test_the_database_itself_refuses_to_close_a_period_with_unrated_actions(period: BillingPeriod):
    did(period)
    rate(period, at=NOW)

    with pytest.raises(IntegrityError, match="has unrated actions"), transaction.atomic():
        BillingPeriod.objects.update(state="closed", closed_at=NOW)

    assert BillingPeriod.objects.get().state == "open"


def test_lines_that_only_their_rules_tell_apart_say_what_they_cost_and_since_when(period: BillingPeriod):
    noon = datetime(2026, 10, 15, 12, tzinfo=UTC)
    PriceRuleFactory.create(name="Old price", unit_price=1, wall_to=read("2026-10-15T12:00"))
    PriceRuleFactory.create(name="New price", unit_price=2, wall_from=read("2026-10-15T12:00"))
    lead = LeadFactory.create(product=ProductFactory.create(customer=period.customer, name="Tile"))
    did(period, lead=lead, occurred_at=noon), did(period, lead=lead, occurred_at=noon - timedelta(days=1))

    assert [words for _, words, _, _ in lines(close(period, at=NOW))] == [
        "Tile · Sample order · $1.00 each, until October 15, 2026",
        "Tile · Sample order · $2.00 each, from October 15, 2026",
    ]


def test_a_period_is_closed_when_it_is_over_in_the_customers_time_zone_and_once(period: BillingPeriod):
    with pytest.raises(PeriodNotOver):
        close(period, at=datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC))

    assert close(period, at=datetime(2026, 11, 1, tzinfo=UTC)) is None
    with pytest.raises(AlreadyClosed):
        close(period, at=NOW)


def test_each_line_is_rounded_once_from_the_exact_sum_of_its_charges(period: BillingPeriod):
    PriceRuleFactory.create(unit_price=Decimal("0.003333"))
    lead = LeadFactory.create(product__customer=period.customer)
    for _ in range(5):
        did(period, lead=lead)

    invoice = close(period, at=NOW)

    assert invoice is not None
    line = invoice.lines.get()
    assert (line.actions, line.exact_amount, line.amount) == (5, Decimal("0.016665"), Decimal("0.02"))


@pytest.mark.parametrize(("currency", "amount"), [("USD", "1.13"), ("JPY", "1"), ("KWD", "1.125")])
def test_amounts_are_rounded_to_the_currencys_own_minor_unit(period: BillingPeriod, currency: str, amount: str):
    Customer.objects.update(currency=currency)
    PriceRuleFactory.create(unit_price=Decimal("1.125"), currency=currency)
    did(period)

    invoice = close(BillingPeriod.objects.get(), at=NOW)

    assert invoice is not None
    assert (invoice.currency, invoice.total) == (currency, Decimal(amount))


def test_a_graduated_line_shows_each_tier_and_the_tiers_add_up_to_it(period: BillingPeriod):
    graduated((2, "0.333333", "0"), (None, "0.111111", "1"))
    lead = LeadFactory.create(product__customer=period.customer)
    for _ in range(5):
        did(period, lead=lead)

    invoice = close(period, at=NOW)

    assert invoice is not None
    line = invoice.lines.get()
    assert line.amount == Decimal("2.00")
    assert [in_words(row, "USD") for row in line.detail] == [
        ("units 1–2", "2", "$0.333333", "$0.67"),
        ("units 3 and above", "3", "$0.111111 + $1.00", "$1.33"),
    ]


def test_a_line_keeps_facts_in_exact_numbers_and_no_words(period: BillingPeriod):
    graduated((2, "0.333333", "0"), (None, "0.111111", "1"))
    lead = LeadFactory.create(product__customer=period.customer)
    for _ in range(3):
        did(period, lead=lead)

    invoice = close(period, at=NOW)

    assert invoice is not None
    assert invoice.lines.get().detail == [
        {
            "model": "graduated",
            "part": "tier",
            "numbers": {"tier": {"units": ["0", "2"]}},
            "counted": {"number": "2"},
            "rate": {"money": "0.333333"},
            "amount": "0.67",
        },
        {
            "model": "graduated",
            "part": "tier",
            "numbers": {"tier": {"units": ["2", None]}},
            "counted": {"number": "1"},
            "rate": {"money": "0.111111"},
            "fee": "1",
            "amount": "1.11",
        },
    ]


def test_what_a_budget_trimmed_is_a_row_of_the_detail(period: BillingPeriod):
    change(period.customer, monthly_budget=4, hard_budget=True)
    graduated((None, "3", "0"))
    lead = LeadFactory.create(product__customer=period.customer)
    did(period, lead=lead), did(period, lead=lead)

    invoice = close(BillingPeriod.objects.get(), at=NOW)

    assert invoice is not None
    shown = [in_words(row, "USD") for row in invoice.lines.get().detail]
    assert [(row.name, row.amount) for row in shown] == [
        ("all units", "$6.00"),
        ("above the monthly budget", "-$2.00"),
    ]


def test_late_activity_stands_on_lines_of_its_own_with_its_month(period: BillingPeriod):
    PriceRuleFactory.create(unit_price=1)
    lead = LeadFactory.create(product=ProductFactory.create(customer=period.customer, name="Tile"))
    did(period, lead=lead, occurred_at=datetime(2026, 8, 3, tzinfo=UTC))
    did(period, lead=lead)

    invoice = close(period, at=NOW)

    assert invoice is not None
    assert list(invoice.lines.order_by("position").values_list("late_from", "amount")) == [("", 1), ("2026-08-01", 1)]


@pytest.mark.parametrize(
    ("contract", "expected"),
    [
        ({}, [("minimum", "Difference to the monthly minimum of $310.00", Decimal("307.5"))]),
        (
            {"contract_from": date(2026, 10, 22)},
            [
                (
                    "minimum",
                    "Difference to the monthly minimum of $310.00 for October 22 – 31, 2026 (10 of 31 days)",
                    Decimal("97.5"),
                )
            ],
        ),
        ({"contract_to": date(2026, 9, 30)}, []),
        ({"monthly_minimum": Decimal(2)}, []),
    ],
)
def test_the_monthly_minimum_is_topped_up_by_days_of_the_contract(
    period: BillingPeriod, contract: dict[str, Any], expected: list[tuple[str, str, Decimal]]
):
    change(period.customer, **{"monthly_minimum": Decimal(310)} | contract)
    PriceRuleFactory.create(unit_price=Decimal("2.5"))
    did(period, occurred_at=datetime(2026, 10, 25, tzinfo=UTC))

    invoice = close(BillingPeriod.objects.get(), at=NOW)

    assert [(kind, words, amount) for kind, words, _, amount in lines(invoice) if kind == "minimum"] == expected


def test_a_minimum_is_due_without_a_single_action(period: BillingPeriod):
    change(period.customer, monthly_minimum=Decimal(100))

    invoice = close(BillingPeriod.objects.get(), at=NOW)

    assert invoice is not None
    assert invoice.total == 100


def test_every_charge_of_a_closed_period_is_on_exactly_one_line(period: BillingPeriod):
    graduated((3, "1", "0"), (None, "0.5", "0"))
    for number in range(12):
        did(
            period,
            lead__is_test=number % 5 == 0,
            action_type=ActionTypeFactory.create(code=f"type_{number % 3}"),
            occurred_at=datetime(2026, 9 + number % 2, 5, tzinfo=UTC),
        )

    invoice = close(period, at=NOW)

    assert invoice is not None
    assert sum(invoice.lines.values_list("actions", flat=True)) == 12
    assert sum(invoice.lines.values_list("exact_amount", flat=True)) == sum(
        Charge.objects.values_list("amount", flat=True)
    )


def test_a_months_days_are_the_customers_own_where_clocks_change():
    november = Month(2026, 11).span(Customer(time_zone="America/New_York").zone)

    assert november.end - november.start == (
        datetime(2026, 12, 1, 5, tzinfo=UTC) - datetime(2026, 11, 1, 4, tzinfo=UTC)
    )


amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=6)


@given(st.lists(amounts, min_size=1, max_size=20), st.sampled_from(["USD", "JPY", "KWD"]))
def test_spread_amounts_add_up_to_the_rounded_sum_and_none_is_off_by_a_unit(exact: list[Decimal], currency: str):
    shown = money.spread(exact, currency)

    assert sum(shown) == money.rounded(sum(exact, Decimal(0)), currency)
    assert all(abs(one - other) < money.minor_unit(currency) * 2 for one, other in zip(shown, exact, strict=True))


@given(st.decimals(min_value=0, max_value=10**9, places=2), st.decimals(min_value=0, max_value=99, places=4))
def test_tax_is_rounded_half_away_from_zero_once(subtotal: Decimal, rate: Decimal):
    tax = tax_on(subtotal, rate=rate, currency="USD")

    assert abs(tax - subtotal * rate / 100) <= Decimal("0.005")
    assert tax == tax.quantize(Decimal("0.01"))
