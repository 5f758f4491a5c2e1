"""The life cycle of a price rule, and what the database refuses about it."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from billing_engine.core.calendar.spans import Month, Week
from billing_engine.core.calendar.wall_clock import read
from leads.models import BillingPeriod, Channel, UnratedMark
from pricing.domain.rule_book.billed import WouldRewriteHistory
from pricing.domain.rule_book.rules import (
    HasEnded,
    NotActive,
    NotADraft,
    activate,
    retire,
    revise,
)
from pricing.domain.rule_book.validate import RuleIncomplete
from pricing.domain.rule_wording import price_in_words, scope_in_words
from pricing.domain.scope.overlap import RulesOverlap
from pricing.models import PriceRule
from tests.factories.leads import (
    ActionTypeFactory,
    BillingPeriodFactory,
    CustomerFactory,
    ProductFactory,
    SourceFactory,
)
from tests.factories.pricing import LONG_AGO_ON_A_CLOCK, ChargeFactory, PriceRuleFactory, graduated

pytestmark = pytest.mark.django_db

TODAY = read("2026-10-20")
NOW = datetime(2026, 10, 20, tzinfo=UTC)
IN_NOVEMBER = datetime(2026, 11, 4, tzinfo=UTC)
NEXT_MONTH = read("2026-11-01")


def test_a_draft_is_activated_by_somebody_and_open_periods_are_rated_anew(operator: User):
    period = BillingPeriodFactory.create()
    BillingPeriodFactory.create(state="closed", closed_at=NOW)
    draft = PriceRuleFactory.create(draft=True, customer=period.customer)

    rule = activate(draft, by=operator, at=NOW)

    assert (rule.state, rule.activated_by, rule.activated_at) == ("active", operator, NOW)
    assert list(UnratedMark.objects.values_list("period", "reason")) == [(period.pk, "rule activated")]
    with pytest.raises(NotADraft):
        activate(rule, by=operator, at=NOW)


def test_revising_makes_a_draft_and_activating_it_ends_the_old_rule_where_the_new_one_begins(operator: User):
    old = PriceRuleFactory.create(unit_price="2.50")
    draft = revise(old, by=operator, at=NOW, since=NEXT_MONTH)
    draft.unit_price = Decimal("2.75")
    draft.save()

    activate(draft, by=operator, at=NOW)

    old.refresh_from_db()
    assert (old.state, old.wall_to, old.unit_price) == ("active", NEXT_MONTH, Decimal("2.5"))
    draft.refresh_from_db()
    assert (draft.wall_from, draft.wall_to, draft.revises) == (NEXT_MONTH, None, old)
    assert draft.lineage == old.lineage == old.pk
    assert revise(draft, by=operator, at=NOW, since=NEXT_MONTH).lineage == old.pk


def test_a_revision_copies_tiers_and_scope(operator: User):
    old = graduated((10, "1", "0"), (None, "0.5", "2"), channel=Channel.WEBINAR, priority=3)

    draft = revise(old, by=operator, at=NOW)

    assert (draft.channel, draft.priority, draft.state) == ("webinar", 3, "draft")
    assert sorted(draft.tiers.values_list("up_to", "unit_price", "flat_fee"), key=str) == sorted(
        old.tiers.values_list("up_to", "unit_price", "flat_fee"), key=str
    )


def test_a_revision_from_the_very_start_leaves_the_old_rule_nothing_to_price(operator: User):
    old = PriceRuleFactory.create()
    draft = revise(old, by=operator, at=NOW, since=LONG_AGO_ON_A_CLOCK)

    activate(draft, by=operator, at=NOW)

    old.refresh_from_db()
    assert old.wall_from == old.wall_to == LONG_AGO_ON_A_CLOCK


def test_what_has_ended_is_not_revised(operator: User):
    ended = PriceRuleFactory.create(wall_to=TODAY)

    with pytest.raises(HasEnded):
        revise(ended, by=operator, at=NOW)


def test_a_revision_that_leaves_a_customer_has_both_customers_rated_anew(operator: User):
    old, new = BillingPeriodFactory.create(), BillingPeriodFactory.create()
    draft = revise(PriceRuleFactory.create(customer=old.customer), by=operator, at=NOW)
    PriceRule.objects.filter(pk=draft.pk).update(customer=new.customer)

    activate(draft, by=operator, at=NOW)

    assert set(UnratedMark.objects.values_list("period", flat=True)) == {old.pk, new.pk}


def billed(rule: PriceRule, *, on: datetime, time_zone: str = "UTC", **period: object) -> BillingPeriod:
    """A closed October (or another period) in which the rule priced one action."""
    period = BillingPeriodFactory.create(customer__time_zone=time_zone, **period)
    ChargeFactory.create(action__period=period, action__occurred_at=on, rule=rule)
    BillingPeriod.objects.filter(pk=period.pk).update(state="closed", closed_at=NOW)
    return period


def test_a_revision_never_begins_within_what_is_billed(operator: User):
    old = PriceRuleFactory.create()
    billed(old, on=datetime(2026, 10, 20, 12, tzinfo=UTC))
    draft = revise(old, by=operator, at=IN_NOVEMBER, since=read("2026-10-20T12:00"))

    with pytest.raises(WouldRewriteHistory, match="Start on November 1, 2026 or later"):
        activate(draft, by=operator, at=IN_NOVEMBER)

    old.refresh_from_db()
    assert (old.wall_to, PriceRule.objects.get(pk=draft.pk).state) == (None, "draft")
    PriceRule.objects.filter(pk=draft.pk).update(wall_from=NEXT_MONTH)
    assert activate(draft, by=operator, at=IN_NOVEMBER).state == "active"


def test_what_came_late_and_was_billed_with_an_earlier_month_pins_the_price_of_its_day_too(operator: User):
    """October was billed first; its late actions went to September, which was still open."""
    old = PriceRuleFactory.create()
    billed(old, on=datetime(2026, 10, 23, 14, tzinfo=UTC), month=Month(2026, 9))

    with pytest.raises(WouldRewriteHistory, match=r"in 2026-09\. Start on October 24, 2026 or later"):
        activate(
            revise(old, by=operator, at=IN_NOVEMBER, since=read("2026-10-23")),
            by=operator,
            at=IN_NOVEMBER,
            reason="New",
        )

    draft = revise(old, by=operator, at=IN_NOVEMBER, since=read("2026-10-24"))
    assert activate(draft, by=operator, at=IN_NOVEMBER).state == "active"


def test_one_customers_closed_week_pins_no_price_that_it_never_used(operator: User):
    old = PriceRuleFactory.create(action_type=ActionTypeFactory.create(code="view"))
    billed(old, on=datetime(2026, 10, 31, 12, tzinfo=UTC))
    other = PriceRuleFactory.create(action_type=ActionTypeFactory.create(code="order"))
    week = BillingPeriodFactory.create(customer__time_zone="America/New_York", month=Week(2026, 45))
    ChargeFactory.create(action__period=week, action__occurred_at=datetime(2026, 11, 3, tzinfo=UTC), rule=other)
    BillingPeriod.objects.filter(pk=week.pk).update(state="closed", closed_at=NOW)

    activated = activate(revise(old, by=operator, at=IN_NOVEMBER, since=NEXT_MONTH), by=operator, at=IN_NOVEMBER)

    assert activated.state == "active"
    with pytest.raises(WouldRewriteHistory, match=r"in 2026-W45\. Start on November 9, 2026 or later"):
        activate(revise(other, by=operator, at=IN_NOVEMBER, since=NEXT_MONTH), by=operator, at=IN_NOVEMBER)


def test_what_an_earlier_revision_billed_late_counts_where_its_customer_is(operator: User):
    """Late activity of October, billed in November: a revision within October would contradict it."""
    old = PriceRuleFactory.create()
    billed(old, on=datetime(2026, 10, 15, 3, 59, tzinfo=UTC), time_zone="America/New_York", month=Month(2026, 11))

    at = datetime(2026, 12, 2, tzinfo=UTC)
    draft = revise(old, by=operator, at=at, since=read("2026-10-14T23:59"))
    with pytest.raises(WouldRewriteHistory, match="Start on December 1, 2026 or later"):
        activate(draft, by=operator, at=at)
    PriceRule.objects.filter(pk=draft.pk).update(wall_from=read("2026-10-15"))
    assert activate(draft, by=operator, at=at).state == "active"


def test_a_retired_rule_still_prices_what_occurred_before(operator: User):
    rule = retire(PriceRuleFactory.create(), by=operator, at=NOW)

    assert (rule.state, rule.wall_to, rule.retired_by) == ("retired", TODAY, operator)
    assert PriceRule.objects.in_force().get() == rule
    with pytest.raises(NotActive):
        retire(rule, by=operator, at=NOW)
    with pytest.raises(NotActive):
        revise(rule, by=operator, at=NOW)


def test_two_active_rules_of_the_same_scope_never_overlap_in_time(operator: User):
    PriceRuleFactory.create(wall_to=NEXT_MONTH)
    overlaps = PriceRuleFactory.create(draft=True, wall_from=TODAY)
    follows = PriceRuleFactory.create(draft=True, wall_from=NEXT_MONTH)

    with pytest.raises(RulesOverlap):
        activate(overlaps, by=operator, at=NOW)
    activate(follows, by=operator, at=NOW)

    overlaps.refresh_from_db()
    assert (overlaps.state, overlaps.activated_at) == ("draft", None)


def test_each_dimension_the_priority_and_the_currency_make_another_scope():
    customer = CustomerFactory.create()
    PriceRuleFactory.create()
    PriceRuleFactory.create(customer=customer)
    PriceRuleFactory.create(product=ProductFactory.create(customer=customer))
    PriceRuleFactory.create(category="tiles")
    PriceRuleFactory.create(source=SourceFactory.create())
    PriceRuleFactory.create(channel=Channel.EVENT)
    PriceRuleFactory.create(action_type=ActionTypeFactory.create())
    PriceRuleFactory.create(priority=1)
    PriceRuleFactory.create(currency="EUR")

    assert PriceRule.objects.in_force().count() == 9


@pytest.mark.parametrize(
    "scope", [{}, {"category": "tiles"}, {"channel": "event"}, {"priority": -1}, {"action_type__code": "view"}]
)
def test_the_database_refuses_the_same_scope_twice_open_fields_included(scope: dict[str, object]):
    kind = ActionTypeFactory.create(code="view") if "action_type__code" in scope else None
    scope = {name: value for name, value in scope.items() if name != "action_type__code"} | (
        {"action_type": kind} if kind else {}
    )
    PriceRuleFactory.create(**scope)

    with pytest.raises(IntegrityError, match="active_rules_of_one_scope_never_overlap"), transaction.atomic():
        PriceRuleFactory.create(**scope)


def test_tiers_without_an_open_end_are_told_before_activation(operator: User):
    draft = PriceRuleFactory.create(draft=True, price_model="graduated", unit_price=None)
    draft.tiers.create(up_to=10, unit_price=1)

    with pytest.raises(RuleIncomplete, match="the last one must have no end"):
        activate(draft, by=operator, at=NOW)


def test_a_rule_for_a_product_of_another_customer_is_told_before_activation(operator: User):
    draft = PriceRuleFactory.create(draft=True, customer=CustomerFactory.create(), product=ProductFactory.create())

    with pytest.raises(RuleIncomplete, match=r"belongs to .*, not to "):
        activate(draft, by=operator, at=NOW)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE pricing_pricerule SET unit_price = 3 WHERE unit_price IS NOT NULL",
        "UPDATE pricing_pricerule SET category = 'tiles'",
        "UPDATE pricing_pricerule SET wall_from = now()",
        "DELETE FROM pricing_pricetier",
        "UPDATE pricing_pricetier SET unit_price = 3",
        "INSERT INTO pricing_pricetier (rule_id, up_to, unit_price, flat_fee) SELECT id, 5, 1, 0 FROM pricing_pricerule",
    ],
)
def test_the_database_itself_refuses_to_edit_a_rule_in_force(sql: str):
    PriceRuleFactory.create(priority=1)
    graduated((10, "1", "0"), (None, "0.5", "0"))
    before = list(PriceRule.objects.values()), [list(rule.tiers.values()) for rule in PriceRule.objects.all()]

    with pytest.raises(IntegrityError, match="never edited"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)

    assert (list(PriceRule.objects.values()), [list(rule.tiers.values()) for rule in PriceRule.objects.all()]) == before


def test_prices_and_scopes_are_told_in_words():
    customer = CustomerFactory.create(name="Acme")
    rule = PriceRuleFactory.create(
        customer=customer,
        unit_price=Decimal("2.50"),
        category="tiles",
        channel=Channel.WEBINAR,
        action_type=ActionTypeFactory.create(name="Sample order"),
    )
    tiered = graduated((100, "1", "0"), (None, "0.0125", "5"))
    yen = PriceRuleFactory.create(currency="JPY", unit_price=Decimal(380))

    assert (price_in_words(rule), scope_in_words(rule)) == ("$2.50 each", ["Acme", "tiles", "Webinar", "Sample order"])
    assert price_in_words(tiered) == (
        "$1.00 each for units 1–100 of a period, then $0.0125 each for units 101 and above plus $5.00 once per period on"
        " entering this tier"
    )
    assert (price_in_words(yen), scope_in_words(yen)) == ("¥380 each", [])
