"""Price checks: saved expectations pass before a rule is activated, or a person gives a reason to override them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from billing_engine.core.calendar.wall_clock import read
from billing_engine.core.models import Deed
from pricing.domain.rule_book.checks import CheckResult, OverrideNeedsAReason, PriceChecksFail, checks_with, run_checks
from pricing.domain.rule_book.rules import activate, revise
from pricing.models import PriceCheck, PriceRule
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory, from_day
from tests.factories.pricing import PriceCheckFactory, PriceRuleFactory, graduated
from tests.pricing.admin.test_pages import press

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 20, tzinfo=UTC)
NEXT_MONTH = read("2026-11-01")


def results(at: datetime = NOW) -> list[tuple[bool, str]]:
    return [(result.holds, result.found) for result in run_checks(PriceCheck.objects.all(), at=at)]


def dearer(rule: PriceRule, by: User, price: int = 15) -> PriceRule:
    draft = revise(rule, by=by, at=NOW, since=NEXT_MONTH)
    PriceRule.objects.filter(pk=draft.pk).update(unit_price=price)
    return PriceRule.objects.get(pk=draft.pk)


def test_a_check_holds_when_its_action_costs_what_is_expected():
    source = SourceFactory.create()
    check = PriceCheckFactory.create()
    PriceRuleFactory.create(name="Samples")

    assert results() == [(True, "holds")]
    PriceCheck.objects.update(expected=Decimal("2.49"))
    assert results() == [(False, f"$2.50 for {check.product.sku} from {source}, by “Samples”")]


def test_what_is_unrated_or_excluded_fails_a_check():
    source, check = SourceFactory.create(), PriceCheckFactory.create(expected=0)
    where = f"for {check.product.sku} from {source}"

    assert results() == [(False, f"unrated {where}")]
    PriceRuleFactory.create(unit_price=0)
    assert results() == [(True, "holds")]
    from_day(check.action_type, is_billable=False)
    check.action_type.save()
    assert results() == [(False, f"not charged (not a billable action type) {where}")]


def test_what_a_check_leaves_open_must_hold_for_every_product_and_every_source_of_the_channel():
    check = PriceCheckFactory.create(product=ProductFactory.create(category="tiles"), channel="webinar")
    PriceCheck.objects.update(product=None)
    SourceFactory.create()
    webinar = SourceFactory.create(channel="webinar")
    PriceRuleFactory.create()
    wood = ProductFactory.create(customer=check.customer, category="wood")
    assert results() == [(True, "holds")]

    own = PriceRuleFactory.create(product=wood, unit_price=3)
    assert results() == [(False, f"$3.00 for {wood.sku} from {webinar}, by “{own}”")]

    PriceCheck.objects.update(product=check.product)
    PriceRuleFactory.create(channel="website", unit_price=9)
    assert results() == [(True, "holds")]


def test_a_check_of_a_day_is_held_against_the_rules_of_that_day():
    SourceFactory.create()
    PriceCheckFactory.create(occurs_on=date(2026, 10, 31))
    PriceRuleFactory.create(wall_to=NEXT_MONTH)
    PriceRuleFactory.create(wall_from=NEXT_MONTH, unit_price=3)

    assert results(at=datetime(2026, 11, 5, tzinfo=UTC)) == [(True, "holds")]


def test_a_customer_without_a_product_or_a_source_holds_nothing():
    PriceCheckFactory.create()
    PriceRuleFactory.create()

    assert results() == [(False, "there is no product or active source to check")]


def test_a_failing_check_blocks_the_activation(operator: User):
    SourceFactory.create()
    check = PriceCheckFactory.create(name="A sample of Acme")
    rule = PriceRuleFactory.create()
    draft = dearer(rule, operator)

    with pytest.raises(PriceChecksFail, match=r"1 price check would fail. “A sample of Acme”: \$15.00 for"):
        activate(draft, by=operator, at=NOW)
    with pytest.raises(OverrideNeedsAReason):
        activate(draft, by=operator, at=NOW, override=True, reason=" ")

    draft.refresh_from_db()
    rule.refresh_from_db()
    assert (draft.state, rule.wall_to, Deed.objects.filter(verb="price_rule_activated").count()) == ("draft", None, 0)
    assert checks_with(draft, at=NOW)[0].check == check


def test_a_person_overrides_it_with_a_reason_that_stays(operator: User):
    SourceFactory.create()
    PriceCheckFactory.create(name="A sample of Acme")
    draft = dearer(PriceRuleFactory.create(), operator)

    activate(draft, by=operator, at=NOW, override=True, reason="The contract has changed")

    deed = Deed.objects.on(draft).get(verb="price_rule_activated")
    assert (deed.reason, deed.after["Overridden price checks"]) == ("The contract has changed", ["A sample of Acme"])


def test_the_draft_is_held_against_the_day_it_begins_and_takes_the_place_of_what_it_revises(operator: User):
    SourceFactory.create()
    PriceCheckFactory.create(expected=15)
    draft = dearer(PriceRuleFactory.create(), operator)

    assert results() != [(True, "holds")]  # today it still costs 2.50
    assert activate(draft, by=operator, at=NOW).state == "active"
    assert results(at=NEXT_MONTH.replace(tzinfo=UTC)) == [(True, "holds")]


def test_checks_of_other_customers_are_left_alone(operator: User):
    SourceFactory.create()
    PriceCheckFactory.create(expected=1)
    draft = PriceRuleFactory.create(draft=True, customer=CustomerFactory.create())

    assert activate(draft, by=operator, at=NOW).state == "active"


def test_tiers_are_counted_from_the_first_unit_of_a_month():
    SourceFactory.create()
    PriceCheckFactory.create(quantity=12, expected=13)
    graduated((10, "1", "0"), (None, "0.5", "2"))

    assert results() == [(True, "holds")]


def test_the_dialog_tells_what_fails_and_overrides_with_a_reason(operations: Client) -> None:
    SourceFactory.create()
    PriceCheckFactory.create(name="A sample of Acme")
    draft = PriceRuleFactory.create(draft=True, unit_price=15, wall_from=read("2090-01-01"))

    asked = operations.get(reverse("admin:pricing_pricerule_activate_rule", args=[draft.pk])).content.decode()
    refused = press(operations, "activate_rule", draft)
    overridden = press(operations, "activate_rule", draft, override="on", reason="As agreed")

    assert "Price check “A sample of Acme” would fail: $15.00" in asked
    (words,) = refused.context["form"].non_field_errors()
    assert words.startswith("1 price check would fail")
    draft.refresh_from_db()
    assert draft.state == "active"
    assert "<dt>Overridden price checks</dt>" in overridden.content.decode()


def test_a_drafts_page_shows_its_checks_and_the_list_shows_todays(operations: Client) -> None:
    SourceFactory.create()
    check = PriceCheckFactory.create()
    PriceRuleFactory.create(name="Samples", unit_price=3)
    draft = PriceRuleFactory.create(draft=True, priority=1)

    page = operations.get(reverse("admin:pricing_pricerule_change", args=[draft.pk]))
    listed = operations.get(reverse("admin:pricing_pricecheck_changelist")).content.decode()

    assert [(row["found"], str(check) in row["name"]) for row in page.context["checks"]] == [("", True)]
    assert f"is $3.00 for {check.product.sku}" in listed


def test_a_check_contradicts_itself_nowhere(operations: Client) -> None:
    product, other, source = ProductFactory.create(), CustomerFactory.create(), SourceFactory.create()
    facts: dict[str, Any] = {
        "name": "x",
        "customer": other.pk,
        "product": product.pk,
        "action_type": ActionTypeFactory.create().pk,
        "source": source.pk,
        "channel": "webinar",
        "quantity": "-1",
        "expected": "2",
    }

    form = operations.post(reverse("admin:pricing_pricecheck_add"), facts).context["adminform"].form

    assert form.errors == {
        "quantity": ["Quantity can't be negative."],
        "product": [f"{product} belongs to {product.customer}, not to {other}."],
        "channel": [f"The channel of {source} is “Website”."],
    }
    assert PriceCheck.objects.count() == 0


def test_results_are_values():
    check = PriceCheckFactory.create()
    assert run_checks([check], at=NOW) == [
        CheckResult(check, holds=False, found="there is no product or active source to check")
    ]
