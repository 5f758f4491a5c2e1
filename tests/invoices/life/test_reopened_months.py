"""A month that is reopened or billed after a later one: the later month's charges stand, and count."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from billing_engine.core.calendar.spans import Month
from invoices.domain.life.close import close
from invoices.domain.life.reopen import reopen, void
from invoices.domain.life.transitions import approve, issue
from leads.domain.periods import mark_unrated
from leads.models import Action, BillingPeriod, Customer, Lead
from pricing.domain.audit.prove import prove
from pricing.domain.rate.book.books import book_of
from pricing.domain.rate.rate import rate
from pricing.domain.simulation.comparison.period import Tried, compare
from pricing.models import Charge, PriceRule
from tests.factories.leads import ActionFactory, ActionTypeFactory, BillingPeriodFactory, CustomerFactory, LeadFactory
from tests.factories.people import with_role
from tests.factories.pricing import PriceRuleFactory
from tests.shared import BILLING_CASES, needs_cases

pytestmark = [pytest.mark.django_db, needs_cases]

CASE: dict[str, Any] = {}
if BILLING_CASES.is_dir():
    CASE = json.loads((BILLING_CASES / "reopened-earlier-month.json").read_text(encoding="utf-8"))
NOVEMBER_3 = datetime(2026, 11, 3, tzinfo=UTC)
ONCE = {"once_per": "lead", "once_days": 30}


@pytest.fixture
def customer(db: None) -> Customer:
    return CustomerFactory.create()


@pytest.fixture
def september(customer: Customer) -> BillingPeriod:
    return BillingPeriodFactory.create(customer=customer, month=Month(2026, 9))


@pytest.fixture
def october(customer: Customer) -> BillingPeriod:
    return BillingPeriodFactory.create(customer=customer, month=Month(2026, 10))


@pytest.fixture
def leads(customer: Customer) -> dict[int, Lead]:
    return {number: LeadFactory.create(product__customer=customer) for number in (1, 9)}


def acts(lead: Lead, period: BillingPeriod, day: str, quantity: int = 1) -> Action:
    """Received now; intake leaves a mark."""
    at = datetime.fromisoformat(f"2026-{day}T12:00:00+00:00")
    kind = ActionTypeFactory.create(code="sample_order")
    action: Action = ActionFactory.create(lead=lead, period=period, occurred_at=at, quantity=quantity, action_type=kind)
    mark_unrated([period], reason="intake")
    return action


def billed_and_issued(period: BillingPeriod, by: User, at: datetime = NOVEMBER_3) -> Any:
    draft = close(period, at=at)
    assert draft is not None
    return issue(approve(draft, by=by, at=at), by=by, at=at)


def priced(**limits: Any) -> PriceRule:
    return PriceRuleFactory.create(unit_price=CASE["rule"]["unit_price"], **limits)


def outcome(action: Action) -> tuple[str, int, int | None]:
    charge = Charge.objects.get(pk=action.pk)
    return charge.reason, int(charge.amount), charge.paid_by_id


@pytest.fixture
def reopened(september: BillingPeriod, october: BillingPeriod, leads: dict[int, Lead]) -> Any:
    """September is billed and issued, then October, and September's invoice is voided."""

    def steps(**limits: Any) -> Action:
        priced(**limits)
        frank = with_role("Finance")
        acts(leads[9], september, "09-01")
        later = acts(leads[1], october, "10-05")
        first = billed_and_issued(september, frank)
        billed_and_issued(october, frank, NOVEMBER_3 + timedelta(hours=1))
        void(first, reason="Wrong address", by=with_role("Finance"), at=NOVEMBER_3 + timedelta(hours=2))
        return later

    return steps


def test_an_earlier_month_opened_again_sees_what_a_later_closed_one_charged_once(
    reopened: Any, september: BillingPeriod, october: BillingPeriod, leads: dict[int, Lead]
):
    later = reopened(**ONCE)
    action = acts(leads[1], september, "09-28")

    close(september, at=NOVEMBER_3 + timedelta(hours=3))

    assert outcome(action) == ("already_charged", 0, later.pk)
    assert [prove(period).differing for period in (september, october)] == [0, 0]


def test_and_what_it_charged_to_a_lead(
    reopened: Any, september: BillingPeriod, october: BillingPeriod, leads: dict[int, Lead]
):
    same = CASE["same_with"]
    later = reopened(cap_per_lead=same["cap_per_lead"])
    action = acts(leads[1], september, "09-28")

    close(september, at=NOVEMBER_3 + timedelta(hours=3))

    amounts = outcome(action)[1] + outcome(later)[1]
    assert amounts == int(same["right_total_of_lead"])
    assert [prove(period).differing for period in (september, october)] == [0, 0]


def test_months_closed_out_of_order_charge_once(
    september: BillingPeriod, october: BillingPeriod, leads: dict[int, Lead]
):
    priced(**ONCE)
    later = acts(leads[1], october, "10-05")
    close(october, at=NOVEMBER_3)
    action = acts(leads[1], september, "09-28")

    close(september, at=NOVEMBER_3 + timedelta(hours=1))

    assert outcome(action) == ("already_charged", 0, later.pk)
    assert [prove(period).differing for period in (september, october)] == [0, 0]


def test_a_close_has_earlier_open_months_rated_again_and_so_has_its_undoing(
    september: BillingPeriod, october: BillingPeriod, leads: dict[int, Lead]
):
    """Whether what it charged counts in them has changed."""
    priced(**ONCE)
    acts(leads[9], september, "09-01")
    acts(leads[1], october, "10-05")
    rate(september, at=NOVEMBER_3)

    close(october, at=NOVEMBER_3)
    assert list(september.unrated_marks.values_list("reason", flat=True)) == ["later closed"]
    rate(september, at=NOVEMBER_3)
    reopen(october, reason="A price was wrong", by=with_role("Finance"), at=NOVEMBER_3)
    assert list(september.unrated_marks.values_list("reason", flat=True)) == ["later opened"]


def test_a_month_closed_before_a_later_one_was_is_proven_and_simulated_without_it(
    september: BillingPeriod, october: BillingPeriod, leads: dict[int, Lead]
):
    priced(**ONCE)
    acts(leads[1], september, "09-01")
    close(september, at=NOVEMBER_3)
    acts(leads[1], october, "10-05")
    acts(leads[1], october, "10-06")
    close(october, at=NOVEMBER_3 + timedelta(hours=1))

    assert [prove(period).differing for period in (september, october)] == [0, 0]
    assert simulated(september, october) == [10, 10]


def test_a_simulation_over_a_month_opened_again_and_the_later_one_charges_what_they_charged(
    reopened: Any, september: BillingPeriod, october: BillingPeriod, leads: dict[int, Lead]
):
    reopened(**ONCE)
    acts(leads[1], september, "09-28")
    close(september, at=NOVEMBER_3 + timedelta(hours=3))

    assert simulated(september, october) == [10, 10]


def test_a_proof_says_that_a_later_month_it_counted_has_been_opened_again(
    reopened: Any, september: BillingPeriod, october: BillingPeriod, leads: dict[int, Lead]
):
    reopened(**ONCE)
    close(september, at=NOVEMBER_3 + timedelta(hours=3))
    october.refresh_from_db()
    invoice = october.invoices.get()
    void(invoice, reason="Wrong address", by=with_role("Finance"), at=NOVEMBER_3 + timedelta(hours=4))

    [doubt] = prove(september).doubts

    assert doubt.startswith("2026-10 was reopened after this period was closed")


def simulated(*periods: BillingPeriod) -> list[int]:
    """The total of each period by the current rules, in order."""
    customer, found = periods[0].customer, list[int]()
    tried = {customer.pk: Tried(book_of(customer))}
    for period in periods:
        period.refresh_from_db()
        [comparison] = compare([period], tried)
        found.append(comparison.amounts()[1] // 1_000_000)
    return found
