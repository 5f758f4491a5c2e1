"""The use of each rule: counted after a rating, and shown in a list that never counts charges."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pricing.domain.rate.rate import rate
from pricing.domain.rate.usage import AT_MOST_EVERY, USE_COUNTS, Use, count_uses, uses_of
from pricing.models import PriceRule, RuleUse
from tests.factories.leads import MID_OCTOBER, ActionFactory, LeadFactory
from tests.factories.people import with_role
from tests.factories.pricing import PriceRuleFactory, PriceTierFactory

pytestmark = pytest.mark.django_db

LATER = MID_OCTOBER + timedelta(days=1)


def test_a_rules_uses_are_what_it_charged_over_all_periods(operator: User):
    rule, unused = PriceRuleFactory.create(), PriceRuleFactory.create(priority=-1)
    lead = LeadFactory.create()
    for quantity in (1, 3):
        ActionFactory.create(lead=lead, quantity=quantity)
    voided = ActionFactory.create(lead=lead, voided_at=MID_OCTOBER)
    elsewhere = ActionFactory.create(quantity=2)
    for period in {voided.period, elsewhere.period}:
        rate(period, at=LATER)

    assert USE_COUNTS.sweep(at=LATER) == 2
    for period in {voided.period, elsewhere.period}:
        count_uses(period.pk, at=LATER)

    assert uses_of([rule.pk, unused.pk]) == {rule.pk: Use(3, Decimal(15))}
    assert USE_COUNTS.sweep(at=LATER) == 0


def test_a_period_that_is_rated_again_is_counted_again_but_not_at_once():
    rule = PriceRuleFactory.create()
    action = ActionFactory.create()
    rate(action.period, at=LATER)
    count_uses(action.period_id, at=LATER)
    ActionFactory.create(lead=action.lead)
    rate(action.period, at=LATER + timedelta(seconds=1))

    assert USE_COUNTS.sweep(at=LATER + timedelta(seconds=5)) == 0
    assert USE_COUNTS.sweep(at=LATER + AT_MOST_EVERY) == 1
    count_uses(action.period_id, at=LATER + AT_MOST_EVERY)

    assert uses_of([rule.pk]) == {rule.pk: Use(2, Decimal(5))}
    assert RuleUse.objects.count() == 1


def rules_and_uses(count: int, *, first: int = 0) -> None:
    period = ActionFactory.create().period
    for number in range(first, first + count):
        rule = PriceRuleFactory.create(name=f"Rule {number:04d}", priority=number)
        RuleUse.objects.create(rule=rule, period=period, charges=1_250, amount=Decimal("3125.5"))


def listed(client: Client) -> tuple[Any, list[str]]:
    with CaptureQueriesContext(connection) as asked:
        response = client.get(reverse("admin:pricing_pricerule_changelist"))
    return response, [query["sql"] for query in asked]


def test_the_list_of_rules_asks_as_often_for_a_hundred_as_for_one_and_never_for_charges(client: Client) -> None:
    client.force_login(with_role("Operations"))
    rules_and_uses(1)
    listed(client)
    _, one = listed(client)
    rules_and_uses(99, first=1)

    response, many = listed(client)

    assert len(response.context["cl"].result_list) == 50
    assert len(many) == len(one)
    assert [sql for sql in many if "pricing_charge" in sql] == []
    page = response.content.decode()
    assert [words in page for words in ("$3,125.50", "1,250 charges")] == [True, True]


def test_the_list_says_model_price_and_rank(client: Client) -> None:
    client.force_login(with_role("Operations"))
    PriceTierFactory.create(rule__category="tiles", rule__channel="webinar", rule__priority=3, up_to=None)
    PriceRule.objects.update(once_per="lead", once_days=30)

    page = listed(client)[0].content.decode()

    expected = (
        "$1.00 each for all units of a period, once per lead and action type in 30 days",
        "Graduated",
        "○○●○●○",
        "Priority 3; fixes category, channel",
        "tiles",
        "Webinar",
    )
    assert [words for words in expected if words not in page] == []
