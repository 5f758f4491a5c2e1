"""Prices of many rules change by a percentage or an amount: a draft each, rounded once, and nothing else changes."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from time_machine import travel

from billing_engine.core.calendar.wall_clock import read
from billing_engine.core.models import Deed
from leads.models import UnratedMark
from pricing.domain.rule_book.repricing import (
    BelowZero,
    IsBeingRevised,
    NoUnitPrice,
    PriceChange,
    StaysTheSame,
    planned,
    reprice,
)
from pricing.domain.rule_book.rules import NotActive, copy_rule
from pricing.domain.rule_wording import model_in_words
from pricing.models import PriceRule
from tests.factories.people import with_role
from tests.factories.pricing import PriceRuleFactory, graduated, tiered

pytestmark = pytest.mark.django_db

NOVEMBER = read("2026-11-01")


def by_percent(text: str) -> PriceChange:
    return PriceChange(percent=Decimal(text))


def by_amount(text: str) -> PriceChange:
    return PriceChange(amount=Decimal(text))


@pytest.mark.parametrize(
    ("change", "currency", "price", "new"),
    [
        pytest.param(by_percent("5"), "USD", "2.50", "2.63", id="half a cent up"),
        pytest.param(by_percent("-10"), "USD", "2.50", "2.25", id="lower"),
        pytest.param(by_percent("5"), "USD", "1.333333", "1.400000", id="as exact as the price is"),
        pytest.param(by_percent("5"), "JPY", "315", "331", id="no decimals in yen"),
        pytest.param(by_amount("0.10"), "USD", "2.5", "2.60", id="by an amount"),
        pytest.param(by_amount("-2.5"), "USD", "2.5", "0.00", id="down to nothing"),
    ],
)
def test_a_new_price_is_rounded_half_up_to_what_the_currency_or_the_price_has(
    change: PriceChange, currency: str, price: str, new: str
) -> None:
    assert str(change.of(Decimal(price), currency)) == new


@given(
    price=st.decimals(min_value=0, max_value=10**6, places=6),
    percent=st.decimals(min_value=-100, max_value=1000, places=2),
)
def test_a_new_price_is_never_further_than_half_a_unit_from_the_exact_one(price: Decimal, percent: Decimal) -> None:
    exact = price * (1 + percent / 100)

    assert abs(PriceChange(percent=percent).of(price, "USD") - exact) <= Decimal("0.005")


RULES: dict[str, Any] = {
    "per unit": lambda: PriceRuleFactory.create(unit_price="2.50", free_units=3),
    "package": lambda: PriceRuleFactory.create(
        price_model="package", unit_price=None, package_size=10, package_price="40"
    ),
    "graduated": lambda: graduated((10, "2", "1"), (None, "1.50", "0")),
    "percentage": lambda: PriceRuleFactory.create(
        price_model="percentage", unit_price=None, percent="1.5", fixed_fee="0.10", maximum="12"
    ),
    "graduated percentage": lambda: tiered("graduated_percentage", (100, "2", "1"), (None, "1", "0")),
}


@pytest.mark.parametrize(
    ("rule", "change", "then"),
    [
        ("per unit", by_percent("10"), "$2.75 each"),
        ("per unit", by_amount("0.10"), "$2.60 each"),
        ("package", by_percent("10"), "$44.00 per started package of 10 units in a period"),
        ("package", by_amount("1"), "$41.00 per started package of 10 units in a period"),
        (
            "percentage",
            by_percent("10"),
            "1.65% of an action's value plus $0.11, at most $13.20 per action, nothing without a value",
        ),
    ],
)
def test_prices_and_fees_change_and_allowances_stay(rule: str, change: PriceChange, then: str, operator: User) -> None:
    made = RULES[rule]()

    draft = reprice(made, change, since=NOVEMBER, by=operator)

    assert model_in_words(draft) == then
    assert (draft.state, draft.revises, draft.wall_from, draft.free_units) == (
        *("draft", made, NOVEMBER),
        made.free_units,
    )
    assert planned([PriceRule.objects.get(pk=made.pk)], change)[0].refused == str(IsBeingRevised())


@pytest.mark.parametrize(
    ("rule", "change", "rates"),
    [
        ("graduated", by_percent("10"), [("2.20", "1.10"), ("1.65", "0.00")]),
        ("graduated", by_amount("0.25"), [("2.25", "1.00"), ("1.75", "0.00")]),
        ("graduated percentage", by_percent("10"), [("2.20", "1.10"), ("1.10", "0.00")]),
    ],
)
def test_every_tier_changes(rule: str, change: PriceChange, rates: list[tuple[str, str]], operator: User) -> None:
    draft = reprice(RULES[rule](), change, since=NOVEMBER, by=operator)

    found = [(tier.unit_price or tier.percent, tier.flat_fee) for tier in draft.tiers.order_by("up_to")]
    assert [(f"{rate:.2f}", f"{fee:.2f}") for rate, fee in found] == rates


@pytest.mark.parametrize(
    ("made", "change", "refusal"),
    [
        pytest.param(RULES["percentage"], by_amount("1"), NoUnitPrice, id="no unit price"),
        pytest.param(RULES["per unit"], by_amount("-3"), BelowZero, id="below zero"),
        pytest.param(RULES["per unit"], by_percent("0.01"), StaysTheSame, id="rounds to the same"),
        pytest.param(lambda: PriceRuleFactory.create(draft=True), by_percent("5"), NotActive, id="a draft"),
    ],
)
def test_what_is_refused_is_told_before_and_changes_nothing(
    made: Any, change: PriceChange, refusal: Any, operator: User
) -> None:
    rule = made()
    before = list(PriceRule.objects.values())

    [plan] = planned([PriceRule.objects.get(pk=rule.pk)], change)
    with pytest.raises(refusal) as refused:
        reprice(rule, change, since=NOVEMBER, by=operator)

    assert plan.refused == str(refused.value)
    assert list(PriceRule.objects.values()) == before


def test_five_percent_on_many_rules_takes_two_pages_and_makes_a_draft_each(client: Client) -> None:
    rules = [
        PriceRuleFactory.create(name=f"Rule {number:02}", category=f"c{number}", unit_price="2.50")
        for number in range(12)
    ]
    fee = RULES["percentage"]()
    client.force_login(with_role("Operations"))
    page = reverse("admin:pricing_pricerule_changelist")
    chosen = {"action": "reprice_selected", "_selected_action": [rule.pk for rule in (*rules, fee)]}
    asked = {**chosen, "by": "0.10", "kind": "amount", "since_0": "2026-11-01", "since_1": ""}

    with travel("2026-10-20T12:00Z", tick=False):
        shown = client.post(page, asked).content.decode()
        assert (shown.count("$2.60 each"), shown.count(str(NoUnitPrice())), "Create 12 drafts" in shown) == (
            12,
            1,
            True,
        )
        assert not PriceRule.objects.filter(state="draft").exists()
        answer = client.post(page, {**asked, "confirmed": "1"})
        listed = client.get(answer["Location"]).context["cl"].result_count

    drafts = list(PriceRule.objects.filter(state="draft").order_by("pk"))
    assert [(draft.revises, draft.unit_price) for draft in drafts] == [(rule, Decimal("2.60")) for rule in rules]
    assert answer["Location"] == f"{page}?id__in={'%2C'.join(str(draft.pk) for draft in drafts)}"
    assert listed == 12
    assert not UnratedMark.objects.exists()


@pytest.mark.usefixtures("app_role")
def test_a_copy_is_a_new_rule_with_a_history_of_its_own(operator: User) -> None:
    rule = graduated((10, "2", "1"), (None, "1.50", "0"), name="Samples")

    draft = copy_rule(rule, name="Samples, west", by=operator, since=NOVEMBER)

    assert (draft.name, draft.state, draft.revises, draft.first_revision, draft.wall_from, draft.wall_to) == (
        *("Samples, west", "draft", None, None),
        *(NOVEMBER, None),
    )
    assert model_in_words(draft) == model_in_words(rule)
    assert [deed.verb for deed in Deed.objects.about(draft)] == ["price_rule_drafted"]
