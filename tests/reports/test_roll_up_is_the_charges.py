"""Invariant 6: the roll-up is what the charges add up to; each row that is not is reported with its period."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from billing_engine.core.calendar.spans import Month
from invoices.models import Invoice
from leads.models import Action
from pricing.domain.rate.rate import rate
from reports.queries.sums.invariant import Sides
from tests.invoices.made import IN_SEPTEMBER, NOVEMBER_3, OCTOBER, a_price, an_open_period, billed, issued, received
from tests.reports.broken_sums import broken, by_hand, rows_differ, sides

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice(accountant: User) -> Invoice:
    """An issued invoice with three samples and three late ones at $2.505, and one test."""
    a_price("2.505")
    period = an_open_period(code="ACME", name="Acme")
    received(period, 1, 2)
    received(period, 3, at=IN_SEPTEMBER)
    received(period, 1, is_test=True)
    return issued(billed(period), accountant)


@pytest.mark.parametrize(
    ("sql", "days", "months"),
    [
        ("UPDATE pricing_dailyactivity SET amount = amount + 0.000001 WHERE outcome = 'charged'", 2, 0),
        ("UPDATE pricing_monthlyactivity SET full_amount = 0 WHERE outcome = 'charged'", 0, 2),
        ("DELETE FROM pricing_dailyactivity WHERE outcome = 'test_lead'", 1, 0),
        ("UPDATE pricing_monthlyactivity SET outcome = 'voided' WHERE outcome = 'test_lead'", 0, 2),
        ("UPDATE pricing_dailyactivity SET day = day + 1 WHERE outcome = 'test_lead'", 2, 0),
        ("UPDATE pricing_dailyactivity SET rule_id = NULL WHERE outcome = 'charged' AND quantity = 3", 4, 0),
    ],
)
def test_6_a_roll_up_that_is_not_the_charges_is_reported_with_its_period(
    invoice: Invoice, sql: str, days: int, months: int
) -> None:
    by_hand(sql)

    assert broken() == {"6a": rows_differ(invoice, days, months)}
    assert broken(OCTOBER) == broken()
    assert broken(Month(2026, 9)) == {}


def test_6_both_sides_are_shown_with_their_sums(invoice: Invoice) -> None:
    by_hand("UPDATE pricing_dailyactivity SET amount = amount + 1, actions = actions + 1 WHERE outcome = 'charged'")

    assert sides()["6a"] == [Sides("actions", 6, 4), Sides("USD", Decimal("17.03"), Decimal("15.03"), "USD")]


def test_6_a_period_whose_facts_changed_is_compared_after_it_is_rated_again(invoice: Invoice) -> None:
    waiting = an_open_period()
    received(waiting, 1, 1)
    rate(waiting, at=NOVEMBER_3)
    Action.objects.filter(period=waiting).update(quantity=5)
    waiting.unrated_marks.create(reason="conflict settled")
    assert broken() == {}

    rate(waiting, at=NOVEMBER_3)
    assert broken() == {}
    assert sides()["6a"][0] == Sides("actions", 6, 6)
