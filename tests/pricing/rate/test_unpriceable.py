"""An action that can't be priced stays unrated with a message; other actions and periods are rated."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from invoices.domain.life.close import HasUnratedActions, close
from leads.domain.periods import mark_unrated
from leads.models import BillingPeriod
from pricing.domain.rate.attempts import NothingToRetry, retry
from pricing.domain.rate.rate import rate, rate_waiting
from pricing.domain.rate.sweep import RATINGS, waiting_marks
from pricing.domain.waive import waive
from pricing.models import Charge, PeriodTally, PriceRule, RatingAttempts, UnratedAction
from pricing.rating.period import rate_period
from pricing.rating.prices import Counted, PerUnit
from pricing.rating.values import ActionFacts, Catalog, CustomerFacts, Decision, ProductFacts, RuleFacts, SourceFacts
from tests.factories.leads import ActionFactory, ActionTypeFactory, BillingPeriodFactory, LeadFactory
from tests.factories.people import UserFactory
from tests.factories.pricing import PriceRuleFactory, tiered
from tests.shared import BILLING_CASES, needs_cases

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
NOVEMBER_3 = datetime(2026, 11, 3, tzinfo=UTC)


@pytest.fixture
def period(db: None) -> BillingPeriod:
    return BillingPeriodFactory.create()


def did(period: BillingPeriod, *quantities: int | str, kind: str = "sample_order") -> list[int]:
    lead = LeadFactory.create(product__customer=period.customer)
    action_type = ActionTypeFactory.create(code=kind)
    return [
        ActionFactory.create(lead=lead, action_type=action_type, period=period, quantity=Decimal(quantity)).pk
        for quantity in quantities
    ]


def amounts(*actions: int) -> list[Decimal | None]:
    """The charged amounts; None if unrated."""
    charged = dict(Charge.objects.values_list("pk", "amount"))
    return [charged.get(action) for action in actions]


def a_rule_without_its_tiers(kind: str) -> PriceRule:
    """Saved as no form would save it."""
    rule = PriceRuleFactory.create(
        draft=True, price_model="graduated", unit_price=None, action_type=ActionTypeFactory.create(code=kind)
    )
    PriceRule.objects.filter(pk=rule.pk).update(state="active", activated_at=NOW)
    return rule


def narrow(column: str, type_: str) -> None:
    """PostgreSQL refuses larger charges, within this test."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE pricing_charge ALTER COLUMN {column} TYPE {type_}")


def test_a_rule_without_a_price_leaves_only_what_it_wins_unrated(period: BillingPeriod):
    broken = a_rule_without_its_tiers("call")
    PriceRuleFactory.create(unit_price=2)
    good = did(period, 1, 3)
    bad = did(period, 5, kind="call")
    other = BillingPeriodFactory.create()
    elsewhere = did(other, 4)
    mark_unrated([period, other], reason="intake")

    RATINGS.work([period.pk, other.pk], at=NOW)

    assert amounts(*good, *bad, *elsewhere) == [2, 6, None, 8]
    [row] = UnratedAction.objects.values_list("action", "period", "code", "message")
    assert row == (
        bad[0],
        period.pk,
        "unpriceable",
        f"The price rule {broken.name} (revision {broken.pk}) can't be used."
        " Tiers must ascend, and the last one must have no end.",
    )
    tally = PeriodTally.objects.get(period=period)
    assert (tally.actions, tally.charged, tally.unrated, tally.amount) == (3, 2, 1, 8)
    assert (RATINGS.sweep(at=NOW), RatingAttempts.objects.count()) == (0, 0)


def test_what_cannot_be_priced_blocks_the_close_until_it_is_mended_or_waived(period: BillingPeriod, operator: User):
    a_rule_without_its_tiers("call")
    first, _ = did(period, 1, 2, kind="call")
    with pytest.raises(HasUnratedActions):
        close(period, at=NOVEMBER_3)
    rate(period, at=NOW)
    waive(UnratedAction.objects.get(pk=first).action, note="Ours", by=operator, at=NOW)
    PriceRuleFactory.create(unit_price=3, priority=1)
    mark_unrated([period], reason="rules changed")

    invoice = close(period, at=NOVEMBER_3)

    assert invoice is not None
    assert (invoice.total, UnratedAction.objects.count()) == (6, 0)
    assert list(Charge.objects.values_list("reason", flat=True).order_by("pk")) == ["waived", ""]


@pytest.mark.parametrize("model", ["per_unit", "volume", "graduated"])
def test_a_charge_that_the_database_refuses_leaves_its_action_unrated_as_if_it_had_not_been_counted(
    period: BillingPeriod, model: str
):
    if model == "per_unit":
        PriceRuleFactory.create(unit_price=10, cap_per_period=100)
    else:
        tiered(model, (4, "20", "0"), (None, "10", "0"), cap_per_period=Decimal(100))
    first, second, large, last = did(period, 1, 2, 980, 2)
    mark_unrated([period], reason="intake")
    narrow("full_amount", "numeric(9, 6)")

    rate_waiting([period.pk], at=NOW)

    right = {"per_unit": (10, 20, None, 20), "volume": (10, 20, None, 20), "graduated": (20, 40, None, 30)}
    assert amounts(first, second, large, last) == [*right[model]]
    [(action, code, message)] = UnratedAction.objects.values_list("action", "code", "message")
    assert (action, code, message.startswith("Its charge can't be stored. numeric field overflow")) == (
        large,
        "unpriceable",
        True,
    )
    tally = PeriodTally.objects.get()
    assert (tally.charged, tally.unrated, tally.counters) == (3, 1, None)


@dataclass(frozen=True)
class Divides(PerUnit):
    """A price whose calculation fails."""

    def price(self, before: Counted, quantity: int, value: int | None) -> int:
        return quantity * (before.quantity + 1) // (quantity - 2_000_000)


def rated(actions: Sequence[ActionFacts], faults: dict[Any, str] | None, price: Any) -> list[Decision]:
    return list(
        rate_period(
            actions,
            customer=CustomerFacts(1, "USD"),
            rules=[RuleFacts(1, 1, price, "USD", 0)],
            catalog=Catalog({1: ProductFacts(1, "")}, {1: SourceFacts(1, "")}, {1: True}),
            faults=faults,
        )
    )


def test_a_fault_while_pricing_is_told_with_its_action_and_changes_no_other():
    actions = [
        ActionFacts(n, 1, "", 1, 1, 1, n, quantity) for n, quantity in enumerate((5_000_000, 2_000_000, 3_000_000))
    ]
    faults = dict[Any, str]()

    first, second, third = rated(actions, faults, Divides(0))

    assert faults == {1: "ZeroDivisionError: integer division or modulo by zero"}
    assert (second.is_unrated, second.amount) == (True, 0)
    assert [first, third] == rated([actions[0], actions[2]], {}, Divides(0))
    with pytest.raises(ZeroDivisionError):
        rated(actions, None, Divides(0))
    assert rated(actions, {}, PerUnit(1_000_000)) == rated(actions, None, PerUnit(1_000_000))


# --- What can't be rated at all


@pytest.fixture
def broken(db: None) -> BillingPeriod:
    """A period with an unreadable checkpoint."""
    period = BillingPeriodFactory.create()
    PriceRuleFactory.create(unit_price=2)
    did(period, 3)
    rate(period, at=NOW)
    PeriodTally.objects.update(counters={"written by": "something else"})
    mark_unrated([period], reason="intake")
    return period


def try_in_vain(period: BillingPeriod) -> None:
    with pytest.raises(KeyError, match="counted"):
        RATINGS.work([period.pk], at=NOW)


def test_after_three_attempts_in_vain_a_period_is_a_persons_turn(broken: BillingPeriod):
    asked = []
    for _ in range(3):
        asked.append(RATINGS.sweep(at=NOW))
        try_in_vain(broken)

    assert (asked, RATINGS.sweep(at=NOW), waiting_marks().count()) == ([1, 1, 1], 0, 0)
    RATINGS.work([broken.pk], at=NOW)  # a message that was still on its way
    found = RatingAttempts.objects.given_up().get()
    assert (found.period, found.attempts, found.message) == (broken, 3, "KeyError: 'counted'")


def test_a_person_lets_the_workers_try_again_and_all_of_it_is_rated(broken: BillingPeriod):
    with pytest.raises(NothingToRetry):
        retry(broken, by=UserFactory.create())
    for _ in range(3):
        try_in_vain(broken)

    retry(broken, by=UserFactory.create())

    assert RATINGS.sweep(at=NOW) == 1
    RATINGS.work([broken.pk], at=NOW)
    assert (RatingAttempts.objects.count(), Charge.objects.get().amount, broken.unrated_marks.count()) == (0, 6, 0)


def test_a_rating_that_ends_forgets_the_attempts_before_it(broken: BillingPeriod):
    try_in_vain(broken)
    PeriodTally.objects.update(counters=None)

    RATINGS.work([broken.pk], at=NOW)

    assert RatingAttempts.objects.count() == 0


def test_of_those_tried_together_only_the_one_at_fault_has_tried_in_vain(broken: BillingPeriod, period: BillingPeriod):
    did(period, 1)
    mark_unrated([period], reason="intake")

    RATINGS.work([broken.pk, period.pk], at=NOW)
    together = dict(RatingAttempts.objects.values_list("period", "attempts"))
    RATINGS.work([period.pk], at=NOW)
    try_in_vain(broken)

    assert together == {}
    assert dict(RatingAttempts.objects.values_list("period", "attempts")) == {broken.pk: 1}
    assert not period.unrated_marks.exists()


@needs_cases
@pytest.mark.parametrize("case", ["amount", "count", "line"])
def test_what_once_overflowed_is_charged_and_billed(period: BillingPeriod, case: str):
    [found] = [
        one
        for line in (BILLING_CASES / "overflow.ndjson").read_text().splitlines()
        if (one := json.loads(line))["case"] == case
    ]
    PriceRuleFactory.create(unit_price=Decimal(found["rule"]["unit_price"]))
    actions = did(period, *found["quantities"])

    invoice = close(period, at=NOVEMBER_3)

    right = {
        "amount": [Decimal(500), Decimal("1063682500000.00")],
        "count": [Decimal(600_000), Decimal(600_000), Decimal("0.000001")],
        "line": [Decimal(600_000), Decimal(600_000)],
    }[case]
    assert amounts(*actions) == right
    assert invoice is not None
    assert invoice.total == sum(right).quantize(Decimal("0.01"))  # type: ignore[union-attr]  # a sum of some
