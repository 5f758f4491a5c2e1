"""What the author of a rule is shown: that it can match nothing, what blocks it, and which failures it did not cause."""

import re
from datetime import UTC, datetime

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wall_clock import read
from pricing.domain.rule_book.checks import PriceChecksFail, checks_with
from pricing.domain.rule_book.rules import activate, revise
from pricing.domain.rule_book.validate import RuleIncomplete
from pricing.domain.rule_book.warnings import warnings_for
from pricing.domain.scope.fit import LastMonth, close_to, matches_in_words, matches_last_month
from pricing.domain.scope.gaps import gaps
from pricing.domain.scope.overlap import RulesOverlap
from pricing.models import PriceRule
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    BillingPeriodFactory,
    CustomerFactory,
    ProductFactory,
    SourceFactory,
)
from tests.factories.pricing import PriceCheckFactory, PriceRuleFactory
from tests.pricing.admin.test_pages import add, errors, press, told

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, tzinfo=UTC)
DECEMBER = read("2026-12-01")


def told_about(rule: PriceRule) -> list[str]:
    return [warning.sentence for warning in warnings_for(PriceRule.objects.get(pk=rule.pk), at=NOW)]


# --- A rule that can match nothing -----------------------------------------------------------------------------------


def test_a_category_that_nothing_is_in_is_told_with_those_that_were_meant():
    acme = ProductFactory.create(category="brick", customer__name="Acme").customer
    ProductFactory.create(category="Tiles", customer__name="Bolt")
    rules = [
        PriceRuleFactory.create(draft=True, **scope)
        for scope in (
            {"category": "bricks", "customer": acme},
            {"category": "tiles"},
            {"category": "Tiles", "customer": acme},
            {"category": "carpets", "customer": acme},
            {"category": "brick", "customer": acme},
        )
    ]

    assert [next(iter(told_about(rule)), "") for rule in rules] == [
        "No product of Acme is in the category “bricks”. Did you mean “brick”?",
        "No product is in the category “tiles”. Did you mean “Tiles”?",
        "No product of Acme is in the category “Tiles”: those of Bolt are.",
        "No product of Acme is in the category “carpets” yet.",
        "",
    ]


def test_a_currency_nobody_is_billed_in_and_a_channel_nobody_sends_from_are_told():
    CustomerFactory.create()
    silent = SourceFactory.create(name="Old site", is_active=False)

    assert told_about(PriceRuleFactory.create(draft=True, currency="CHF")) == ["No customer is billed in CHF."]
    assert told_about(PriceRuleFactory.create(draft=True, channel="webinar")) == [
        "No active source has the channel “Webinar”."
    ]
    assert told_about(PriceRuleFactory.create(draft=True, source=silent)) == ["Old site is inactive and sends nothing."]


def test_how_many_of_last_months_actions_a_rule_matches_is_counted_by_its_scope():
    october = BillingPeriodFactory.create(month=Month(2026, 10))
    customer = october.customer
    tile = ProductFactory.create(customer=customer, category="tiles")
    webinar = SourceFactory.create(channel="webinar")
    view = ActionTypeFactory.create(code="view")
    for facts in ({}, {"lead__source": webinar}, {"action_type": view}):
        ActionFactory.create(period=october, **{"lead__product": tile, **facts})
    ActionFactory.create(period=BillingPeriodFactory.create(customer=customer, month=Month(2026, 11)))
    scopes = [
        {},
        {"customer": customer},
        {"customer": CustomerFactory.create()},
        {"product": tile},
        {"category": "tiles", "channel": "webinar"},
        {"category": "wood"},
        {"source": webinar, "action_type": view},
        {"action_type": view},
    ]

    rules = [PriceRuleFactory.create(draft=True, **scope) for scope in scopes]

    assert [matches_last_month(rule, at=NOW) for rule in rules] == [3, 3, 0, 3, 1, 0, 0, 1]
    read_at_once = LastMonth.read(at=NOW)
    assert [read_at_once.has_none_for(rule) for rule in rules] == [False] * 2 + [False] + [False] * 2 + [True] * 2 + [
        False
    ]
    unused = PriceRuleFactory.create(draft=True, source=webinar, action_type=view)
    assert matches_in_words(unused, at=NOW) == "It matches 0 actions of last month."
    assert "It matches 0 actions of last month." in told_about(unused)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("product", "belongs to Acme"),
        ("category", "is in the category “tiles”: this rule would price nothing."),
        ("channel", "is “Website”: this rule would price nothing."),
        ("currency", "is billed in USD: this rule would price nothing."),
    ],
)
def test_a_scope_that_excludes_itself_is_refused_by_the_form_and_by_the_activation_alike(
    operations: Client, operator: User, field: str, words: str
):
    tile = ProductFactory.create(category="tiles")
    scope = {
        "product": {"product": tile, "customer": CustomerFactory.create()},
        "category": {"product": tile, "category": "wood"},
        "channel": {"source": SourceFactory.create(), "channel": "webinar"},
        "currency": {"customer": tile.customer, "currency": "EUR"},
    }[field]
    typed = {name: getattr(value, "pk", value) for name, value in scope.items()}

    (refused,) = errors(add(operations, **typed)).values()
    with pytest.raises(RuleIncomplete) as activation:
        activate(PriceRuleFactory.create(draft=True, **scope), by=operator, at=NOW)

    assert (words in refused[0], refused[0]) == (True, str(activation.value))


def test_the_form_tells_it_when_saved_and_offers_the_categories_there_are(operations: Client) -> None:
    for category in ("brick", "tiles", ""):
        ProductFactory.create(category=category)

    page = operations.get(reverse("admin:pricing_pricerule_add")).content.decode()
    response = add(operations, category="bricks", wall_from_0="2099-01-01")

    offered = page.partition('<datalist id="categories">')[2].partition("</datalist>")[0]
    assert re.findall('value="(.*?)"', offered) == ["brick", "tiles"]
    assert "No product is in the category “bricks”. Did you mean “brick”?" in told(response)
    asked = operations.get(reverse("admin:pricing_pricerule_activate_rule", args=[PriceRule.objects.get().pk]))
    assert "Did you mean “brick”?" in asked.content.decode()


def test_the_currency_follows_the_customer_where_none_was_chosen(operations: Client) -> None:
    tokyo = CustomerFactory.create(currency="JPY", name="Ops Tokyo")
    add(operations, customer=tokyo.pk, currency="")
    assert PriceRule.objects.get().currency == "JPY"

    add(operations, name="For all", currency="")
    assert PriceRule.objects.get(name="For all").currency == "JPY"  # all existing customers are billed in it

    CustomerFactory.create()
    assert errors(add(operations, currency="")) == {
        "currency": ["Choose a currency. A rule prices customers of one currency."]
    }
    assert errors(add(operations, customer=tokyo.pk, currency="USD")) == {
        "currency": ["Ops Tokyo is billed in JPY: this rule would price nothing."]
    }


def test_what_is_close_to_a_word_is_found_capitals_aside():
    assert close_to("TILE", ["Tiles", "stone", "carpet"]) == ["Tiles"]
    assert close_to("bathroom", ["Tiles", "stone"]) == []


# --- What stands in its way ------------------------------------------------------------------------------------------


def test_an_overlap_is_told_before_a_second_person_is_asked_for(operator: User, settings: LazySettings):
    settings.FOUR_EYES = True
    other = PriceRuleFactory.create(name="R unit", wall_from=read("2026-10-01"))
    draft = PriceRuleFactory.create(draft=True, created_by=operator, wall_from=DECEMBER)

    with pytest.raises(RulesOverlap, match=r"time: “R unit”, from October 1, 2026\. Revise or retire") as refused:
        activate(draft, by=operator, at=NOW)

    draft.refresh_from_db()
    assert (refused.value.others, draft.state) == ([other], "draft")


def test_rival_drafts_of_one_rule_are_told_of_each_other(operations: Client, operator: User) -> None:
    rule = PriceRuleFactory.create()
    one = revise(rule, by=operator, at=NOW, since=DECEMBER)
    other = revise(rule, by=operator, at=NOW, since=read("2027-01-01"))

    assert "Another draft revises the same rule, from January 1, 2027." in told_about(one)
    assert "Another draft revises the same rule, from December 1, 2026." in told_about(other)
    for draft, rival in ((one, other), (other, one)):
        page = operations.get(reverse("admin:pricing_pricerule_change", args=[draft.pk]))
        assert [each["link"] for each in page.context["rivals"]] == [
            f'<a class="text-link lb-cut" href="{reverse("admin:pricing_pricerule_change", args=[rival.pk])}"'
            f' title="{rival}">{rival}</a>'
        ]


# --- What is not its fault -------------------------------------------------------------------------------------------


def test_a_check_that_fails_without_the_draft_too_does_not_block_it_and_is_shown_apart(
    operations: Client, operator: User
) -> None:
    SourceFactory.create()
    product = ProductFactory.create()
    view, order = ActionTypeFactory.create(code="view"), ActionTypeFactory.create(code="order")
    PriceRuleFactory.create(action_type=view)
    rule = PriceRuleFactory.create(action_type=order)
    PriceCheckFactory.create(name="Views", product=product, action_type=view, expected=9)
    PriceCheckFactory.create(name="Orders", product=product, action_type=order)
    other = PriceRuleFactory.create(draft=True, action_type=ActionTypeFactory.create(code="quote"), wall_from=DECEMBER)
    dearer = PriceRule.objects.get(pk=revise(rule, by=operator, at=NOW, since=DECEMBER).pk)
    dearer.unit_price = 3
    dearer.save()

    assert [
        [(str(each.check), each.holds, each.is_broken) for each in checks_with(draft, at=NOW)]
        for draft in (other, dearer)
    ] == [
        [("Orders", True, False), ("Views", False, False)],
        [("Orders", False, True), ("Views", False, False)],
    ]
    assert activate(other, by=operator, at=NOW).state == "active"
    with pytest.raises(PriceChecksFail, match=r"^1 price check would fail. “Orders”: \$3.00"):
        activate(dearer, by=operator, at=NOW)
    page = operations.get(reverse("admin:pricing_pricerule_change", args=[dearer.pk])).context
    assert [len(page["checks"]), len(page["failed_before"])] == [1, 1]


def test_a_check_of_the_price_that_was_agreed_blocks_a_draft_that_misses_it(operator: User) -> None:
    """It already fails, because the price is not yet in force; a draft that changes it to another wrong price is to blame."""
    SourceFactory.create()
    PriceCheckFactory.create(name="As agreed", expected=3)
    draft = PriceRule.objects.get(pk=revise(PriceRuleFactory.create(), by=operator, at=NOW, since=DECEMBER).pk)
    draft.unit_price = 30
    draft.save()

    with pytest.raises(PriceChecksFail, match="“As agreed”"):
        activate(draft, by=operator, at=NOW)
    draft.unit_price = 3
    draft.save()
    assert activate(draft, by=operator, at=NOW).state == "active"


def test_of_many_examples_the_one_that_the_draft_breaks_is_told(operator: User) -> None:
    """Products of two categories: one was already wrong, the draft breaks the other."""
    SourceFactory.create()
    customer = ProductFactory.create(sku="A", category="wood").customer
    ProductFactory.create(sku="B", category="tiles", customer=customer)
    kind = ActionTypeFactory.create()
    PriceRuleFactory.create(category="wood", unit_price=9)
    PriceRuleFactory.create()
    PriceCheckFactory.create(customer=customer, product=None, action_type=kind)
    draft = PriceRuleFactory.create(draft=True, category="tiles", unit_price=4, wall_from=DECEMBER)

    (result,) = checks_with(draft, at=NOW)

    assert (result.is_broken, result.found.startswith("$4.00 for B")) == (True, True)


def test_the_count_of_gaps_is_a_true_one():
    SourceFactory.create()
    customer = CustomerFactory.create()
    for number in range(30):
        ProductFactory.create(
            customer=customer, category="tiles" if number % 2 else "wood", name=f"{number} " + "x" * 90
        )
    for code in ("view", "order", "quote"):
        ActionTypeFactory.create(code=code)
    named = customer.products.first()
    PriceRuleFactory.create(product=named, customer=customer)
    old = PriceRuleFactory.create(customer=customer)
    rule = PriceRuleFactory.create(
        draft=True,
        customer=customer,
        action_type=ActionTypeFactory.create(code="view"),
        wall_from=DECEMBER,
        revises=old,
    )

    assert len(gaps(rule, at=DECEMBER, besides=[old.pk])) == 29 * 2
    (words,) = [words for words in told_about(rule) if words.startswith("No price")]
    assert words.endswith(" and 55 more.")
    assert len(words) < 300  # long names are cut


def test_bulk_activation_tells_what_can_match_nothing(operations: Client) -> None:
    ProductFactory.create(category="brick")
    draft = PriceRuleFactory.create(draft=True, category="bricks", wall_from=read("2099-01-01"))

    answer = operations.post(
        reverse("admin:pricing_pricerule_changelist"),
        {"action": "activate_selected", "_selected_action": [draft.pk]},
        follow=True,
    )

    assert told(answer) == [
        "Activated: 1",
        f"{draft}: No product is in the category “bricks”. Did you mean “brick”?",
    ]


def test_an_activation_says_how_much_it_matches(operations: Client) -> None:
    draft = PriceRuleFactory.create(draft=True, wall_from=read("2099-01-01"))
    asked = operations.get(reverse("admin:pricing_pricerule_activate_rule", args=[draft.pk])).content.decode()
    assert "It matches 0 actions of last month." in asked
    assert press(operations, "activate_rule", draft).status_code == 200
