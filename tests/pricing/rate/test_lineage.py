"""Stored rules and charges: a limit added by a revision counts what earlier revisions charged, however it is rated."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wall_clock import read
from leads.domain.periods import mark_unrated
from leads.models import BillingPeriod, Lead
from pricing.domain.audit.prove import prove
from pricing.domain.audit.terms import keep_terms
from pricing.domain.rate.book.books import Book, book_of
from pricing.domain.rate.rate import rate
from pricing.domain.rule_book.drafts import as_if_active
from pricing.domain.rule_book.rules import activate, revise
from pricing.domain.simulation.comparison.period import Tried, compare
from pricing.models import Charge, PriceRule
from tests.factories.leads import ActionFactory, BillingPeriodFactory, LeadFactory
from tests.factories.people import UserFactory
from tests.factories.pricing import PriceRuleFactory
from tests.shared import BILLING_CASES, needs_cases

pytestmark = [pytest.mark.django_db, needs_cases]

CASE = json.loads((BILLING_CASES / "revisions.json").read_text()) if BILLING_CASES.is_dir() else {}
WRITTEN, NOW = datetime(2026, 10, 12, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
SINCE = read("2026-10-16")


@pytest.fixture
def period() -> BillingPeriod:
    return BillingPeriodFactory.create()


@pytest.fixture
def writer(db: None) -> User:
    return UserFactory.create()


@pytest.fixture
def lead(period: BillingPeriod) -> Lead:
    return LeadFactory.create(product__customer=period.customer)


def revised(writer: User, limits: dict[str, Any]) -> None:
    """A rule at 10 each, and its revision in force from the 16th on, with these limits."""
    draft = revise(PriceRuleFactory.create(unit_price=Decimal(10)), by=writer, at=WRITTEN, since=SINCE)
    for name, value in limits.items():
        setattr(draft, name, Decimal(value) if name.startswith("cap") else value)
    draft.save()
    activate(PriceRule.objects.get(pk=draft.pk), by=UserFactory.create(), at=WRITTEN, reason="As the case has it")


def sent(lead: Lead, period: BillingPeriod, days: dict[str, int]) -> None:
    for day, quantity in days.items():
        at = datetime.fromisoformat(f"2026-{day}T12:00:00+00:00")
        ActionFactory.create(lead=lead, period=period, occurred_at=at, quantity=quantity)


def charged() -> list[str | int]:
    """Each action's amount, or the reason for none."""
    found = Charge.objects.order_by("action__occurred_at").values_list("reason", "amount")
    return [reason or int(amount) for reason, amount in found]


def closed(period: BillingPeriod) -> BillingPeriod:
    keep_terms(period)
    period.state, period.closed_at = BillingPeriod.State.CLOSED, NOW
    period.save()
    return period


def test_a_limit_added_by_a_revision_counts_what_earlier_revisions_charged(
    period: BillingPeriod, lead: Lead, writer: User
):
    case = CASE["cap_per_period_added"]
    revised(writer, case["revision_2"])
    sent(lead, period, case["quantities"])

    rate(period, at=NOW)

    assert charged() == case["right"]
    assert prove(closed(period)).holds


def test_once_added_by_a_revision_sees_what_earlier_revisions_charged(period: BillingPeriod, lead: Lead, writer: User):
    case = CASE["once_added"]
    revised(writer, case["revision_2"])
    sent(lead, period, dict.fromkeys(case["days"], 1))

    rate(period, at=NOW)

    assert charged() == case["right"]
    assert prove(closed(period)).holds


@pytest.mark.parametrize(
    ("limits", "right"),
    [
        ({"cap_per_period": 25}, [10, 10, 5]),
        ({"cap_per_lead": 15}, [10, 10, 0]),
        ({"once_per": "lead", "once_days": 30}, [10, 10, "already_charged"]),
        ({"once_per": "person", "once_days": 30}, [10, 10, "already_charged"]),
    ],
)
def test_rated_on_from_where_it_ended_the_limit_counts_it_too(
    period: BillingPeriod, lead: Lead, writer: User, limits: dict[str, Any], right: list[Any]
):
    revised(writer, limits)
    sent(lead, period, {"10-13": 1, "10-14": 1})
    rate(period, at=NOW)
    sent(lead, period, {"10-17": 1})
    mark_unrated([period], reason="intake")

    assert rate(period, at=NOW).charged == len([each for each in right if each != "already_charged"])
    assert charged() == right


@pytest.mark.parametrize("per", ["lead", "person"])
def test_and_in_the_next_month_what_an_earlier_revision_charged_in_the_last(
    period: BillingPeriod, lead: Lead, writer: User, per: str
):
    revised(writer, {"once_per": per, "once_days": 30, "cap_per_lead": 15})
    sent(lead, period, {"10-14": 1})
    rate(period, at=NOW)
    november = BillingPeriodFactory.create(customer=period.customer, month=Month(2026, 11))
    sent(lead, november, {"11-12": 1, "11-13": 1})

    rate(november, at=NOW)

    assert charged() == [10, "already_charged", 5]


def test_a_simulated_limit_counts_what_the_rule_in_force_charged(period: BillingPeriod, lead: Lead, writer: User):
    rule = PriceRuleFactory.create(unit_price=Decimal(10))
    sent(lead, period, {"10-14": 1, "10-17": 2})
    rate(period, at=NOW)
    draft = revise(rule, by=writer, at=WRITTEN, since=SINCE)
    draft.cap_per_period = Decimal(15)
    draft.save()

    book = book_of(period.customer)
    rules = as_if_active(book.rules, [draft], zone=period.customer.zone)
    [found] = compare([period], {period.customer_id: Tried(Book(rules, book.catalog))})

    assert found.amounts()[1] == 15_000_000
