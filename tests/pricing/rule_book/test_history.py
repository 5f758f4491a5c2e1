"""Who may change a price, what the history keeps, and which warnings a user gets."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from billing_engine.core.calendar.wall_clock import read
from billing_engine.core.models import Deed
from pricing.domain.rule_book.approval import BackdatingNeedsAReason, BackdatingNeedsASecondPerson, SecondPersonNeeded
from pricing.domain.rule_book.history import history_of
from pricing.domain.rule_book.rules import IsTheLatest, activate, retire, revise, roll_back
from pricing.domain.rule_book.warnings import warnings_for
from pricing.models import PriceRule
from tests.factories.leads import (
    ActionTypeFactory,
    BillingPeriodFactory,
    CustomerFactory,
    ProductFactory,
    SourceFactory,
)
from tests.factories.pricing import PriceRuleFactory, graduated
from tests.pricing.admin.test_pages import PER_UNIT, add, press, told

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 20, tzinfo=UTC)
TODAY = read("2026-10-20")
OCTOBER, NEXT_MONTH = read("2026-10-01"), read("2026-11-01")


def words(rule: PriceRule) -> list[tuple[str, list[PriceRule]]]:
    return [(warning.words, warning.rules) for warning in warnings_for(PriceRule.objects.get(pk=rule.pk), at=NOW)]


def history(rule: PriceRule) -> list[tuple[str, User | None, str, list[list[str]]]]:
    """Verb, person, reason and changed terms of each deed on this revision, in order."""
    return [
        (deed.verb, deed.person, deed.reason, [[name, was, deed.after.get(name)] for name, was in deed.before.items()])
        for deed in Deed.objects.on(rule).order_by("pk")
    ]


# --- Who ---------------------------------------------------------------------------------------------------------


def test_what_has_occurred_gets_another_price_only_for_a_reason_and_by_a_second_person(
    operator: User, accountant: User
):
    BillingPeriodFactory.create()
    old = PriceRuleFactory.create()
    draft = revise(old, by=operator, at=NOW, since=OCTOBER)

    with pytest.raises(BackdatingNeedsAReason, match=rf"reprices actions of “{old}”\. Give a reason"):
        activate(draft, by=accountant, at=NOW)
    with pytest.raises(BackdatingNeedsASecondPerson, match="You wrote it, so ask a second person to activate it"):
        activate(draft, by=operator, at=NOW, reason="A typing error")
    draft.refresh_from_db()
    old.refresh_from_db()
    assert (draft.state, old.wall_to, Deed.objects.filter(verb="price_rule_activated").count()) == ("draft", None, 0)

    activate(draft, by=accountant, at=NOW, reason="A typing error")

    assert history(draft)[-1] == (
        "price_rule_activated",
        accountant,
        "A typing error",
        [["Begins", "January 1, 2020", "October 1, 2026"], [f"Ends (revision {old.pk})", "no end", "October 1, 2026"]],
    )


def test_a_new_price_for_the_future_needs_neither(operator: User):
    BillingPeriodFactory.create()
    draft = revise(PriceRuleFactory.create(), by=operator, at=NOW, since=NEXT_MONTH)

    assert activate(draft, by=operator, at=NOW).state == "active"


def test_what_nobody_has_priced_is_priced_from_the_past_on_by_anybody(operator: User):
    BillingPeriodFactory.create()
    view = ActionTypeFactory.create(code="view")
    PriceRuleFactory.create(action_type=ActionTypeFactory.create(code="order"))
    draft = PriceRuleFactory.create(draft=True, action_type=view, created_by=operator)

    assert activate(draft, by=operator, at=NOW).state == "active"


def test_what_a_stronger_rule_prices_is_not_taken_over(operator: User):
    BillingPeriodFactory.create()
    PriceRuleFactory.create(priority=5)
    draft = PriceRuleFactory.create(draft=True, created_by=operator)

    assert activate(draft, by=operator, at=NOW).state == "active"


def test_with_four_eyes_who_wrote_a_draft_last_does_not_activate_it(
    operator: User, accountant: User, settings: LazySettings
):
    settings.FOUR_EYES = True
    draft = revise(PriceRuleFactory.create(), by=operator, at=NOW, since=NEXT_MONTH)

    with pytest.raises(SecondPersonNeeded):
        activate(draft, by=operator, at=NOW, reason="In a hurry")

    draft.refresh_from_db()
    assert draft.state == "draft"
    assert activate(draft, by=accountant, at=NOW).activated_by == accountant


# --- What is kept ------------------------------------------------------------------------------------------------


def test_the_history_says_who_did_what_and_what_changed(operations: Client) -> None:
    add(operations, wall_from_0="2099-01-01")
    rule = PriceRule.objects.get()
    address = reverse("admin:pricing_pricerule_change", args=[rule.pk])
    operations.post(address, PER_UNIT | {"unit_price": "3", "priority": "2", "wall_from_0": "2099-01-01"})
    operations.post(address, PER_UNIT | {"unit_price": "3", "priority": "2", "wall_from_0": "2099-01-01"})
    press(operations, "activate_rule", rule, reason="Agreed by mail")

    by = rule.created_by
    assert [deed[:3] for deed in history(rule)] == [
        ("price_rule_drafted", by, ""),
        ("price_rule_edited", by, ""),
        ("price_rule_activated", by, "Agreed by mail"),
    ]
    assert history(rule)[1][3] == [["Price", "$2.50 each", "$3.00 each"], ["Priority", "0", "2"]]
    page = operations.get(address).content.decode()
    assert [words in page for words in ("<del>$2.50 each</del>", "<ins>$3.00 each</ins>", "Agreed by mail")] == [
        True
    ] * 3


def test_a_revision_ends_the_old_rule_and_both_histories_say_so(operator: User):
    old = PriceRuleFactory.create()
    draft = revise(old, by=operator, at=NOW, since=NEXT_MONTH)
    PriceRule.objects.filter(pk=draft.pk).update(unit_price=3)

    activate(draft, by=operator, at=NOW)

    begins = ["Begins", "January 1, 2020", "November 1, 2026"]
    ends = [f"Ends (revision {old.pk})", "no end", "November 1, 2026"]
    assert history(draft) == [
        ("price_rule_revised", operator, "", [begins]),
        ("price_rule_activated", operator, "", [["Price", "$2.50 each", "$3.00 each"], begins, ends]),
    ]
    assert list(history_of(old)) == list(history_of(draft)) == list(Deed.objects.about(old))


def test_rolling_back_is_a_new_revision_with_the_old_terms(operator: User):
    first = graduated((10, "1", "0"), (None, "0.5", "2"))
    second = revise(first, by=operator, at=NOW, since=NEXT_MONTH)
    second.tiers.all().delete()
    second.tiers.create(unit_price=9)
    second = activate(second, by=operator, at=NOW)
    december = read("2026-12-01")

    with pytest.raises(IsTheLatest):
        roll_back(second, by=operator, since=december)
    third = activate(roll_back(first, by=operator, since=december), by=operator, at=NOW)

    second.refresh_from_db()
    tiers = [
        list(rule.tiers.order_by("up_to").values_list("up_to", "unit_price", "flat_fee")) for rule in (first, third)
    ]
    assert tiers[0] == tiers[1]
    assert (third.revises, third.lineage, third.wall_from) == (second, first.pk, december)
    assert second.wall_to == december


def test_a_rule_that_was_retired_is_brought_back_by_rolling_back(operator: User):
    rule = retire(PriceRuleFactory.create(), by=operator, at=NOW, reason="No longer sold")

    draft = roll_back(rule, by=operator, since=NEXT_MONTH)

    assert history(rule) == [
        ("price_rule_retired", operator, "No longer sold", [["Ends", "no end", "October 20, 2026"]])
    ]
    assert (draft.revises, draft.lineage, draft.wall_to, draft.state) == (None, rule.pk, None, "draft")
    assert (draft.retired_at, draft.retired_by) == (None, None)


# --- What is told ------------------------------------------------------------------------------------------------


def test_a_rule_that_can_never_win_is_told(operator: User):
    stronger = [
        PriceRuleFactory.create(priority=5, wall_to=NEXT_MONTH),
        PriceRuleFactory.create(priority=6, wall_from=TODAY),
    ]
    never = PriceRuleFactory.create(draft=True, category="tiles", wall_from=OCTOBER)
    before = PriceRuleFactory.create(draft=True, category="tiles", wall_from=read("2019-01-01"))

    assert words(never) == [("It can never win: it is outranked wherever it matches", stronger)]
    assert words(before) == []


def test_a_rule_of_what_is_not_billable_never_wins():
    kind = ActionTypeFactory.create(code="save", is_billable=False)
    rule = PriceRuleFactory.create(draft=True, action_type=kind)

    assert words(rule) == [
        ("It can never win: “Save” is not billable, so its actions are excluded first", []),
    ]


def test_a_revision_of_less_tells_what_loses_its_price(operator: User):
    product, wood = ProductFactory.create(category="tiles"), ProductFactory.create(category="wood")
    SourceFactory.create()
    view, order = ActionTypeFactory.create(code="view"), ActionTypeFactory.create(code="order")
    old = PriceRuleFactory.create(category="tiles")
    PriceRuleFactory.create(category="wood", action_type=view)
    draft = revise(old, by=operator, at=NOW, since=NEXT_MONTH)

    PriceRule.objects.filter(pk=draft.pk).update(action_type=order)
    lost = [f"No price from November 1, 2026 for “View” of {product.sku} · {product.name}"]
    assert [told for told, _ in words(draft)] == lost

    PriceRule.objects.filter(pk=draft.pk).update(action_type=None, product=wood, category="")
    both = ", ".join(f"“{kind}” of {product.sku} · {product.name}" for kind in ("Order", "View"))
    assert [told for told, _ in words(draft)] == [f"No price from November 1, 2026 for {both}"]


def test_action_types_of_products_that_lose_their_price_are_told():
    product, source = ProductFactory.create(), SourceFactory.create()
    ActionTypeFactory.create(code="view")
    order = ActionTypeFactory.create(code="order")
    other = SourceFactory.create(channel="webinar")
    ActionTypeFactory.create(code="save", is_billable=False)
    rule = PriceRuleFactory.create(
        draft=True, customer=product.customer, action_type=order, wall_from=TODAY, wall_to=NEXT_MONTH
    )

    # Views have no price now either, so that is not the draft's doing.
    name = f"{product.sku} · {product.name}"
    assert words(rule) == [(f"No price from its end, November 1, 2026, for “Order” of {name}", [])]

    # Priced from every source, though by no rule that is open to all of them, is priced.
    for each in (source, other):
        PriceRuleFactory.create(source=each)
    assert words(rule) == []


def test_a_price_far_from_the_one_it_replaces_is_told(operator: User):
    old = PriceRuleFactory.create()
    draft = revise(old, by=operator, at=NOW, since=NEXT_MONTH)
    PriceRule.objects.filter(pk=draft.pk).update(unit_price=25)
    draft.refresh_from_db()
    near = PriceRuleFactory.create(draft=True, category="tiles", wall_from=NEXT_MONTH, unit_price=Decimal(3))
    far = PriceRuleFactory.create(draft=True, category="tiles", wall_from=NEXT_MONTH, unit_price=Decimal(1))

    more = "10 units cost 900% more ($25.00 → $250.00) than in the rule it replaces"
    less = "10 units cost 60% less ($25.00 → $10.00) than in the rule it replaces"
    assert (words(draft), words(near), words(far)) == ([(more, [old])], [], [(less, [old])])


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"free_units": 10}, None),
        ({"unit_price": 0}, "It charges nothing. 10 units cost $25.00 in the rule it replaces"),
        (
            {"free_units": 20, "unit_price": 9},
            "After what is free, 10 units cost 260% more ($25.00 → $90.00) than in the rule it replaces",
        ),
    ],
)
def test_a_free_allowance_alone_is_not_far_and_a_price_of_nothing_is_told_as_that(
    operator: User, changed: dict[str, int], told: str | None
):
    old = PriceRuleFactory.create()
    draft = revise(old, by=operator, at=NOW, since=NEXT_MONTH)
    PriceRule.objects.filter(pk=draft.pk).update(**changed)
    draft.refresh_from_db()

    assert words(draft) == ([(told, [old])] if told else [])


def test_saving_tells_what_stands_in_the_way_with_links(operations: Client) -> None:
    other = PriceRuleFactory.create()

    response = add(operations, wall_from_0="2020-02-01")

    address = reverse("admin:pricing_pricerule_change", args=[other.pk])
    (overlap,) = [message for message in told(response) if "be activated because of a rule" in message]
    assert address in overlap


def test_a_rule_of_another_customer_is_no_neighbour(operator: User):
    PriceRuleFactory.create(customer=CustomerFactory.create(), priority=9)
    draft = PriceRuleFactory.create(draft=True, customer=CustomerFactory.create())

    assert words(draft) == []
