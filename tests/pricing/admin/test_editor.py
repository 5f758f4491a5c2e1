"""Beside the form of a rule: what it says and costs as typed, and what activating it would change; then the next step."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from billing_engine.core.calendar.wall_clock import read
from billing_engine.core.models import Deed
from pricing.models import PriceRule, Simulation
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    CustomerFactory,
    LeadFactory,
    ProductFactory,
    SourceFactory,
)
from tests.factories.people import with_role
from tests.factories.pricing import PriceCheckFactory, PriceRuleFactory, graduated, tiered
from tests.pricing.admin.test_pages import PER_UNIT, add, press, tiers

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def beside(client: Client, what: str, rule: PriceRule | None = None, **facts: object) -> Any:
    name, arguments = (what, [rule.pk]) if rule else (f"{what}_new", [])
    return client.post(reverse(f"admin:pricing_pricerule_{name}", args=arguments), PER_UNIT | facts)


def table(answer: Any) -> list[tuple[str, ...]]:
    """The amounts of 1, 10, 100 and 1,000 units: in force, by the draft, the difference."""
    names = ("before", "amount", "difference")
    return [tuple(row[name] for name in names if name in row) for row in answer.context["costs"]]


def saved(client: Client, rule: PriceRule, button: str) -> Any:
    facts = PER_UNIT | {"name": rule.name, "wall_from_0": f"{rule.wall_from:%Y-%m-%d}", button: "1"}
    return client.post(reverse("admin:pricing_pricerule_change", args=[rule.pk]), facts)


# --- What it says and costs -----------------------------------------------------------------------------------------


def test_the_sentence_and_the_costs_follow_what_is_typed(operations: Client) -> None:
    customer = CustomerFactory.create(name="Acme Tile", time_zone="America/Chicago")
    ProductFactory.create(customer=customer)
    kind = ActionTypeFactory.create(code="sample_order", name="Sample order")

    answer = beside(
        operations, "try", customer=customer.pk, action_type=kind.pk, free_units="5", **tiers(("50", "2.60"), ("", "2"))
    )

    assert "".join(part.words for part in answer.context["said"]) == (
        "From November 1, 2026, in America/Chicago, it prices Acme Tile · Sample order:"
        " $2.60 each for units 6–55 of a period, then $2.00 each for units 56 and above, the first 5 units of a period free."
    )
    # 5 free, then up to 50 at $2.60, and the rest at $2.00.
    assert table(answer) == [("$0.00",), ("$13.00",), ("$220.00",), ("$2,020.00",)]
    assert (PriceRule.objects.count(), Deed.objects.count()) == (0, 0)


def test_a_revision_is_compared_with_what_it_replaces_and_what_differs_is_marked(operations: Client) -> None:
    old = PriceRuleFactory.create(name="Samples", unit_price=Decimal("2.50"))
    press(operations, "revise_rule", old, since_0="2026-12-01")
    draft = PriceRule.objects.get(state="draft")

    answer = beside(operations, "try", draft, unit_price="2.60", wall_from_0="2026-12-01", cap_per_period="100")

    assert table(answer) == [
        ("$2.50", "$2.60", "+$0.10"),
        ("$25.00", "$26.00", "+$1.00"),
        ("$250.00", "$100.00", "−$150.00"),
        ("$2,500.00", "$100.00", "−$2,400.00"),
    ]
    marked = [part.words for part in answer.context["said"] if part.differs]
    assert marked == ["December 1, 2026, in each customer’s time zone", "$2.60 each, at most $100.00 per period"]


def test_a_new_rule_is_compared_with_the_one_that_it_outranks(operations: Client) -> None:
    LeadFactory.create()
    kind = ActionTypeFactory.create()
    PriceRuleFactory.create(name="General", unit_price=2)

    assert table(beside(operations, "try", action_type=kind.pk, unit_price="3"))[0] == ("$2.00", "$3.00", "+$1.00")
    # The general rule's equal can't be activated beside it.
    equal = beside(operations, "try", unit_price="3", wall_from_0="2020-01-01")
    assert "only one of them can be active" in equal.content.decode()


@pytest.mark.parametrize(
    ("make", "costs"),
    [
        (lambda: graduated((10, "1", "5"), (None, "0.5", "2")), ("$6.00", "$15.00", "$62.00", "$512.00")),
        (lambda: tiered("volume", (100, "1", "0"), (None, "0.5", "0")), ("$1.00", "$10.00", "$100.00", "$500.00")),
        (
            lambda: PriceRuleFactory.create(
                price_model="package", unit_price=None, package_size=50, package_price=20, free_units=1
            ),
            ("$0.00", "$20.00", "$40.00", "$400.00"),
        ),
        (
            lambda: PriceRuleFactory.create(price_model="percentage", unit_price=None, percent=2, fixed_fee=1),
            ("$3.00", "$30.00", "$300.00", "$3,000.00"),
        ),
        (
            lambda: PriceRuleFactory.create(cap_per_lead=2, cap_per_period=150),
            ("$2.00", "$20.00", "$150.00", "$150.00"),
        ),
    ],
)
def test_each_price_model_costs_what_rating_charges(operations: Client, make: Any, costs: tuple[str, ...]) -> None:
    answer = beside(operations, "try", make())

    assert table(answer) == [(amount,) for amount in costs]


def test_a_price_of_a_value_says_of_which(operations: Client) -> None:
    rule = PriceRuleFactory.create(price_model="percentage", unit_price=None, percent=2)
    assert "Actions of $100.00 in a month" in beside(operations, "try", rule).content.decode()


# --- Warnings and checks ----------------------------------------------------------------------------------------------


def test_warnings_and_checks_are_those_of_what_is_typed(operations: Client) -> None:
    product = ProductFactory.create()
    SourceFactory.create()
    kind, other = ActionTypeFactory.create(code="order"), ActionTypeFactory.create(code="view")
    old = PriceRuleFactory.create(name="Samples", action_type=kind)
    PriceRuleFactory.create(action_type=other)
    PriceCheckFactory.create(name="As agreed", product=product, action_type=kind, expected=Decimal("2.50"))
    PriceCheckFactory.create(name="Long wrong", product=product, action_type=other, expected=9)
    press(operations, "revise_rule", old, since_0="2099-12-01")
    draft = PriceRule.objects.get(state="draft")
    same = {"action_type": kind.pk, "wall_from_0": "2099-12-01"}

    kept = beside(operations, "weigh", draft, **same)
    broken = beside(operations, "weigh", draft, **same | {"unit_price": "25"})

    assert (kept.context["warnings"], kept.context["broken"], kept.context["holding"]) == ([], [], 1)
    assert "Failing also without this draft, so it does not block it" in kept.content.decode()
    (warning,) = broken.context["warnings"]
    assert warning.startswith("10 units cost 900% more ($25.00 → $250.00) than in the rule it replaces: “")
    assert "breaks: $2.50 agreed" in "".join(
        broken.content.decode().replace('<span class="lb-number">', "").split("</span>")
    )
    assert PriceRule.objects.get(state="draft").unit_price == Decimal("2.5")


def test_an_incomplete_form_has_no_warnings_yet_and_a_rule_in_force_none(operations: Client) -> None:
    assert "as soon as the form is complete" in beside(operations, "weigh", unit_price="").content.decode()
    assert "warnings" not in beside(operations, "weigh", PriceRuleFactory.create()).context


def test_only_who_sees_rules_asks_and_nobody_by_get(client: Client) -> None:
    client.force_login(with_role("Viewer"))
    assert beside(client, "weigh").status_code == 200
    assert client.get(reverse("admin:pricing_pricerule_weigh_new")).status_code == 403


# --- The form ---------------------------------------------------------------------------------------------------------


def test_a_rule_without_a_name_is_named_after_who_and_what(operations: Client) -> None:
    customer = CustomerFactory.create(name="Acme Tile")
    kind = ActionTypeFactory.create(name="Sample order")

    add(operations, name="", customer=customer.pk, action_type=kind.pk)
    add(operations, name="")

    assert list(PriceRule.objects.order_by("pk").values_list("name", flat=True)) == [
        "Acme Tile · Sample order",
        "Everything",
    ]


def test_the_usual_days_are_offered_in_the_customers_zone(operations: Client) -> None:
    customer = CustomerFactory.create(time_zone="Asia/Tokyo")
    draft = PriceRuleFactory.create(draft=True, customer=customer)

    with time_machine.travel(datetime(2026, 10, 31, 20, tzinfo=UTC), tick=False):
        page = operations.get(reverse("admin:pricing_pricerule_change", args=[draft.pk]))

    assert [(each["name"], each["day"]) for each in page.context["days"]] == [
        ("Next month", "2026-12-01"),
        ("This month", "2026-11-01"),
    ]


# --- The next step ----------------------------------------------------------------------------------------------------


def test_saving_goes_on_to_activation_or_to_the_request_for_it(operations: Client, settings: LazySettings) -> None:
    add(operations, wall_from_0="2099-12-01")
    draft = PriceRule.objects.get()
    page = operations.get(reverse("admin:pricing_pricerule_change", args=[draft.pk]))
    assert page.context["go_live"] == "activate"
    assert saved(operations, draft, "_go_live").url == reverse("admin:pricing_pricerule_activate_rule", args=[draft.pk])

    settings.FOUR_EYES = True
    page = operations.get(reverse("admin:pricing_pricerule_change", args=[draft.pk]))
    assert page.context["go_live"] == "ask for approval"
    assert saved(operations, draft, "_go_live").url == reverse(
        "admin:pricing_pricerule_request_activation", args=[draft.pk]
    )
    assert PriceRule.objects.get().state == "draft"


def test_saving_goes_on_to_a_simulation_of_last_month(operations: Client) -> None:
    action = ActionFactory.create()
    add(operations, wall_from_0="2099-12-01")
    draft = PriceRule.objects.get()

    with time_machine.travel(action.period.end_at, tick=False):
        answer = saved(operations, draft, "_simulate")

    simulation = Simulation.objects.get()
    assert answer.url == reverse("admin:pricing_simulation_change", args=[simulation.pk])
    assert ([*simulation.drafts.all()], simulation.months) == ([draft], [action.period.label])


def test_what_cannot_be_simulated_is_asked_about(operations: Client) -> None:
    add(operations, wall_from_0=read("2099-12-01").date().isoformat())
    draft = PriceRule.objects.get()

    answer = saved(operations, draft, "_simulate")

    assert answer.url == f"{reverse('admin:pricing_simulation_new_simulation')}?drafts={draft.pk}"
    assert Simulation.objects.count() == 0
