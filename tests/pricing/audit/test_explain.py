"""A charge's sentences explain it to a reader who does not know the code."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from leads.models import BillingPeriod
from pricing.domain.audit.explain import explain
from pricing.domain.rate.rate import rate
from pricing.models import Charge, PriceRule
from tests.factories.leads import ActionFactory, BillingPeriodFactory, LeadFactory
from tests.factories.pricing import PriceRuleFactory, tiered

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 2, tzinfo=UTC)
FIRST = datetime(2026, 10, 1, 9, tzinfo=UTC)


@pytest.fixture
def period() -> BillingPeriod:
    return BillingPeriodFactory.create(customer__name="Acme")


def rated(period: BillingPeriod, *sent: Any, **facts: Any) -> list[Charge]:
    """One action of one lead per day, each with a quantity, or with a value if it is a string."""
    lead = LeadFactory.create(product__customer=period.customer)
    for day, each in enumerate(sent):
        given = {"value": Decimal(each)} if isinstance(each, str) else {"quantity": each}
        ActionFactory.create(lead=lead, period=period, occurred_at=FIRST + timedelta(days=day), **given, **facts)
    rate(period, at=NOW)
    return list(Charge.objects.order_by("action__occurred_at"))


def why(charge: Charge) -> list[str]:
    """The charge's sentences except the first, which names the rule."""
    return explain(charge).sentences[1:]


def untiered(model: str, **facts: Any) -> PriceRule:
    return PriceRuleFactory.create(price_model=model, **{"unit_price": None} | facts)


def test_free_units_are_told_apart_from_what_is_paid(period: BillingPeriod):
    PriceRuleFactory.create(unit_price=2, free_units=3)

    assert [why(charge) for charge in rated(period, 2, 4)] == [
        [
            "This rule had counted 0 in the period before this action, and 2 with it.",
            "The first 3 units of the period are free: 2 of its 2.",
        ],
        [
            "This rule had counted 2 in the period before this action, and 6 with it.",
            "The first 3 units of the period are free: 1 of its 4.",
            "3 × $2.00 = $6.00.",
        ],
    ]


def test_graduated_tells_the_tiers_it_touched(period: BillingPeriod):
    tiered("graduated", (3, "1", "0"), (None, "0.5", "5"), free_units=1)

    assert why(rated(period, 2, 4)[1]) == [
        "This rule had counted 2 in the period before this action, and 6 with it.",
        "The first unit of the period is free.",
        "2 in the tier “units 2–4” at $1.00 each: $2.00.",
        "2 in the tier “units 5 and above” at $0.50 each, plus $5.00 for entering it: $6.00.",
    ]


def test_a_volume_tells_the_total_and_the_tier_it_picked(period: BillingPeriod):
    tiered("volume", (3, "1", "0"), (None, "0.5", "5"))

    total = "The period's total is 6: above 3, all units cost $0.50 each."
    assert [why(charge) for charge in rated(period, 2, 4)] == [
        [total, "2 × $0.50 + the flat fee of $5.00, due once = $6.00."],
        [total, "4 × $0.50 = $2.00."],
    ]


def test_a_volume_with_free_units_tells_total_tier_and_price_that_agree(period: BillingPeriod):
    tiered("volume", (100, "1", "7"), (None, "0.5", "20"), free_units=10)

    total = "The period's total is 110: up to 110, all units beyond the free ones cost $1.00 each."
    assert [why(charge) for charge in rated(period, 60, 50)] == [
        [
            total,
            "The first 10 units of the period are free: 10 of its 60.",
            "50 × $1.00 + the flat fee of $7.00, due once = $57.00.",
        ],
        [total, "The first 10 units of the period are free.", "50 × $1.00 = $50.00."],
    ]


def test_a_package_tells_how_many_the_action_starts(period: BillingPeriod):
    untiered("package", package_size=10, package_price=5)

    assert [why(charge)[-1] for charge in rated(period, 12, 3)] == [
        "Packages of 10 started: 2 × $5.00 = $10.00.",
        "It starts no new package of 10, so it costs nothing.",
    ]


def test_a_percentage_tells_the_fee_the_bounds_and_what_is_free(period: BillingPeriod):
    untiered("percentage", percent=2, fixed_fee=Decimal("0.10"), minimum=1, maximum=5, free_actions=1)

    assert [why(charge) for charge in rated(period, "60", "100", "10", "1000", 1)] == [
        [
            "It is number 1 of this rule's actions in the period, and the first is free.",
            "Free of charge: $60.00 of its value.",
        ],
        [
            "It is number 2 of this rule's actions in the period, and the first is free.",
            "2% of $100.00 is $2.00, plus the fixed fee of $0.10.",
        ],
        [
            "It is number 3 of this rule's actions in the period, and the first is free.",
            "2% of $10.00 is $0.20, plus the fixed fee of $0.10.",
            "At least $1.00 is charged for an action.",
        ],
        [
            "It is number 4 of this rule's actions in the period, and the first is free.",
            "2% of $1,000.00 is $20.00, plus the fixed fee of $0.10.",
            "At most $5.00 is charged for an action.",
        ],
        ["The action came without a value, so it costs nothing."],
    ]


def test_a_graduated_percentage_counts_value(period: BillingPeriod):
    tiered("graduated_percentage", (1000, "2", "0"), (None, "1", "5"))

    assert why(rated(period, "600", "900")[1]) == [
        "This rule had counted a value of $600.00 in the period before this action, and $1,500.00 with it.",
        "$400.00 in the tier “value up to $1,000.00” at 2% of it: $8.00.",
        "$500.00 in the tier “value above $1,000.00” at 1% of it, plus $5.00 for entering it: $10.00.",
    ]


def test_the_rules_that_matched_too_say_what_they_lost_on(period: BillingPeriod):
    PriceRuleFactory.create(name="Everyone", unit_price=1)
    PriceRuleFactory.create(name="Acme", unit_price=2, customer=period.customer)
    PriceRuleFactory.create(name="This week", unit_price=3, priority=5)

    (charge,) = rated(period, 1)

    assert why(charge) == [
        "“Acme” also matched, but lost on priority: the winner's is higher.",
        "“Everyone” also matched, but lost on priority: the winner's is higher.",
        "1 × $3.00 = $3.00.",
    ]
    assert [rule["lost_on"] for rule in explain(charge).facts["also_matched"]] == ["priority", "priority"]


def test_a_rule_that_only_came_into_force_later_did_not_compete(period: BillingPeriod):
    PriceRuleFactory.create(name="Everyone", unit_price=1)
    (charge,) = rated(period, 1)

    PriceRuleFactory.create(name="Acme", unit_price=2, customer=period.customer)

    assert why(charge) == ["1 × $1.00 = $1.00."]


def test_a_lead_that_has_a_higher_priced_action_and_a_used_up_limit_are_told(period: BillingPeriod):
    PriceRuleFactory.create(unit_price=2, highest_only=True, cap_per_period=5)

    cheap, dear = rated(period, 1, 4)

    assert why(cheap) == [
        f"Not charged: only a lead's highest-priced action in a period is charged. That is action {dear.action}"
        " of Oct 2, 2026, 09:00 UTC ($8.00)."
    ]
    assert why(dear)[-1] == "The rule's limit per period of $5.00 leaves $5.00 of $8.00: $3.00 is not charged."
