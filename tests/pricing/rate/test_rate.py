"""Rate a stored period: charges, tally and unrated actions, in the real tables."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wall_clock import read
from leads.domain.periods import mark_unrated
from leads.domain.voiding import AlreadyVoided, void
from leads.models import Action, BillingPeriod, Channel, UnratedMark
from pricing.domain.audit.explain import explain
from pricing.domain.rate.rate import PeriodIsClosed, rate, rate_waiting
from pricing.domain.rate.sweep import RATINGS
from pricing.domain.waive import AlreadyWaived, NoteMissing, waive
from pricing.models import Charge, PeriodTally, UnratedAction
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    BillingPeriodFactory,
    CustomerFactory,
    LeadFactory,
    ProductFactory,
    SourceFactory,
    agree,
)
from tests.factories.people import UserFactory
from tests.factories.pricing import PriceRuleFactory, graduated

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
def period() -> BillingPeriod:
    return BillingPeriodFactory.create(customer__code="ACME")


def did(period: BillingPeriod, **facts: object) -> int:
    """The id of an action in the period."""
    facts.setdefault("lead__product__customer", period.customer)
    return ActionFactory.create(period=period, **facts).pk


def charges() -> list[tuple[int, str, Decimal]]:
    return list(Charge.objects.order_by("action__occurred_at", "pk").values_list("pk", "reason", "amount"))


def test_afterwards_every_action_is_charged_or_excluded_or_unrated_and_none_twice(period: BillingPeriod):
    PriceRuleFactory.create(action_type=ActionTypeFactory.create(code="sample_order"))
    order = did(period, quantity=3)
    test = did(period, lead__is_test=True)
    unpriced = did(period, action_type__code="page_view")

    tally = rate(period, at=NOW)

    assert charges() == [(order, "", Decimal("7.5")), (test, "test_lead", Decimal(0))]
    assert list(UnratedAction.objects.values_list("pk", "period")) == [(unpriced, period.pk)]
    assert (tally.actions, tally.charged, tally.excluded, tally.unrated, tally.amount) == (3, 1, 1, 1, Decimal("7.5"))


def test_rating_twice_gives_the_same_charges(period: BillingPeriod):
    graduated((2, "1", "0"), (None, "0.333333", "5"))
    for minute in range(5):
        did(period, occurred_at=datetime(2026, 10, 1, 12, minute, tzinfo=UTC), quantity=Decimal("1.5"))
    rate(period, at=NOW)
    before = list(Charge.objects.order_by("pk").values())

    rate(period, at=NOW)

    assert list(Charge.objects.order_by("pk").values()) == before


def test_order_is_by_time_and_then_by_id_not_by_arrival(period: BillingPeriod):
    graduated((1, "10", "0"), (None, "1", "0"))
    noon = datetime(2026, 10, 2, 12, tzinfo=UTC)
    second = did(period, occurred_at=noon)
    third = did(period, occurred_at=noon)
    first = did(period, occurred_at=noon - timedelta(seconds=1))

    rate(period, at=NOW)

    assert charges() == [(first, "", 10), (second, "", 1), (third, "", 1)]


def test_rules_match_by_product_category_source_and_channel(period: BillingPeriod):
    tile = ProductFactory.create(customer=period.customer, category="tiles")
    show = SourceFactory.create(channel=Channel.TRADE_SHOW)
    PriceRuleFactory.create(unit_price=1)
    PriceRuleFactory.create(unit_price=2, channel=Channel.TRADE_SHOW)
    PriceRuleFactory.create(unit_price=3, category="tiles")
    PriceRuleFactory.create(unit_price=4, category="tiles", channel=Channel.TRADE_SHOW)
    leads = [
        LeadFactory.create(product__customer=period.customer),
        LeadFactory.create(product__customer=period.customer, source=show),
        LeadFactory.create(product=tile),
        LeadFactory.create(product=tile, source=show),
    ]
    for lead in leads:
        did(period, lead=lead)

    rate(period, at=NOW)

    assert [amount for _, _, amount in charges()] == [1, 2, 3, 4]


def test_a_late_action_is_priced_by_the_rules_of_the_day_it_happened(period: BillingPeriod):
    october = datetime(2026, 10, 1, tzinfo=UTC)
    PriceRuleFactory.create(unit_price=1, wall_to=read("2026-10-01"))
    PriceRuleFactory.create(unit_price=2, wall_from=read("2026-10-01"))
    did(period, occurred_at=october - timedelta(microseconds=1))
    did(period, occurred_at=october)

    rate(period, at=NOW)

    assert [amount for _, _, amount in charges()] == [1, 2]


def test_contract_days_begin_and_end_at_the_customers_own_midnight(period: BillingPeriod):
    PriceRuleFactory.create()
    customer = period.customer
    customer.time_zone = "America/New_York"
    customer.save()
    agree(customer, contract_from=date(2026, 10, 5), contract_to=date(2026, 10, 6))
    for instant in ("2026-10-05T03:59:59Z", "2026-10-05T04:00:00Z", "2026-10-07T03:59:59Z", "2026-10-07T04:00:00Z"):
        did(period, occurred_at=datetime.fromisoformat(instant))

    rate(period, at=NOW)

    assert [reason for _, reason, _ in charges()] == ["outside_contract", "", "", "outside_contract"]


def test_contacts_on_the_customers_list_are_excluded_whatever_the_spelling(period: BillingPeriod):
    PriceRuleFactory.create()
    agree(period.customer, excluded_domains=["acme.example"])
    did(period, lead__person_key="ann@acme.example")
    did(period, lead__person_key="ann@not-acme.example")
    did(period, lead__person_key="a@b@acme.example")

    rate(period, at=NOW)

    assert [reason for _, reason, _ in charges()] == ["excluded_contact", "", "excluded_contact"]


def test_a_trimmed_charge_keeps_its_full_price_and_what_the_cap_cut(period: BillingPeriod):
    PriceRuleFactory.create(unit_price=2)
    agree(period.customer, monthly_budget=Decimal(3), hard_budget=True)
    did(period), did(period)

    rate(period, at=NOW)

    assert list(Charge.objects.order_by("pk").values_list("amount", "full_amount", "cut_by_budget")) == [
        (2, 2, None),
        (1, 2, 1),
    ]
    explanation = explain(Charge.objects.order_by("pk")[1])
    assert explanation.sentences[-1] == "The customer's monthly budget leaves $1.00 of $2.00: $1.00 is not charged."


def test_a_voided_action_becomes_excluded_while_its_period_is_open(period: BillingPeriod):
    PriceRuleFactory.create()
    action = ActionFactory.create(period=period)

    void(action, reason="Sample was out of stock", by=UserFactory.create(first_name="Olga", last_name="Berg"), at=NOW)
    rate(period, at=NOW)

    assert charges() == [(action.pk, "voided", Decimal(0))]
    assert explain(Charge.objects.get()).sentences == [
        "Not charged: voided by Olga Berg. Reason: Sample was out of stock."
    ]
    with pytest.raises(AlreadyVoided):
        void(action, reason="again", by=UserFactory.create(), at=NOW)


def test_a_waived_action_names_who_waived_it_and_why(period: BillingPeriod, operator: User):
    action = ActionFactory.create(period=period)
    with pytest.raises(NoteMissing):
        waive(action, note=" ", by=operator, at=NOW)

    waive(action, note="Goodwill for the delay", by=operator, at=NOW)
    rate(period, at=NOW)

    assert charges() == [(action.pk, "waived", Decimal(0))]
    assert explain(Charge.objects.get()).sentences == ["Not charged: waived by a person. olga: Goodwill for the delay."]
    with pytest.raises(AlreadyWaived):
        waive(action, note="again", by=operator, at=NOW)


def test_a_closed_period_is_not_rated_or_waived_and_a_void_leaves_its_charges(period: BillingPeriod, operator: User):
    PriceRuleFactory.create()
    action = Action.objects.get(pk=did(period))
    rate(period, at=NOW)
    BillingPeriod.objects.update(state="closed", closed_at=NOW)
    before = list(Charge.objects.values())

    with pytest.raises(PeriodIsClosed):
        rate(period, at=NOW)
    with pytest.raises(PeriodIsClosed):
        waive(action, note="late", by=operator, at=NOW)
    void(action, reason="late", by=UserFactory.create(), at=NOW)
    action.refresh_from_db()
    assert (action.voided_at, action.voided_after_close) == (NOW, True)
    with pytest.raises(AlreadyVoided):
        void(action, reason="again", by=UserFactory.create(), at=NOW)
    assert list(Charge.objects.values()) == before


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE pricing_charge SET amount = 9",
        "DELETE FROM pricing_charge",
        "INSERT INTO pricing_charge (action_id, period_id, reason, amount, full_amount, quantity_before)"
        " SELECT 0, period_id, 'waived', 0, 0, 0 FROM leads_action",
        "UPDATE leads_action SET quantity = 9",
        "UPDATE leads_action SET occurred_at = now()",
        "DELETE FROM leads_action",
        "INSERT INTO leads_action (lead_id, external_id, action_type_id, period_id, delivery_id, occurred_at, quantity,"
        " attributes, void_reason) SELECT lead_id, 'new', action_type_id, period_id, delivery_id, now(), 1, '{}', ''"
        " FROM leads_action",
    ],
)
def test_the_database_itself_refuses_to_change_a_closed_period(period: BillingPeriod, sql: str):
    PriceRuleFactory.create()
    did(period)
    rate(period, at=NOW)
    BillingPeriod.objects.update(state="closed", closed_at=NOW)

    with (
        pytest.raises(IntegrityError, match=r"is closed|never edited"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)

    assert charges()[0][2] == Decimal("2.5")


def test_a_mark_left_while_a_period_is_rated_survives_that_rating(
    period: BillingPeriod, monkeypatch: pytest.MonkeyPatch
):
    PriceRuleFactory.create()
    mark_unrated([period], reason="intake")
    from pricing.domain.rate import rate as module  # noqa: PLC0415 -- patched below

    forget = module._forget_charges

    def somebody_else_marks(rated: list[BillingPeriod]) -> None:
        forget(rated)
        mark_unrated(rated, reason="meanwhile")

    monkeypatch.setattr(module, "_forget_charges", somebody_else_marks)
    rate_waiting([period.pk], at=NOW)

    assert list(UnratedMark.objects.values_list("reason", flat=True)) == ["meanwhile"]


def test_a_period_nothing_has_changed_for_is_not_rated_again(period: BillingPeriod):
    mark_unrated([period], reason="intake")
    assert rate_waiting([period.pk], at=NOW) != []

    assert rate_waiting([period.pk], at=NOW) == []


def test_the_sweep_asks_for_open_periods_with_a_mark_and_no_others(
    period: BillingPeriod, django_capture_on_commit_callbacks: object
):
    closed = BillingPeriodFactory.create(
        month=Month(2026, 8), customer=CustomerFactory.create(), state="closed", closed_at=NOW
    )
    BillingPeriodFactory.create()
    mark_unrated([period, period, closed], reason="intake")

    assert RATINGS.sweep(at=NOW) == 1


def test_a_mark_that_came_when_its_period_was_closing_is_told_as_waiting_no_longer_than_until_the_next_sweep(
    period: BillingPeriod, django_capture_on_commit_callbacks: object
):
    closed = BillingPeriodFactory.create(
        month=Month(2026, 8), customer=CustomerFactory.create(), state="closed", closed_at=NOW
    )
    mark_unrated([period, closed], reason="earlier rated")

    RATINGS.sweep(at=NOW)

    assert list(UnratedMark.objects.values_list("period", flat=True)) == [period.pk]


def test_rating_costs_the_same_number_of_queries_whatever_the_period_holds(period: BillingPeriod):
    PriceRuleFactory.create()
    did(period)

    def queries() -> int:
        rate(period, at=NOW)  # keeps the new product and action type
        with CaptureQueriesContext(connection) as captured:
            rate(period, at=NOW)
        return len(captured)

    once = queries()
    did(period), did(period, action_type__code="page_view")
    assert queries() == once


def test_the_tally_is_of_the_last_rating(period: BillingPeriod):
    PriceRuleFactory.create()
    did(period)
    rate(period, at=NOW)
    did(period)
    rate(period, at=NOW + timedelta(hours=1))

    assert list(PeriodTally.objects.values_list("actions", "amount", "rated_at")) == [(2, 5, NOW + timedelta(hours=1))]
