"""Charges are filtered by reason, cap, rule and action type within a scope that an index serves, and the list says so."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from pricing.models import Charge
from tests.factories.leads import ActionFactory, ActionTypeFactory
from tests.factories.people import with_role
from tests.factories.pricing import ChargeFactory

pytestmark = pytest.mark.django_db
LIST = reverse("admin:pricing_charge_changelist")
CUT = {"amount": 2, "full_amount": 3}
FACTS: dict[str, dict[str, Any]] = {
    "already_charged": {"reason": "already_charged", "amount": 0, "full_amount": 0},
    "not_highest": {"reason": "not_highest", "amount": 0, "full_amount": 0},
    "per_lead": {**CUT, "cut_per_lead": 1},
    "per_period": {**CUT, "cut_per_period": 1},
    "budget": {**CUT, "cut_by_budget": 1},
}


@pytest.fixture
def operations(client: Client) -> Client:
    client.force_login(with_role("Operations"))
    return client


def listed(browser: Client, **asked: object) -> list[Charge]:
    response = browser.get(LIST, {name: str(value) for name, value in asked.items()})
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def scopes_of(charge: Charge) -> list[dict[str, object]]:
    """Its period, its customer, its month."""
    period = charge.period
    return [
        {"action__period__id__exact": period.pk},
        {"action__period__customer__id__exact": period.customer_id},
        {"action__period__label__in": period.label},
    ]


@pytest.mark.parametrize("fact", FACTS)
def test_charges_are_listed_by_reason_or_cap_within_a_period_a_customer_or_a_month(
    operations: Client, fact: str
) -> None:
    charge, _ = ChargeFactory.create(**FACTS[fact]), ChargeFactory.create()
    asked = {"cap": fact} if "cut" in str(FACTS[fact]) else {"reason__exact": fact}

    assert [listed(operations, **asked, **scope) for scope in scopes_of(charge)] == [[charge]] * 3
    assert listed(operations, **asked, q=charge.action.external_id) == [charge]


def test_charges_are_listed_by_rule_and_action_type_within_a_period(operations: Client) -> None:
    charge = ChargeFactory.create()
    other = ChargeFactory.create(
        action=ActionFactory.create(
            lead=charge.action.lead, period=charge.period, action_type=ActionTypeFactory.create(code="call")
        ),
        rule__priority=5,
    )
    of_period = {"action__period__id__exact": charge.period_id}

    for one in (charge, other):
        assert listed(operations, rule__id__exact=one.rule_id, **of_period) == [one]
        assert listed(operations, action__action_type__id__exact=one.action.action_type_id, **of_period) == [one]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"reason__exact": "waived"}, "To filter charges by reason, choose a period or a customer too."),
        ({"cap": "per_lead"}, "To filter charges by cap, choose a period or a customer too."),
        ({"rule__id__exact": 1}, "To filter charges by rule, choose a period too."),
        ({"action__action_type__id__exact": 1}, "To filter charges by action type, choose a period too."),
    ],
)
def test_without_its_scope_the_list_asks_for_it_instead_of_showing_other_charges(
    operations: Client, asked: dict[str, object], says: str
) -> None:
    ChargeFactory.create()

    response = operations.get(LIST, asked)

    assert list(response.context["cl"].result_list) == []
    assert says in response.content.decode()
