"""The pages of simulations: form, progress, results, download."""

import csv
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from billing_engine.core.calendar.wall_clock import read
from billing_engine.core.models import ApprovalRequest
from leads.models import BillingPeriod
from pricing.domain.rate.rate import rate
from pricing.domain.simulation.simulate import simulate_customers
from pricing.models import PriceRule, SimulatedCustomer, Simulation
from tests.factories.leads import ActionFactory, ActionTypeFactory, BillingPeriodFactory
from tests.factories.people import with_role
from tests.factories.pricing import PriceRuleFactory, SimulationFactory
from tests.pricing.admin.test_pages import PER_UNIT, told
from tests.pricing.admin.test_pages import press as press_rule
from tests.pricing.simulation.test_simulate import draft_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, tzinfo=UTC)
NEW = "admin:pricing_simulation_new_simulation"


def begun(client: Client, **facts: object) -> Simulation:
    client.post(reverse(NEW), {"months": ["2026-10"], "from_the_start": "on"} | facts)
    return Simulation.objects.get()


def finished(simulation: Simulation) -> Simulation:
    for item in SimulatedCustomer.objects.all():
        simulate_customers([item.pk], at=NOW)
    simulation.refresh_from_db()
    return simulation


def buttons_of(client: Client, simulation: Simulation) -> list[str]:
    page = client.get(reverse("admin:pricing_simulation_change", args=[simulation.pk]))
    return [button["title"] for button in page.context["actions_detail"]]


def press(client: Client, simulation: Simulation, button: str, **answers: object) -> Any:
    return client.post(reverse(f"admin:pricing_simulation_{button}", args=[simulation.pk]), answers, follow=True)


def raised(name: str = "=Samples") -> PriceRule:
    """A draft that in December raises the price of an October action."""
    rule = PriceRuleFactory.create(name=name)
    rate(ActionFactory.create(quantity=2).period, at=NOW)
    return draft_of(rule, since=read("2026-12-01"), unit_price=Decimal(3))


def test_a_simulation_is_begun_in_a_form_and_its_result_is_one_page(operations: Client) -> None:
    draft = raised()

    simulation = finished(begun(operations, drafts=[draft.pk]))
    page = operations.get(reverse("admin:pricing_simulation_change", args=[simulation.pk]))

    (total,) = page.context["totals"]
    assert (total["now"], total["then"], total["difference"], total["percent"]) == (
        "$5.00",
        "$6.00",
        "+$1.00",
        "+20.0%",
    )
    (row,) = page.context["by_rule"]["rows"]
    assert [row[name] for name in ("before", "price", "charges", "now", "then", "difference", "percent")] == [
        "$2.50 each",
        "$3.00 each",
        "1",
        "$5.00",
        "$6.00",
        "+$1.00",
        "+20.0%",
    ]
    (chart,) = page.context["charts"]
    assert [(bar.now, bar.then) for bar in chart.bars] == [(833, 1000)]
    (move,) = page.context["moves"][0]["rows"]
    assert "$6.00 by “=Samples”" in move["then"]
    listed = operations.get(reverse("admin:pricing_simulation_changelist")).content.decode()
    assert [words in listed for words in ("+$1.00", "Finished", "2026-10")] == [True] * 3


def test_who_does_not_move_stands_in_the_table_and_not_in_the_chart(operations: Client) -> None:
    moves, stays = ActionFactory.create(), ActionFactory.create(action_type=ActionTypeFactory.create(code="view"))
    rule = PriceRuleFactory.create(action_type=moves.action_type)
    PriceRuleFactory.create(action_type=stays.action_type)
    for action in (moves, stays):
        rate(action.period, at=NOW)
    draft = draft_of(rule, since=read("2026-12-01"), unit_price=Decimal(3))

    simulation = finished(begun(operations, drafts=[draft.pk]))
    page = operations.get(reverse("admin:pricing_simulation_change", args=[simulation.pk]))

    assert len(page.context["tables"][0]["rows"]) == 2
    assert [len(chart.bars) for chart in page.context["charts"]] == [1]


def test_a_simulation_is_taken_home_as_csv_in_which_nothing_is_a_formula(operations: Client) -> None:
    draft = raised()
    simulation = finished(begun(operations, drafts=[draft.pk]))

    answer = operations.get(reverse("admin:pricing_simulation_csv", args=[simulation.pk]))

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(text)))
    assert [(row["Rule name"], row["Amount now"], row["Amount then"], row["Difference"]) for row in rows] == [
        ("'=Samples", "5.000000", "0.000000", "-5.000000"),
        ("'=Samples", "0.000000", "6.000000", "6.000000"),
    ]


def test_its_progress_is_asked_for_and_it_can_be_stopped(operations: Client) -> None:
    draft = raised()
    simulation = begun(operations, drafts=[draft.pk])
    address = reverse("admin:pricing_simulation_progress", args=[simulation.pk])
    assert operations.get(address).json() == {
        "percent": 0, "rated": 0, "settled": 0, "customers": 1, "finished": False
    }  # fmt: skip

    operations.post(reverse("admin:pricing_simulation_stop_simulation", args=[simulation.pk]))

    assert operations.get(address).json()["finished"] is True
    assert simulation.customers.get().state == "stopped"


def test_a_form_without_drafts_and_customers_is_asked_again(operations: Client) -> None:
    BillingPeriodFactory.create()
    answer = operations.post(reverse(NEW), {"months": ["2026-10"]})
    assert answer.context["form"].errors == {
        "drafts": ["Choose drafts, or choose customers to rate the rules in force again."]
    }
    assert Simulation.objects.count() == 0


def test_a_refusal_is_told_in_the_form(operations: Client) -> None:
    BillingPeriodFactory.create()
    draft = PriceRuleFactory.create(draft=True, customer=BillingPeriodFactory.create(label="2026-11").customer)
    BillingPeriod.objects.filter(label="2026-11").delete()
    answer = operations.post(reverse(NEW), {"months": ["2026-10"], "drafts": [draft.pk]})
    assert answer.context["form"].non_field_errors() == [
        "None of these customers has a billing period in these months."
    ]


def test_a_drafts_page_leads_to_its_simulation(operations: Client) -> None:
    BillingPeriodFactory.create()
    draft = PriceRuleFactory.create(draft=True)
    form = operations.get(reverse("admin:pricing_pricerule_simulate_rule", args=[draft.pk]), follow=True).context[
        "form"
    ]
    assert form["drafts"].value() == [str(draft.pk)]


def test_a_result_leads_to_the_activation_of_its_draft_as_it_was_tried(operations: Client) -> None:
    draft = raised()
    simulation = begun(operations, drafts=[draft.pk])
    assert buttons_of(operations, simulation) == ["Stop"]
    finished(simulation)
    assert buttons_of(operations, simulation) == ["Activate"]

    press(operations, simulation, "activate_drafts")

    draft.refresh_from_db()
    assert (draft.state, buttons_of(operations, simulation)) == ("active", [])
    page = operations.get(reverse("admin:pricing_pricerule_change", args=[draft.pk]))
    assert [(row["months"], row["difference"]) for row in page.context["simulations"]] == [("2026-10", "+$1.00")]
    earlier = operations.get(reverse("admin:pricing_pricerule_change", args=[draft.revises_id]))
    assert len(earlier.context["simulations"]) == 1


def test_who_may_not_activate_asks_from_the_result(operations: Client, settings: LazySettings) -> None:
    settings.FOUR_EYES = True
    rule = PriceRuleFactory.create(name="Samples", category="")
    rate(ActionFactory.create(quantity=2).period, at=NOW)
    press_rule(operations, "revise_rule", rule, since_0="2099-01-01")
    draft = PriceRule.objects.get(state="draft")
    simulation = finished(begun(operations, drafts=[draft.pk]))

    assert buttons_of(operations, simulation) == ["Ask for approval"]
    press(operations, simulation, "activate_drafts", reason="x")
    draft.refresh_from_db()
    assert draft.state == "draft"
    press(operations, simulation, "request_drafts", reason="Agreed")

    request = ApprovalRequest.objects.get()
    assert (request.reason, request.effect["simulation"]) == ("Agreed", simulation.pk)


def test_a_draft_edited_since_is_simulated_again_before_it_goes_live(operations: Client) -> None:
    draft = raised()
    simulation = finished(begun(operations, drafts=[draft.pk]))
    edited = PER_UNIT | {"name": draft.name, "unit_price": "9", "wall_from_0": "2099-01-01"}
    operations.post(reverse("admin:pricing_pricerule_change", args=[draft.pk]), edited)

    page = operations.get(reverse("admin:pricing_simulation_change", args=[simulation.pk]))

    assert (page.context["edited"], buttons_of(operations, simulation)) == ([draft], [])


def test_several_drafts_go_live_together_and_those_refused_are_told(operations: Client) -> None:
    first = raised()
    second = PriceRuleFactory.create(draft=True, name="Free", unit_price=0, priority=3, wall_from=read("2099-01-01"))
    rival = PriceRuleFactory.create(name="In the way", priority=3, wall_from=read("2099-01-01"))
    simulation = finished(begun(operations, drafts=[first.pk, second.pk]))

    answer = press(operations, simulation, "activate_drafts")

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("active", "draft")
    assert any("Free: Another active rule already covers" in words and rival.name in words for words in told(answer))
    assert "Activated: 1" in told(answer)


def test_a_draft_that_priced_nothing_is_named(operations: Client) -> None:
    raised()
    idle = PriceRuleFactory.create(draft=True, name="Wood", category="wood", wall_from=read("2026-12-01"))

    simulation = finished(begun(operations, drafts=[idle.pk]))

    page = operations.get(reverse("admin:pricing_simulation_change", args=[simulation.pk]))
    assert page.context["idle"] == ["Wood"]


def test_a_draft_thrown_away_after_it_was_tried_stays_readable(operations: Client) -> None:
    draft = raised(name="Samples")
    simulation = finished(begun(operations, drafts=[draft.pk]))
    operations.post(reverse("admin:pricing_pricerule_delete", args=[draft.pk]), {"post": "yes"})
    assert not PriceRule.objects.filter(pk=draft.pk).exists()

    page = operations.get(reverse("admin:pricing_simulation_change", args=[simulation.pk]))

    assert page.context["drafts"] == [{"name": "Samples", "price": "$3.00 each"}]
    rows = [(str(row["name"]), row["price"], row["then"]) for row in page.context["by_rule"]["rows"]]
    assert ("Samples", "$3.00 each", "$6.00") in rows


def test_a_viewer_looks_and_simulates_nothing(client: Client) -> None:
    client.force_login(with_role("Viewer"))
    simulation = SimulationFactory.create(finished_at=None)
    assert client.get(reverse("admin:pricing_simulation_change", args=[simulation.pk])).status_code == 200
    assert client.post(reverse(NEW), {"months": ["2026-10"]}).status_code == 403
    stop = reverse("admin:pricing_simulation_stop_simulation", args=[simulation.pk])
    assert client.post(stop).status_code == 403
    assert Simulation.objects.get().stopped_at is None


def test_the_drafts_among_the_chosen_rules_are_offered_for_one_simulation(operations: Client) -> None:
    first, second = (PriceRuleFactory.create(draft=True, priority=number) for number in (1, 2))
    active = PriceRuleFactory.create()
    PriceRuleFactory.create(draft=True, priority=3)
    chosen = {"action": "simulate_selected", "_selected_action": [first.pk, second.pk, active.pk]}

    answer = operations.post(reverse("admin:pricing_pricerule_changelist"), chosen, follow=True)

    assert answer.context["form"]["drafts"].value() == [str(first.pk), str(second.pk)]
    boxes = [box for box in answer.context["form"]["drafts"] if box.data["selected"]]
    assert len(boxes) == 2


def test_rules_in_force_are_not_simulated_and_that_is_told(operations: Client) -> None:
    chosen = {"action": "simulate_selected", "_selected_action": [PriceRuleFactory.create().pk]}
    answer = operations.post(reverse("admin:pricing_pricerule_changelist"), chosen, follow=True)
    assert told(answer) == ["None of these is a draft. Only drafts can be simulated."]
