"""The rows below a line show how its price is calculated, and add up to the line to the cent."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_engine.core.calendar.wall_clock import read
from invoices.domain.document.content import content_of
from invoices.domain.document.content_lines import TierPart
from invoices.models import InvoiceLine
from leads.models import BillingPeriod
from pricing.models import PriceRule
from pricing.wording.row import in_words
from tests.factories.leads import ActionFactory, ActionTypeFactory, LeadFactory
from tests.factories.pricing import PriceRuleFactory, graduated, retired, tiered
from tests.invoices.made import IN_OCTOBER, a_price, an_open_period, billed, received

pytestmark = pytest.mark.django_db

Rows = list[tuple[str, str, str, str]]


def rows(period: BillingPeriod) -> Rows:
    """The rows below the only line of charges."""
    return beneath(billed(period).lines.get(kind="charges"))


def beneath(line: InvoiceLine) -> Rows:
    return [tuple(in_words(row, line.invoice.currency)) for row in line.detail]


def worth(period: BillingPeriod, *values: str | None) -> None:
    """One action per value, of one lead."""
    lead, kind = LeadFactory.create(product__customer=period.customer), ActionTypeFactory.create(code="purchase")
    for value in values:
        ActionFactory.create(
            lead=lead, action_type=kind, period=period, value=value and Decimal(value), occurred_at=IN_OCTOBER
        )


def untiered(model: str, **facts: Any) -> PriceRule:
    return PriceRuleFactory.create(price_model=model, **{"unit_price": None} | facts)


def test_free_units_stand_before_the_tiers():
    period = an_open_period()
    graduated((2, "1", "0"), (None, "0.5", "3"), free_units=4)
    received(period, 3, 5)

    assert rows(period) == [
        ("free of charge", "4", "", "$0.00"),
        ("units 5–6", "2", "$1.00", "$2.00"),
        ("units 7 and above", "2", "$0.50 + $3.00", "$4.00"),
    ]


def test_free_units_of_a_unit_price_stand_apart_and_the_line_shows_no_price():
    period = an_open_period()
    a_price("2.50", free_units=2)
    received(period, 3, 1)

    (line,) = content_of(billed(period)).lines

    assert (line.quantity, line.unit_price, line.amount, line.notes) == ("4", "", "$5.00", ())
    assert line.tiers == (
        TierPart("free of charge", "2", "", "$0.00"),
        TierPart("beyond the free ones", "2", "$2.50", "$5.00"),
    )


def test_a_volume_names_the_tier_that_the_period_picked_and_its_flat_fee_where_it_fell():
    period = an_open_period()
    tiered("volume", (5, "4", "0"), (None, "3", "20"))
    received(period, 3, 4)
    received(period, 1, product="Walnut")

    lines = billed(period).lines.order_by("position")

    assert [beneath(line) for line in lines] == [
        [("units 6 and above", "7", "$3.00 + $20.00", "$41.00")],
        [("units 6 and above", "1", "$3.00", "$3.00")],
    ]


def test_packages_are_shown_by_the_number_started():
    period = an_open_period()
    untiered("package", package_size=10, package_price=5, free_units=1)
    received(period, 5, 7, 100)

    assert rows(period) == [
        ("free of charge", "1", "", "$0.00"),
        ("packages of 10 started", "12", "$5.00", "$60.00"),
    ]


def test_a_percentage_tells_the_value_it_was_taken_of():
    period = an_open_period()
    untiered("percentage", percent=Decimal("1.3"), fixed_fee=Decimal("0.10"), minimum=1, maximum=50, free_value=100)
    worth(period, "60", "90", "10000", "200", None)

    assert rows(period) == [
        ("free of charge", "$100.00", "", "$0.00"),
        ("of the value", "$10,250.00", "1.3%", "$133.25"),
        ("fixed fee", "3", "$0.10", "$0.30"),
        ("raised to at least $1.00", "1", "", "$0.25"),
        ("lowered to at most $50.00", "1", "", "-$80.10"),
    ]


def test_free_actions_are_counted_with_those_of_a_revision_and_those_without_value():
    period = an_open_period()
    first = untiered("percentage", percent=2, free_actions=2, wall_to=IN_OCTOBER.replace(tzinfo=None))
    untiered("percentage", percent=2, free_actions=2, wall_from=IN_OCTOBER.replace(tzinfo=None), first_revision=first)
    worth(period, None, "100", "100")

    assert rows(period) == [("free of charge", "$100.00", "", "$0.00"), ("of the value", "$100.00", "2%", "$2.00")]


def test_a_graduated_percentage_tells_the_value_in_each_tier():
    period = an_open_period()
    tiered("graduated_percentage", (1000, "2", "0"), (5000, "1.5", "0"), (None, "1", "10"))
    worth(period, "600", "900", "4000")

    assert rows(period) == [
        ("value up to $1,000.00", "$1,000.00", "2%", "$20.00"),
        ("value above $1,000.00 up to $5,000.00", "$4,000.00", "1.5%", "$60.00"),
        ("value above $5,000.00", "$500.00", "1% + $10.00", "$15.00"),
    ]


def test_what_each_cap_took_off_is_a_row_of_its_own():
    period = an_open_period(monthly_budget=Decimal(18), hard_budget=True)
    graduated((None, "3", "0"), cap_per_lead=Decimal(7))
    received(period, 2, 1)
    received(period, 2)
    received(period, 4)

    assert rows(period) == [
        ("all units", "9", "$3.00", "$27.00"),
        ("above the limit per lead", "", "", "-$7.00"),
        ("above the monthly budget", "", "", "-$2.00"),
    ]


def test_two_caps_that_cut_one_action_are_each_shown_with_their_amount():
    period = an_open_period(monthly_budget=Decimal(55), hard_budget=True)
    a_price("1000", cap_per_lead=Decimal(60))
    received(period, 1)

    invoice = billed(period)

    assert beneath(invoice.lines.get(kind="charges")) == [
        ("full price", "1", "$1,000.00", "$1,000.00"),
        ("above the limit per lead", "", "", "-$940.00"),
        ("above the monthly budget", "", "", "-$5.00"),
    ]
    (line,) = content_of(invoice).lines
    told = "Full price $1,000.00; not charged: $940.00 above the limit per lead and $5.00 above the monthly budget"
    assert (line.amount, line.notes) == ("$55.00", (told,))


def test_a_line_of_one_price_says_which_limits_cut_it():
    period = an_open_period()
    a_price("2.50", cap_per_lead=Decimal(6))
    received(period, 3)

    (line,) = content_of(billed(period)).lines

    assert (line.unit_price, line.amount, line.tiers) == ("$2.50", "$6.00", ())
    assert line.notes == ("Full price $7.50; not charged: $1.50 above the limit per lead",)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["graduated", "volume", "graduated_percentage"]),
    st.lists(st.decimals(min_value=0, max_value=50, places=3), min_size=1, max_size=5),
    st.decimals(min_value=0, max_value=9, places=6),
    st.none() | st.decimals(min_value=0, max_value=40, places=2),
)
def test_the_rows_beneath_a_line_add_up_to_it(model: str, sizes: list[Decimal], rate: Decimal, cap: Decimal | None):
    retired(PriceRule.objects.all(), until=read("2020-01-01"))
    period = an_open_period()
    tiered(model, (7, str(rate), "0.333333"), (None, "0.111111", "1"), customer=period.customer, cap_per_period=cap)
    kind = ActionTypeFactory.create(code="purchase")
    lead = LeadFactory.create(product__customer=period.customer)
    for size in sizes:
        ActionFactory.create(
            lead=lead, action_type=kind, period=period, quantity=size, value=size, occurred_at=IN_OCTOBER
        )

    line = billed(period).lines.get(kind="charges")

    amounts = [Decimal(row["amount"]) for row in line.detail]
    assert not amounts or sum(amounts) == line.amount
    assert amounts or line.amount == 0
