"""“Try one action”: the form's current values price an example, nothing is saved, and billing would charge the same."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing_engine.core.models import Deed
from pricing.domain.rate.rate import rate
from pricing.domain.rule_book.example import Example, price_example
from pricing.models import PriceRule
from tests.factories.leads import ActionFactory, ActionTypeFactory, LeadFactory, SourceFactory
from tests.factories.people import with_role
from tests.factories.pricing import LONG_AGO_ON_A_CLOCK, PriceRuleFactory, graduated, tiered
from tests.pricing.admin.test_pages import PER_UNIT, tiers

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 10, 15, 12, tzinfo=UTC)
VOLUME = "volume"
OF_VALUE = "graduated_percentage"


def attempt(client: Client, rule: PriceRule | None = None, **facts: object) -> Any:
    name, arguments = ("try", [rule.pk]) if rule else ("try_new", [])
    return client.post(reverse(f"admin:pricing_pricerule_{name}", args=arguments), PER_UNIT | facts)


def test_the_form_as_it_stands_prices_an_example_of_its_scope(operations: Client) -> None:
    lead = LeadFactory.create()
    kind = ActionTypeFactory.create()
    general = PriceRuleFactory.create(name="General")

    answer = attempt(operations, action_type=kind.pk, unit_price="3.10", **{"try-quantity": "2"})

    assert answer.context["amount"] == "$6.20"
    assert (answer.context["wins"], answer.context["example"].product) == (True, lead.product)
    assert answer.context["sentences"] == ["2 × $3.10 = $6.20."]
    assert [loser["lost_on"] for loser in answer.context["losers"]] == [
        "action type: it applies to any action type, the winner to this one"
    ]
    assert "General" in answer.content.decode()
    assert (list(PriceRule.objects.all()), Deed.objects.count()) == ([general], 0)


def test_a_stronger_rule_is_named_as_the_winner(operations: Client) -> None:
    LeadFactory.create()
    ActionTypeFactory.create()
    PriceRuleFactory.create(name="Campaign", priority=5, unit_price=1)

    answer = attempt(operations)

    assert (answer.context["amount"], answer.context["wins"]) == ("$1.00", False)
    assert "not by this rule, but by" in answer.content.decode()
    assert [loser["link"] for loser in answer.context["losers"]] == ["this rule"]


def test_tiers_that_are_not_saved_are_counted_in(operations: Client) -> None:
    LeadFactory.create()
    ActionTypeFactory.create()

    answer = attempt(operations, **tiers(("100", "1"), ("", "0.50")), **{"try-quantity": "20", "try-counted": "90"})

    assert (answer.context["amount"], answer.context["sentences"][1:]) == (
        "$15.00",
        [
            "10 in the tier “units 1–100” at $1.00 each: $10.00.",
            "10 in the tier “units 101 and above” at $0.50 each: $5.00.",
        ],
    )


def test_an_incomplete_form_says_what_is_missing(operations: Client) -> None:
    answer = attempt(operations, unit_price="", wall_to_0="2026-10-01", wall_to_1="")

    assert answer.context["faults"] == [
        "Unit price: Enter a unit price, which can be 0.",
        "Until: A rule must end after it starts.",
    ]


def test_a_draft_that_revises_takes_the_old_ones_place(operations: Client) -> None:
    LeadFactory.create()
    ActionTypeFactory.create()
    old = PriceRuleFactory.create()
    draft = PriceRuleFactory.create(draft=True, revises=old, first_revision=old, wall_from=NOON.replace(tzinfo=None))

    answer = attempt(operations, draft, unit_price="4", wall_from_0="2026-10-15", **{"try-occurred_on": "2026-10-20"})
    before = attempt(operations, draft, unit_price="4", wall_from_0="2026-10-15", **{"try-occurred_on": "2026-10-10"})

    assert (answer.context["amount"], answer.context["wins"], answer.context["losers"]) == ("$4.00", True, [])
    assert (before.context["amount"], before.context["wins"]) == ("$2.50", False)
    draft.refresh_from_db()
    assert draft.unit_price == Decimal("2.5")


def test_what_is_excluded_says_so(operations: Client) -> None:
    lead = LeadFactory.create()
    lead.product.customer.contract_to = datetime(2026, 1, 1, tzinfo=UTC).date()
    lead.product.customer.save()
    ActionTypeFactory.create()

    answer = attempt(operations)

    assert answer.context["reason"] == "outside the contract's dates"


def test_a_rule_in_force_is_tried_as_it_is(operations: Client) -> None:
    LeadFactory.create()
    ActionTypeFactory.create()
    rule = graduated((10, "1", "0"), (None, "0.5", "2"))

    answer = attempt(operations, rule, **{"try-quantity": "12"})

    assert (answer.context["amount"], answer.context["wins"]) == ("$13.00", True)


def test_a_viewer_may_try_and_nobody_by_get(client: Client) -> None:
    client.force_login(with_role("Viewer"))
    assert attempt(client).status_code == 200
    assert client.get(reverse("admin:pricing_pricerule_try_new")).status_code == 403


@pytest.mark.parametrize(
    "make",
    [
        lambda: PriceRuleFactory.create(unit_price=Decimal("2.5"), free_units=1),
        lambda: graduated((2, "1", "0"), (None, "0.5", "2")),
        lambda: tiered(VOLUME, (2, "1", "0"), (None, "0.5", "2")),
        lambda: tiered(OF_VALUE, (10, "2", "0"), (None, "1", "1")),
        lambda: PriceRuleFactory.create(
            price_model="percentage", unit_price=None, percent=2, free_actions=1, fixed_fee=1
        ),
        lambda: PriceRuleFactory.create(cap_per_period=3),
    ],
)
def test_an_example_costs_what_rating_charges(make: Any) -> None:
    rule = make()
    action = ActionFactory.create(quantity=Decimal("3.5"), value=Decimal(90))
    rate(action.period, at=NOON)
    lead = action.lead

    priced = price_example(
        Example(lead.product, lead.source, action.action_type, action.occurred_at, Decimal("3.5"), Decimal(90))
    )

    action.refresh_from_db()
    assert (priced.amount, priced.winner) == (action.charge.amount, rule)


def test_however_many_rules_there_are_few_are_read(operations: Client) -> None:
    LeadFactory.create()
    ActionTypeFactory.create()
    attempt(operations)
    with CaptureQueriesContext(connection) as few:
        attempt(operations)
    source = SourceFactory.create()
    PriceRule.objects.bulk_create(
        PriceRule(name=f"Rule {n}", state="active", activated_at=NOON, wall_from=LONG_AGO_ON_A_CLOCK, unit_price=1, source=source,
                  priority=n)
        for n in range(300)
    )  # fmt: skip
    with CaptureQueriesContext(connection) as many:
        answer = attempt(operations)

    assert len(many) <= len(few)
    assert answer.context["losers"] == []
