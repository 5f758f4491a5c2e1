"""What users do in the admin of pricing."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from billing_engine.core.calendar.wall_clock import read
from leads.models import UnratedMark
from pricing.admin.rules.page import state_in_words
from pricing.models import PriceRule
from tests.factories.leads import (
    BillingPeriodFactory,
    CustomerFactory,
    ProductFactory,
    SourceFactory,
)
from tests.factories.people import with_role
from tests.factories.pricing import (
    ChargeFactory,
    PeriodTallyFactory,
    PriceRuleFactory,
    PriceTierFactory,
)

pytestmark = pytest.mark.django_db

State = PriceRule.State
NO_TIERS = {"tiers-TOTAL_FORMS": "0", "tiers-INITIAL_FORMS": "0"}
PER_UNIT = {
    "name": "Samples",
    "price_model": "per_unit",
    "unit_price": "2.50",
    "currency": "USD",
    "wall_from_0": "2026-11-01",
    "wall_from_1": "",
    "priority": "0",
} | NO_TIERS


def add(client: Client, **facts: object) -> Any:
    return client.post(reverse("admin:pricing_pricerule_add"), PER_UNIT | facts, follow=True)


def errors(response: Any) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors)


def tiers(*rows: tuple[str, str]) -> dict[str, str]:
    """A graduated price: (up to, unit price) of each tier."""
    facts = {
        "price_model": "graduated",
        "unit_price": "",
        "tiers-TOTAL_FORMS": str(len(rows)),
        "tiers-INITIAL_FORMS": "0",
    }
    for number, (up_to, unit_price) in enumerate(rows):
        facts |= {
            f"tiers-{number}-up_to": up_to,
            f"tiers-{number}-unit_price": unit_price,
            f"tiers-{number}-flat_fee": "0",
        }
    return facts


def press(client: Client, button: str, rule: PriceRule, **answers: object) -> Any:
    return client.post(reverse(f"admin:pricing_pricerule_{button}", args=[rule.pk]), answers, follow=True)


def told(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def buttons(client: Client, rule: PriceRule) -> list[str]:
    response = client.get(reverse("admin:pricing_pricerule_change", args=[rule.pk]))
    return [button["title"] for button in response.context["actions_detail"]]


def test_a_new_rule_is_a_draft_and_says_who_made_it(operations: Client) -> None:
    add(operations)
    rule = PriceRule.objects.get()
    assert (rule.state, rule.unit_price, str(rule.created_by)) == (
        State.DRAFT,
        Decimal("2.5"),
        rule.created_by.username,
    )


def test_a_per_unit_price_needs_its_unit_price(operations: Client) -> None:
    response = add(operations, unit_price="")
    assert errors(response) == {"unit_price": ["Enter a unit price, which can be 0."]}
    assert PriceRule.objects.count() == 0


def test_a_price_is_not_negative(operations: Client) -> None:
    assert errors(add(operations, unit_price="-1")) == {"unit_price": ["Price can't be negative."]}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("10", "2"), ("5", "1"), ("", "1")], ["", "Tiers must ascend. This one must end after 10.", ""]),
        ([("", "2"), ("", "1")], ["Only the last tier can have no end.", ""]),
        ([("10", "2")], ["The last tier must have no end. Leave this empty, or add another tier."]),
    ],
)
def test_tiers_ascend_and_the_last_one_has_no_end(
    operations: Client, rows: list[tuple[str, str]], words: list[str]
) -> None:
    response = add(operations, **tiers(*rows))
    (formset,) = response.context["inline_admin_formsets"]
    assert [" ".join(form.errors.get("up_to", [])) for form in formset.formset.forms] == words
    assert PriceRule.objects.count() == 0


def test_a_graduated_price_is_stored_with_its_tiers_and_without_a_forgotten_unit_price(operations: Client) -> None:
    add(operations, **tiers(("100", "2"), ("", "1")) | {"unit_price": "7"})
    rule = PriceRule.objects.get()
    stored = list(rule.tiers.order_by("up_to").values_list("up_to", "unit_price"))
    assert (rule.unit_price, stored) == (None, [(Decimal(100), Decimal(2)), (None, Decimal(1))])


def test_a_product_belongs_to_the_rules_customer(operations: Client) -> None:
    product, other = ProductFactory.create(), CustomerFactory.create()
    response = add(operations, product=product.pk, customer=other.pk)
    assert errors(response) == {"product": [f"{product} belongs to {product.customer}, not to {other}."]}


def test_a_rule_is_in_its_customers_currency(operations: Client) -> None:
    customer = CustomerFactory.create(currency="EUR")
    response = add(operations, customer=customer.pk)
    assert errors(response) == {"currency": [f"{customer} is billed in EUR: this rule would price nothing."]}


def test_a_new_rule_is_preset_to_begin_with_next_month_at_every_customers_midnight(operations: Client) -> None:
    with time_machine.travel(datetime(2026, 10, 31, 23, tzinfo=UTC), tick=False):
        asked = operations.get(reverse("admin:pricing_pricerule_add")).context["adminform"].form
    add(operations, customer=CustomerFactory.create(time_zone="America/New_York").pk)

    assert asked["wall_from"].value() == read("2026-11-01")
    assert 'name="wall_from_0" value="2026-11-01"' in str(asked["wall_from"])
    assert (PriceRule.objects.get().wall_from, PriceRule.objects.get().wall_to) == (read("2026-11-01"), None)


def test_a_rule_may_begin_at_a_time_of_the_day_and_in_no_zone(operations: Client) -> None:
    add(operations, wall_from_1="09:00", wall_to_0="2026-12-01")
    wrong = [
        errors(add(operations, **typed))
        for typed in (
            {"wall_from_0": "12/01/2026"},
            {"wall_from_1": "09:00Z"},
            {"wall_from_0": ""},
            {"wall_from_0": "", "wall_from_1": "09:00"},
        )
    ]

    rule = PriceRule.objects.get()
    assert (rule.wall_from, rule.wall_to) == (read("2026-11-01T09:00"), read("2026-12-01"))
    assert [next(iter(each)) for each in wrong] == ["wall_from"] * 4
    assert [words.partition(". ")[0].partition(": ")[0] for each in wrong for words in each["wall_from"]] == [
        "“12/01/2026” is ambiguous, because the month or the day may come first",
        "“2026-11-01T09:00Z” has an offset",
        "This field is required.",
        "Enter a day.",
    ]


def test_each_state_has_its_buttons(operations: Client) -> None:
    draft = PriceRuleFactory.create(draft=True)
    active = PriceRuleFactory.create()
    retired = PriceRuleFactory.create(state=State.RETIRED, priority=1)
    assert buttons(operations, draft) == ["Copy"]  # what saves and goes on is below the form
    assert buttons(operations, active) == ["Revise", "Copy", "Retire"]
    assert buttons(operations, retired) == ["Copy", "Roll back to this revision"]


def test_a_rule_in_force_has_no_form(operations: Client) -> None:
    rule = PriceRuleFactory.create()
    response = operations.post(reverse("admin:pricing_pricerule_change", args=[rule.pk]), PER_UNIT | {"name": "Other"})
    rule.refresh_from_db()
    assert (response.status_code, rule.name == "Other") == (403, False)


def test_only_drafts_are_deleted(operations: Client) -> None:
    draft, active = PriceRuleFactory.create(draft=True), PriceRuleFactory.create()
    PriceTierFactory.create(rule=draft)
    answers = [
        operations.post(reverse("admin:pricing_pricerule_delete", args=[rule.pk]), {"post": "yes"}).status_code
        for rule in (draft, active)
    ]
    assert (answers, list(PriceRule.objects.all())) == ([302, 403], [active])


def test_activating_puts_a_draft_in_force_and_open_periods_are_rated_anew(operations: Client) -> None:
    period, draft = BillingPeriodFactory.create(), PriceRuleFactory.create(draft=True)

    press(operations, "activate_rule", draft)

    draft.refresh_from_db()
    assert draft.state == State.ACTIVE
    assert [mark.period for mark in UnratedMark.objects.all()] == [period]


def test_an_overlap_is_told_in_words_and_the_draft_stays_a_draft(operations: Client) -> None:
    other = PriceRuleFactory.create()
    draft = PriceRuleFactory.create(draft=True)

    response = press(operations, "activate_rule", draft)

    draft.refresh_from_db()
    (words,) = response.context["form"].non_field_errors()
    assert words.startswith("Another active rule already covers this scope, priority and time")
    assert reverse("admin:pricing_pricerule_change", args=[other.pk]) in response.content.decode()
    assert draft.state == State.DRAFT


def test_revising_opens_a_draft_and_changes_nothing_yet(operations: Client) -> None:
    rule = PriceRuleFactory.create()

    response = press(operations, "revise_rule", rule, since_0="2026-12-01")

    rule.refresh_from_db()
    draft = PriceRule.objects.get(revises=rule)
    assert response.redirect_chain == [(reverse("admin:pricing_pricerule_change", args=[draft.pk]), 302)]
    assert (draft.state, rule.state, rule.wall_to) == (State.DRAFT, State.ACTIVE, None)
    assert draft.wall_from == read("2026-12-01")


def test_revising_from_before_a_rules_beginning_tells_the_day_that_is_really_used(operations: Client) -> None:
    rule = PriceRuleFactory.create(wall_from=read("2099-12-01"))

    response = press(operations, "revise_rule", rule, since_0="2099-11-15")

    assert PriceRule.objects.get(revises=rule).wall_from == read("2099-12-01")
    assert told(response) == [
        f"A draft copy of “{rule}”, from December 1, 2099, in each customer’s time zone, because the rule it follows"
        " starts only then. Change the price, save, then activate it."
    ]


def test_a_revision_superseded_on_its_first_day_says_so_and_has_no_buttons(operations: Client) -> None:
    begin = read("2099-12-01")
    old = PriceRuleFactory.create(wall_from=begin, wall_to=begin)
    new = PriceRuleFactory.create(wall_from=begin, first_revision=old, revises=old)

    assert [state_in_words(rule, at=datetime(2026, 10, 20, tzinfo=UTC))[0] for rule in (old, new)] == [
        "Never in force",
        "Scheduled",
    ]
    assert (buttons(operations, old), buttons(operations, new)) == (["Copy"], ["Revise", "Copy", "Retire"])
    for button in ("revise_rule", "retire_rule"):
        answer = press(operations, button, old, since_0="2099-12-01")
        (words,) = answer.context["form"].non_field_errors()
        assert words == "Another revision replaced this one before it priced anything. Choose that one."
    assert PriceRule.objects.count() == 2


def test_a_rule_for_all_is_scheduled_until_it_begins_for_somebody_and_ended_when_it_is_over_for_all(
    operations: Client,
) -> None:
    for zone in ("America/Los_Angeles", "Europe/Oslo"):
        CustomerFactory.create(time_zone=zone)
    rule = PriceRuleFactory.create(wall_from=read("2026-11-01"), wall_to=read("2026-12-01"))
    instants = [
        datetime(2026, 10, 31, 22, 59, tzinfo=UTC),
        datetime(2026, 10, 31, 23, tzinfo=UTC),  # Oslo
        datetime(2026, 11, 30, 23, tzinfo=UTC),  # over in Oslo
        datetime(2026, 12, 1, 7, 59, tzinfo=UTC),
        datetime(2026, 12, 1, 8, tzinfo=UTC),  # over in Los Angeles too
    ]

    assert [state_in_words(rule, at=at)[0] for at in instants] == ["Scheduled", "Active", "Active", "Active", "Ended"]


def test_a_retired_rule_ends(operations: Client) -> None:
    rule = PriceRuleFactory.create()
    press(operations, "retire_rule", rule)
    rule.refresh_from_db()
    assert (rule.state, rule.wall_to is None) == (State.RETIRED, False)


@pytest.mark.parametrize("button", ["activate_rule", "revise_rule", "roll_back_rule", "retire_rule"])
def test_finance_presses_none_of_them(client: Client, button: str) -> None:
    client.force_login(with_role("Finance"))
    rule = PriceRuleFactory.create(draft=button == "activate_rule")
    before = (rule.state, PriceRule.objects.count())
    assert press(client, button, rule).status_code == 403
    rule.refresh_from_db()
    assert (rule.state, PriceRule.objects.count()) == before


def test_all_revisions_are_listed_on_each_of_them(operations: Client) -> None:
    first = PriceRuleFactory.create()
    press(operations, "revise_rule", first, since_0="2026-12-01")
    response = operations.get(reverse("admin:pricing_pricerule_change", args=[first.pk]))
    assert len(response.context["revisions"]) == 2


def test_a_charges_page_says_why(operations: Client) -> None:
    charge = ChargeFactory.create()
    response = operations.get(reverse("admin:pricing_charge_change", args=[charge.pk]))
    assert response.context["sentences"][-1] == "1 × $2.50 = $2.50."


def test_what_another_charge_pays_for_leads_to_it(operations: Client) -> None:
    paid = ChargeFactory.create()
    rule = PriceRuleFactory.create(customer=paid.period.customer, priority=1, once_per="lead", once_days=30)
    charge = ChargeFactory.create(
        action__lead=paid.action.lead,
        action__period=paid.period,
        rule=rule,
        reason="already_charged",
        amount=0,
        paid_by=paid.action,
    )

    response = operations.get(reverse("admin:pricing_charge_change", args=[charge.pk]))

    assert reverse("admin:pricing_charge_change", args=[paid.pk]) in response.content.decode()
    assert response.context["sentences"][-1] == (
        f"Not charged: this is charged once per lead and action type in 30 days, and action {paid.action} of"
        " Oct 15, 2026, 12:00 UTC ($2.50) already paid for it."
    )


def test_charges_are_listed_by_period_in_the_order_they_were_rated(operations: Client) -> None:
    later = ChargeFactory.create(action__occurred_at=datetime(2026, 10, 20, tzinfo=UTC))
    earlier = ChargeFactory.create(
        action__lead__product=later.action.lead.product,
        action__occurred_at=datetime(2026, 10, 2, tzinfo=UTC),
        rule=later.rule,
    )
    ChargeFactory.create()
    response = operations.get(
        reverse("admin:pricing_charge_changelist"), {"action__period__id__exact": later.period_id}
    )
    assert list(response.context["cl"].result_list) == [earlier, later]


def test_a_periods_page_leads_to_its_charges(operations: Client) -> None:
    charge = ChargeFactory.create()
    ChargeFactory.create()
    PeriodTallyFactory.create(period=charge.period)

    shown = operations.get(reverse("admin:leads_billingperiod_change", args=[charge.period_id])).content.decode()
    address = f"{reverse('admin:pricing_charge_changelist')}?action__period__id__exact={charge.period_id}"

    assert address in shown
    assert list(operations.get(address).context["cl"].result_list) == [charge]


def test_a_rule_of_one_source_may_not_name_another_channel(operations: Client) -> None:
    source = SourceFactory.create()
    response = add(operations, source=source.pk, channel="webinar")
    assert errors(response) == {"channel": [f"The channel of {source} is “Website”: this rule would price nothing."]}
