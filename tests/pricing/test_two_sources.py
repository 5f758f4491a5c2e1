"""Nothing that a source is told changes with what another source sends, except what the product's rules require."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from leads.domain.credentials.api_keys import create_key
from leads.domain.voiding import void
from leads.models import Action, ApiKey, BillingPeriod
from pricing.domain.rate.rate import rate
from pricing.models import Charge, PriceRule
from tests.factories.leads import ActionFactory, BillingPeriodFactory, LeadFactory, SourceFactory, agree
from tests.factories.people import with_role
from tests.factories.pricing import PriceRuleFactory, tiered

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 2, tzinfo=UTC)
FIRST = datetime(2026, 10, 10, 9, tzinfo=UTC)
NO_PRICE = {"price_model": "percentage", "unit_price": None, "percent": 5}


def per_unit(**facts: Any) -> Callable[[], PriceRule]:
    return lambda: PriceRuleFactory.create(name="Contract of Acme", unit_price=2, **facts)


RULES: dict[str, Callable[[], PriceRule]] = {
    "per unit": per_unit(),
    "free units": per_unit(free_units=3),
    "a limit per period": per_unit(cap_per_period=5),
    "a limit per lead": per_unit(cap_per_lead=3),
    "graduated": lambda: tiered("graduated", (3, "2", "0"), (None, "1", "5")),
    "volume": lambda: tiered("volume", (3, "2", "0"), (None, "1", "5")),
    "package": lambda: PriceRuleFactory.create(
        price_model="package", unit_price=None, package_size=10, package_price=5
    ),
    "percentage": lambda: PriceRuleFactory.create(**NO_PRICE),
    "percentage with free actions": lambda: PriceRuleFactory.create(**NO_PRICE, free_actions=1),
    "graduated percentage": lambda: tiered("graduated_percentage", (100, "5", "0"), (None, "1", "2")),
}


@pytest.fixture
def period() -> BillingPeriod:
    return BillingPeriodFactory.create(customer__name="Acme")


def an_action(period: BillingPeriod, source: Any, *, days: int = 5, **facts: Any) -> Action:
    lead = LeadFactory.create(product__customer=period.customer, source=source, person_key=facts.pop("person", ""))
    given = {"quantity": 2, "value": Decimal(80)} | facts
    return ActionFactory.create(lead=lead, period=period, occurred_at=FIRST + timedelta(days=days), **given)


def told(client: Client, action: Action, key: str) -> list[Any]:
    """Everything the API answers about an action of A."""
    lead = action.lead
    headers = {"Authorization": f"Bearer {key}"}
    state = client.get(
        f"/api/v1/actions/{lead.source.code}/{action.external_id}", {"lead": lead.external_id}, headers=headers
    )
    explanation = client.get(f"/api/v1/charges/{action.pk}/explanation", headers=headers)
    assert state.status_code == 200
    return [state.json(), explanation.status_code, explanation.json()]


def with_prices(source: Any) -> str:
    key, plaintext = create_key(source)
    ApiKey.objects.filter(pk=key.pk).update(scopes=list(ApiKey.Scope))
    return plaintext


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("key_of", [lambda source: create_key(source)[1], with_prices], ids=["key", "with prices"])
def test_what_another_source_sends_changes_nothing_that_a_source_is_told(
    client: Client, period: BillingPeriod, rule: str, key_of: Callable[[Any], str]
) -> None:
    RULES[rule]()
    source, other = SourceFactory.create(), SourceFactory.create()
    action, key = an_action(period, source), key_of(source)
    rate(period, at=NOW)
    charge, before = Charge.objects.get(), told(client, action, key)

    for days in (1, 2, 8):  # before it and after it
        an_action(period, other, days=days, quantity=50, value=Decimal(900))
    rate(period, at=NOW)

    assert told(client, action, key) == before
    # Where the amount does change, it is not told.
    if Charge.objects.get(pk=charge.pk).amount != charge.amount:
        assert before[2]["facts"].get("amount") is None


def test_a_hard_budget_that_another_source_uses_up_is_not_told(client: Client, period: BillingPeriod) -> None:
    agree(period.customer, monthly_budget=Decimal(5), hard_budget=True)
    per_unit()()
    source, other = SourceFactory.create(), SourceFactory.create()
    action, key = an_action(period, source), with_prices(source)
    rate(period, at=NOW)
    before = told(client, action, key)

    an_action(period, other, days=1, quantity=50)
    rate(period, at=NOW)

    assert Charge.objects.get(pk=action.pk).amount == 0
    assert told(client, action, key) == before


@pytest.mark.parametrize("key_of", [lambda source: create_key(source)[1], with_prices], ids=["key", "with prices"])
def test_a_person_charged_before_is_told_as_that_and_not_by_whom(
    client: Client, period: BillingPeriod, key_of: Callable[[Any], str]
) -> None:
    per_unit(once_per="person", once_days=30)()
    source, other = SourceFactory.create(), SourceFactory.create()
    key = key_of(source)
    own = an_action(period, source, days=1, person="ada@example.com")
    again = an_action(period, source, days=5, person="ada@example.com")
    rate(period, at=NOW)
    paid_by_own = told(client, again, key)

    an_action(period, other, days=0, person="ada@example.com")
    rate(period, at=NOW)

    assert Charge.objects.get(pk=again.pk).paid_by != own
    assert told(client, again, key) == paid_by_own
    assert paid_by_own[2]["sentences"] == ["Not charged: already charged."]


def test_a_source_is_told_fate_and_reason_and_no_price(client: Client, period: BillingPeriod) -> None:
    per_unit()()
    source = SourceFactory.create()
    action = an_action(period, source)
    rate(period, at=NOW)

    state, _, explanation = told(client, action, create_key(source)[1])

    assert explanation == {
        "action": action.pk,
        "sentences": ["Charged."],
        "facts": {"outcome": "charged", "reason": None},
    }
    assert (state["message"], state["charge"]) == (
        "Charged.",
        {"reason": "", "explanation": f"/api/v1/charges/{action.pk}/explanation"},
    )
    assert "invoice" not in state


def test_a_key_with_the_scope_is_told_the_price_of_its_own_action(client: Client, period: BillingPeriod) -> None:
    rule = per_unit(cap_per_lead=3)()
    PriceRuleFactory.create(name="Everyone", unit_price=9, priority=-1)
    source = SourceFactory.create()
    action = an_action(period, source)
    rate(period, at=NOW)

    state, _, explanation = told(client, action, with_prices(source))

    price = {"currency": "USD", "amount": "3.000000", "full_amount": "4.000000"}
    cuts = [{"cap": "per_lead", "amount": "1.000000"}]
    assert explanation == {
        "action": action.pk,
        "sentences": [
            "Priced by “Contract of Acme”: $2.00 each, at most $3.00 per lead over all periods.",
            "Charged $3.00 of $4.00.",
        ],
        "facts": {
            "outcome": "charged",
            "reason": None,
            "rule": rule.pk,
            "rule_name": "Contract of Acme",
            **price,
            "cuts": cuts,
        },
    }
    assert state["message"] == "Charged $3.00 of $4.00 by the rule “Contract of Acme”."
    assert state["charge"] == {
        "reason": "",
        "explanation": f"/api/v1/charges/{action.pk}/explanation",
        "rule": "Contract of Acme",
        "rule_id": rule.pk,
        **price,
        "cuts": cuts,
    }
    assert state["invoice"] is None


def test_an_amount_that_depends_on_other_sources_is_left_out(client: Client, period: BillingPeriod) -> None:
    RULES["graduated"]()
    source = SourceFactory.create()
    action = an_action(period, source)
    rate(period, at=NOW)

    _, _, explanation = told(client, action, with_prices(source))

    facts = explanation["facts"]
    assert (facts["amount"], facts["full_amount"], facts["cuts"]) == (None, None, None)
    assert (
        explanation["sentences"][-1]
        == "The amount depends on what the customer received from all sources, so it isn't shown."
    )


def test_a_source_is_not_told_who_voided_its_action_nor_what_that_person_wrote(
    client: Client, period: BillingPeriod
) -> None:
    source = SourceFactory.create()
    action = an_action(period, source)
    void(action, reason="A favor for a friend", by=with_role("Operations"), at=NOW)
    rate(period, at=NOW)

    state, _, explanation = told(client, action, with_prices(source))

    assert (state["message"], state["void_reason"]) == ("Not charged: Voided.", "")
    assert explanation["sentences"] == ["Not charged: voided."]
