"""The form of a draft: each price model has its fields, and errors are shown next to them."""

from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from pricing.models import PriceRule
from pricing.rating.prices import amount_fields
from tests.factories.pricing import PriceRuleFactory, PriceTierFactory, tiered
from tests.pricing.admin.test_pages import PER_UNIT, add, errors, press, tiers, told

pytestmark = pytest.mark.django_db

MADE_OF = {
    "per_unit": {"unit_price": "2.50", "free_units": "10"},
    "package": {"package_size": "10", "package_price": "5", "free_units": "0.5"},
    "percentage": {
        "percent": "1.3",
        "fixed_fee": "0.10",
        "minimum": "1",
        "maximum": "50",
        "free_actions": "3",
        "free_value": "100",
    },
}
# Values that may be left in fields that another price model hides; a browser sends these too.
LEFT = {part: "7" for parts in MADE_OF.values() for part in parts}
NOTHING = dict.fromkeys(LEFT) | {"free_units": 0, "fixed_fee": 0, "free_actions": 0, "free_value": 0}


def by_percent(*rows: tuple[str, str, str]) -> dict[str, str]:
    """A graduated percentage: (up to, unit price, percent) of each tier."""
    facts = tiers(*((up_to, unit_price) for up_to, unit_price, _ in rows)) | {"price_model": "graduated_percentage"}
    return facts | {f"tiers-{number}-percent": percent for number, (_, _, percent) in enumerate(rows)}


def mistakes_in_tiers(response: Any) -> list[dict[str, list[str]]]:
    (formset,) = response.context["inline_admin_formsets"]
    return [dict(form.errors) for form in formset.formset.forms]


def stored(rule: PriceRule) -> dict[str, Any]:
    return {part: getattr(rule, part) for part in LEFT}


@pytest.mark.parametrize("model", MADE_OF)
def test_a_price_is_stored_with_its_own_parts_and_without_what_is_left_of_others(
    operations: Client, model: str
) -> None:
    add(operations, **LEFT | MADE_OF[model] | {"price_model": model})

    expected = NOTHING | {part: Decimal(number) for part, number in MADE_OF[model].items()}
    assert stored(PriceRule.objects.get()) == expected


@pytest.mark.parametrize("model", ["graduated", "volume"])
def test_tiers_of_units_have_unit_prices_and_free_units(operations: Client, model: str) -> None:
    facts = by_percent(("100", "2", "9"), ("", "1", "")) | {"price_model": model}
    add(operations, **LEFT | facts | {"free_units": "10", "tiers-1-flat_fee": ""})

    rule = PriceRule.objects.get()
    assert stored(rule) == NOTHING | {"free_units": 10}
    assert list(rule.tiers.order_by("up_to").values_list("up_to", "unit_price", "percent", "flat_fee")) == [
        (100, 2, None, 0),
        (None, 1, None, 0),
    ]


def test_tiers_of_value_have_percents(operations: Client) -> None:
    add(operations, **LEFT | by_percent(("1000", "9", "2"), ("", "", "1")))

    rule = PriceRule.objects.get()
    assert stored(rule) == NOTHING
    assert list(rule.tiers.order_by("up_to").values_list("up_to", "unit_price", "percent")) == [
        (1000, None, 2),
        (None, None, 1),
    ]


@pytest.mark.parametrize(
    ("model", "part", "words"),
    [
        ("package", "package_size", "Enter the number of units in a package."),
        ("package", "package_price", "Enter the price of a package, which can be 0."),
        ("percentage", "percent", "Enter a percent, which can be 0."),
    ],
)
def test_a_part_that_is_missing_is_asked_for(operations: Client, model: str, part: str, words: str) -> None:
    response = add(operations, **MADE_OF[model] | {"price_model": model, part: ""})

    assert (errors(response), PriceRule.objects.count()) == ({part: [words]}, 0)


@pytest.mark.parametrize("part", sorted({part for parts in MADE_OF.values() for part in parts} - {"free_actions"}))
def test_no_number_of_a_price_is_negative(operations: Client, part: str) -> None:
    model = next(model for model, parts in MADE_OF.items() if part in parts)

    response = add(operations, **MADE_OF[model] | {"price_model": model, part: "-1"})

    (words,) = errors(response)[part]
    assert words.endswith(("can't be negative.", "must be greater than zero."))
    assert PriceRule.objects.count() == 0


@pytest.mark.parametrize("limit", ["cap_per_lead", "cap_per_period"])
def test_a_limit_is_not_negative(operations: Client, limit: str) -> None:
    assert errors(add(operations, **{limit: "-1"})) == {limit: ["Limit can't be negative."]}


def test_a_maximum_is_not_below_the_minimum(operations: Client) -> None:
    response = add(operations, **MADE_OF["percentage"] | {"price_model": "percentage", "maximum": "0.5"})
    assert errors(response) == {"maximum": ["The maximum is below the minimum of 1."]}


def test_emptied_numbers_are_zero(operations: Client) -> None:
    emptied = dict.fromkeys(("fixed_fee", "free_actions", "free_value"), "")
    add(operations, **MADE_OF["percentage"] | emptied | {"price_model": "percentage"})
    rule = PriceRule.objects.get()
    assert (rule.fixed_fee, rule.free_actions, rule.free_value) == (0, 0, 0)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ("", "Enter the number of days, at least 1."),
        ("0", "Enter the number of days, at least 1."),
        ("3651", "Enter at most 3,650 days (ten years)."),
    ],
)
def test_charging_once_says_within_how_many_days(operations: Client, days: str, words: str) -> None:
    assert errors(add(operations, once_per="lead", once_days=days)) == {"once_days": [words]}


def test_limits_are_stored_and_days_without_once_are_forgotten(operations: Client) -> None:
    add(operations, once_days="9", highest_only="on", cap_per_lead="10", cap_per_period="70")
    rule = PriceRule.objects.get()
    assert (rule.once_days, rule.highest_only, rule.cap_per_lead, rule.cap_per_period) == (None, True, 10, 70)


@pytest.mark.parametrize(
    ("price", "other"),
    [
        ({"free_units": "5"}, "a free allowance"),
        ({"price_model": "percentage", "percent": "2", "free_actions": "3"}, "a free allowance"),
        ({"price_model": "percentage", "percent": "2", "free_value": "100"}, "a free allowance"),
        ({"price_model": "package", "package_size": "10", "package_price": "5"}, "a package price"),
    ],
)
def test_highest_only_is_refused_beside_what_no_true_sentence_explains(
    operations: Client, price: dict[str, str], other: str
) -> None:
    words = (
        f"Highest only can't be combined with {other}. It needs a per-unit or percentage price without an allowance."
    )

    assert errors(add(operations, highest_only="on", **price)) == {"highest_only": [words]}
    assert not PriceRule.objects.exists()


def test_a_percent_is_no_unit_price_and_a_unit_price_no_percent(operations: Client) -> None:
    by_unit = add(operations, **by_percent(("", "", "2")) | {"price_model": "volume"})
    by_value = add(operations, **by_percent(("", "2", "")))

    assert mistakes_in_tiers(by_unit) == [{"unit_price": ["Each tier needs a unit price, which can be 0."]}]
    assert mistakes_in_tiers(by_value) == [{"percent": ["Each tier needs a percent, which can be 0."]}]


def test_numbers_of_tiers_are_not_negative(operations: Client) -> None:
    response = add(operations, **tiers(("-1", "-2"), ("", "1")) | {"tiers-1-flat_fee": "-3"})

    assert mistakes_in_tiers(response) == [
        {"unit_price": ["Price can't be negative."], "up_to": ["A tier must end above zero."]},
        {"flat_fee": ["Fee can't be negative."]},
    ]


@pytest.mark.parametrize("model", ["graduated", "volume", "graduated_percentage"])
def test_a_price_of_tiers_needs_some(operations: Client, model: str) -> None:
    response = add(operations, price_model=model)
    (formset,) = response.context["inline_admin_formsets"]
    name = model.replace("_", " ")
    assert formset.formset.non_form_errors() == [f"A {name} price needs tiers, and the last one must have no end."]


@pytest.mark.parametrize("typed", ["", "5", "-5"])
def test_tiers_that_the_new_price_model_has_not_are_removed_and_that_is_told(operations: Client, typed: str) -> None:
    draft = PriceRuleFactory.create(draft=True, price_model="graduated", unit_price=None)
    tier = PriceTierFactory.create(rule=draft, up_to=None)
    facts = tiers(("", "1"), (typed, "1")) | {"tiers-INITIAL_FORMS": "1", "tiers-0-id": tier.pk}

    response = operations.post(
        reverse("admin:pricing_pricerule_change", args=[draft.pk]),
        PER_UNIT | facts | {"price_model": "per_unit", "unit_price": "3", "tiers-0-rule": draft.pk},
        follow=True,
    )

    draft.refresh_from_db()
    assert (draft.unit_price, draft.tiers.count()) == (3, 0)
    assert "A per unit price has no tiers, so 1 were removed." in told(response)


def test_every_price_model_has_fields_of_its_own_on_the_page(operations: Client) -> None:
    shown = operations.get(reverse("admin:pricing_pricerule_add")).context["adminform"].model_admin.conditional_fields

    parts = {field.name for field in amount_fields() if field.is_required}
    assert set(shown) == parts | set(LEFT) | {"once_days"}


def test_a_revision_copies_everything_but_its_life(operations: Client) -> None:
    rule = tiered(
        "graduated_percentage",
        (1000, "2", "5"),
        (None, "1", "0"),
        once_per="person",
        once_days=30,
        cap_per_lead=Decimal(10),
        cap_per_period=Decimal(70),
        priority=3,
        category="tiles",
        channel="webinar",
    )
    press(operations, "revise_rule", rule, since_0="2026-12-01")

    draft = PriceRule.objects.get(revises=rule)
    life = {"id", "state", "wall_from", "first_revision", "revises"} | {
        f"{done}_{what}" for done in ("created", "activated", "retired") for what in ("at", "by")
    }
    terms = [field.attname for field in PriceRule._meta.fields if field.name not in life]
    columns = ("up_to", "unit_price", "percent", "flat_fee")
    assert {term: getattr(draft, term) for term in terms} == {term: getattr(rule, term) for term in terms}
    assert list(draft.tiers.order_by("up_to").values_list(*columns)) == list(
        rule.tiers.order_by("up_to").values_list(*columns)
    )


def test_a_rule_in_force_is_told_in_words_with_its_tiers(operations: Client) -> None:
    rule = tiered("graduated_percentage", (1000, "2", "0"), (None, "1", "5"), cap_per_lead=Decimal(10))

    page = operations.get(reverse("admin:pricing_pricerule_change", args=[rule.pk])).content.decode()

    words = (
        "2% of a period's value up to $1,000.00, then 1% of a period's value above $1,000.00 plus $5.00 once per period"
    )
    assert f"{words} on entering this tier" in unescape(page)
    assert "at most $10.00 per lead over all periods" in page
    assert [words in page for words in ("$1,000.00", "no end")] == [True, True]
