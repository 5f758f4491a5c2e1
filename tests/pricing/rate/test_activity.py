"""The roll-up of activity is what the charges add up to, after whatever has changed them."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing_engine.core.calendar.spans import Month
from invoices.domain.life.close import close
from invoices.domain.life.reopen import regenerate
from leads.domain.intake.receive import receive
from leads.domain.periods import mark_unrated
from leads.domain.quarantine.conflicts import take_new
from leads.domain.quarantine.settle import repair
from leads.domain.voiding import void
from leads.models import Action, BillingPeriod, QuarantinedItem, Source
from pricing.domain.rate.activity import rebuild_activity
from pricing.domain.rate.rate import rate, rate_waiting
from pricing.domain.rule_book.rules import activate
from pricing.domain.waive import waive
from pricing.models import Charge, DailyActivity, MonthlyActivity, UnratedAction
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    BillingPeriodFactory,
    LeadFactory,
    ProductFactory,
    SourceFactory,
)
from tests.factories.pricing import PriceRuleFactory
from tests.pricing.rate.rolled_up import assert_rolled_up, stored_days

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 2, tzinfo=UTC)
NOVEMBER_3 = datetime(2026, 11, 3, tzinfo=UTC)


@pytest.fixture
def period(db: None) -> BillingPeriod:
    return BillingPeriodFactory.create(customer__code="ACME", customer__time_zone="America/New_York")


def did(period: BillingPeriod, day: int = 15, **facts: Any) -> Action:
    """An action at noon UTC of a day of October."""
    facts.setdefault("occurred_at", datetime(2026, 10, day, 12, tzinfo=UTC))
    facts.setdefault("lead__product__customer", period.customer)
    return ActionFactory.create(period=period, **facts)


def rated_again(*periods: BillingPeriod) -> None:
    rate_waiting([period.pk for period in periods], at=NOW)


def outcomes() -> dict[str, Decimal]:
    """The number of actions by outcome."""
    found = dict[str, Decimal]()
    for key, sums in stored_days().items():
        found[str(key[6])] = found.get(str(key[6]), Decimal(0)) + sums[0]
    return found


def test_actions_of_one_day_and_kind_are_one_row_with_their_sums(period: BillingPeriod):
    rule = PriceRuleFactory.create(unit_price=Decimal("0.333333"), cap_per_period=1)
    lead = LeadFactory.create(product__customer=period.customer)
    # 03:30 UTC is still the day before in New York.
    for at, quantity in [("2026-10-15T03:30", 2), ("2026-10-15T12:00", 1), ("2026-10-16T03:30", Decimal("0.5"))]:
        did(period, lead=lead, occurred_at=datetime.fromisoformat(at + "Z"), quantity=quantity)

    rate(period, at=NOW)

    sums = ("day", "outcome", "rule", "actions", "quantity", "amount", "full_amount")
    assert list(DailyActivity.objects.order_by("day").values_list(*sums)) == [
        (date(2026, 10, 14), "charged", rule.pk, 1, 2, Decimal("0.666666"), Decimal("0.666666")),
        (date(2026, 10, 15), "charged", rule.pk, 2, Decimal("1.5"), Decimal("0.333334"), Decimal("0.5")),
    ]
    months = MonthlyActivity.objects.values_list("month", *sums[1:], "customer", "product", "source", "action_type")
    whose = (period.customer_id, lead.product_id, lead.source_id, Action.objects.earliest("pk").action_type_id)
    total = (3, Decimal("3.5"), Decimal(1), Decimal("1.166666"))
    assert list(months) == [(date(2026, 10, 1), "charged", rule.pk, *total, *whose)]


def test_every_outcome_is_counted_as_what_it_is(period: BillingPeriod, operator: User):
    priced = ActionTypeFactory.create(code="sample_order")
    PriceRuleFactory.create(action_type=priced)
    PriceRuleFactory.create(action_type=ActionTypeFactory.create(code="free"), unit_price=0)
    did(period, action_type=priced)
    did(period, action_type__code="free")
    did(period, action_type__code="page_view")
    did(period, lead__is_test=True)
    void(did(period), reason="Canceled", by=operator, at=NOW)
    waive(did(period), note="Goodwill", by=operator, at=NOW)

    rate(period, at=NOW)

    assert outcomes() == dict.fromkeys(("charged", "included", "unrated", "test_lead", "voided", "waived"), 1)
    assert_rolled_up()


def test_after_a_new_price_only_the_new_charges_are_counted(period: BillingPeriod):
    PriceRuleFactory.create(unit_price=1)
    for day in (1, 2, 3):
        did(period, day)
    rate(period, at=NOW)

    PriceRuleFactory.create(unit_price=3, priority=1)
    mark_unrated([period], reason="rules changed")
    rated_again(period)

    assert set(DailyActivity.objects.values_list("amount", flat=True)) == {3}
    assert_rolled_up()


def test_rating_again_leaves_the_rows_as_they_are(period: BillingPeriod):
    PriceRuleFactory.create()
    did(period)
    rate(period, at=NOW)
    before = stored_days()

    rate(period, at=NOW)

    assert stored_days() == before


def test_a_void_and_a_waiver_move_their_action_to_another_outcome(period: BillingPeriod, operator: User):
    PriceRuleFactory.create()
    first, second, _ = did(period, 1), did(period, 2), did(period, 2)
    rate(period, at=NOW)

    void(first, reason="Canceled", by=operator, at=NOW)
    waive(second, note="Goodwill", by=operator, at=NOW)
    rated_again(period)

    assert outcomes() == {"voided": 1, "waived": 1, "charged": 1}
    assert_rolled_up()


def test_late_activity_counts_on_its_own_day_and_month(period: BillingPeriod):
    PriceRuleFactory.create()
    did(period)
    did(period, occurred_at=datetime(2026, 9, 12, 12, tzinfo=UTC))
    did(period, occurred_at=datetime(2026, 10, 1, 3, 59, tzinfo=UTC))  # September 30 in New York

    rate(period, at=NOW)

    months = MonthlyActivity.objects.filter(period=period).order_by("month").values_list("month")
    assert [month for (month,) in months] == [date(2026, 9, 1), date(2026, 9, 1), date(2026, 10, 1)]
    assert_rolled_up()


def test_what_was_unrated_is_counted_by_its_rule_once_it_has_a_price(period: BillingPeriod, operator: User):
    did(period)
    rate(period, at=NOW)
    assert outcomes() == {"unrated": 1}

    activate(PriceRuleFactory.create(draft=True), by=operator, at=NOW)
    rated_again(period)

    assert outcomes() == {"charged": 1}
    assert_rolled_up()


def test_an_action_whose_charge_cannot_be_stored_is_counted_as_unrated(period: BillingPeriod):
    PriceRuleFactory.create(unit_price=10)
    for quantity in (1, 100, 2):
        did(period, quantity=quantity)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE pricing_charge ALTER COLUMN full_amount TYPE numeric(8, 6)")

    rate(period, at=NOW)

    assert UnratedAction.objects.count() == 1
    assert outcomes() == {"charged": 2, "unrated": 1}
    assert_rolled_up()


def test_what_came_after_the_last_rating_is_nowhere_until_it_is_rated(period: BillingPeriod):
    PriceRuleFactory.create()
    did(period)
    rate(period, at=NOW)
    did(period, 20)

    rebuild_activity(period)
    assert outcomes() == {"charged": 1}

    mark_unrated([period], reason="intake")
    rated_again(period)
    assert outcomes() == {"charged": 2}


def test_a_period_without_actions_has_no_rows(period: BillingPeriod):
    rate(period, at=NOW)

    assert stored_days() == {}


# --- What moves ----------------------------------------------------------------------------------------


def send(period: BillingPeriod, lead: str, *, sku: str = "TILE", **did: Any) -> None:
    """One lead with one action, from the same source each time."""
    source = Source.objects.filter(code="web").first() or SourceFactory.create(code="web")
    action = {"id": f"A-{lead}", "type": "sample_order", "occurred_at": "2026-10-05T10:00:00Z"} | did
    body = {"id": lead, "product": {"sku": sku}, "actions": [action]}
    receive(source, body=json.dumps(body).encode(), content_type="application/json", received_at=NOW)


@pytest.fixture
def conflict(period: BillingPeriod) -> BillingPeriod:
    """Two leads of the tile, rated."""
    for sku in ("TILE", "STONE"):
        ProductFactory.create(sku=sku, customer=period.customer)
    ActionTypeFactory.create(code="sample_order")
    PriceRuleFactory.create()
    for lead in ("L-1", "L-2"):
        send(period, lead)
    rated_again(period)
    return period


@pytest.mark.parametrize("change", [{"quantity": 4}, {"occurred_at": "2026-10-25T10:00:00Z"}, {"sku": "STONE"}])
def test_a_settled_conflict_moves_the_action_to_the_row_of_its_new_facts(
    conflict: BillingPeriod, change: dict[str, Any], operator: User
):
    before = stored_days()
    send(conflict, "L-1", **change)
    rated_again(conflict)
    assert stored_days() == before

    take_new(QuarantinedItem.objects.get(), note="Sent again", by=operator, at=NOW)
    rated_again(conflict)

    assert stored_days() != before
    assert_rolled_up()


def test_an_item_corrected_in_quarantine_is_counted_once_it_is_rated(conflict: BillingPeriod, operator: User):
    send(conflict, "L-3", type="sample_odrer")
    item = QuarantinedItem.objects.get()
    rated_again(conflict)
    assert outcomes() == {"charged": 2}

    content = item.content | {"actions": [item.content["actions"][0] | {"type": "sample_order"}]}
    repair(item, content=content, by=operator, at=NOW)
    rated_again(conflict)

    assert outcomes() == {"charged": 3}
    assert_rolled_up()


def test_closing_rates_what_is_left_and_reopening_counts_again(period: BillingPeriod, accountant: User):
    PriceRuleFactory.create()
    first, _ = did(period, 1), did(period, 2)
    mark_unrated([period], reason="intake")
    invoice = close(period, at=NOVEMBER_3)
    assert outcomes() == {"charged": 2}
    assert_rolled_up()

    assert invoice is not None
    void(first, reason="Canceled", by=accountant, at=NOVEMBER_3)
    assert outcomes() == {"charged": 2}, "what is billed stays, until the invoice is made again"
    regenerate(invoice, by=accountant, at=NOVEMBER_3)

    assert outcomes() == {"charged": 1, "voided": 1}
    assert_rolled_up()


def test_an_earlier_period_that_pays_now_moves_the_later_ones_action(period: BillingPeriod):
    PriceRuleFactory.create(once_per="lead", once_days=30)
    november = BillingPeriodFactory.create(customer=period.customer, month=Month(2026, 11))
    lead = LeadFactory.create(product__customer=period.customer)
    did(november, lead=lead, occurred_at=datetime(2026, 11, 3, tzinfo=UTC))
    rate(november, at=NOVEMBER_3)
    did(period, 31, lead=lead)
    rate(period, at=NOVEMBER_3)

    rated_again(november)

    assert outcomes() == {"charged": 1, "already_charged": 1}
    assert_rolled_up()


# --- What it costs -------------------------------------------------------------------------------------


def test_many_periods_take_the_same_number_of_statements_as_one(period: BillingPeriod):
    PriceRuleFactory.create()

    def statements(count: int) -> int:
        periods = [BillingPeriodFactory.create() for _ in range(count)]
        for each in periods:
            did(each)
        mark_unrated(periods, reason="intake")
        with CaptureQueriesContext(connection) as captured:
            rated_again(*periods)
        return len([query for query in captured if "activity" in query["sql"]])

    statements(1)
    assert statements(5) == statements(1)
    assert Charge.objects.count() == 7
    assert_rolled_up()


def test_actions_that_come_later_leave_the_rows_of_earlier_days_as_they_are(period: BillingPeriod):
    PriceRuleFactory.create()
    for day in (1, 2, 20):
        did(period, day)
    mark_unrated([period], reason="intake")
    rated_again(period)
    rows = set(DailyActivity.objects.filter(day__lt="2026-10-10").values_list("pk", flat=True))

    did(period, occurred_at=datetime(2026, 10, 20, 12, tzinfo=UTC) + timedelta(hours=2))
    mark_unrated([period], reason="intake")
    rated_again(period)

    assert set(DailyActivity.objects.filter(day__lt="2026-10-10").values_list("pk", flat=True)) == rows
    assert len(rows) == 2
    assert_rolled_up()
