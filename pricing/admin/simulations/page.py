"""The page of one simulation: its progress, and its results by customer, rule and action type."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import link, link_to, page_of, shortened
from billing_engine.core.calendar.spans import Cycle
from billing_engine.core.calendar.wording import named_in_words
from billing_engine.core.tables.csv import Cell
from pricing.admin.simulation_cells import difference, signed, state_chip
from pricing.admin.simulations.chart import charts
from pricing.domain.rule_wording import price_in_words
from pricing.domain.simulation.figures import (
    BY_ACTION_TYPE,
    BY_CUSTOMER,
    Figure,
    by,
    by_rule,
    everything,
    greatest,
    progress,
    totals,
)
from pricing.domain.simulation.tried import drafts_left, edited_since
from pricing.models import PriceRule, SimulatedCustomer, SimulatedMove, Simulation
from pricing.wording.rule import sentence
from pricing.wording.terms import terms_from_data

ROWS_SHOWN = 50
Draft = list[Any]  # as a simulation keeps it: id, name, terms
KINDS = (
    (SimulatedMove.Kind.AMOUNT, "Actions with the largest changes"),
    (SimulatedMove.Kind.UNRATED, "Newly unrated, most expensive first"),
    (SimulatedMove.Kind.EXCLUDED, "Newly excluded, most expensive first"),
)
HEADER = (
    "Customer",
    "Name",
    "Month",
    "Rule",
    "Rule name",
    "Action type",
    "Currency",
    "Charges now",
    "Amount now",
    "Charges then",
    "Amount then",
    "Difference",
    "Newly charged",
    "Newly excluded",
    "Newly unrated",
)


def simulation_page(model_admin: Any, request: HttpRequest, simulation: Simulation) -> HttpResponse:
    """The simulation's current results; the page polls while it is in progress."""
    found = model_admin.get_actions_detail(request, str(simulation.pk))
    drafts: list[Draft] = simulation.draft_snapshots
    customers, rules, is_at = by(simulation, BY_CUSTOMER), by_rule(simulation), progress(simulation)
    page = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "original": simulation,
        "object": simulation,
        "title": str(simulation),
        "simulation": simulation,
        "months": ", ".join(map(_month_in_words, simulation.months)),
        "state": state_chip(simulation, failed=is_at.failed),
        "progress": is_at,
        "csv_address": reverse("admin:pricing_simulation_csv", args=[simulation.pk]),
        "progress_address": reverse("admin:pricing_simulation_progress", args=[simulation.pk]),
        "drafts": [*({"name": each[1], "price": _price_of(each)} for each in drafts), *_proposals(simulation)],
        "failures": simulation.customers.filter(state=SimulatedCustomer.State.FAILED).select_related("customer")[:20],
        "totals": [_total(figure) for figure in totals(simulation)],
        "by_rule": _by_rule(rules, drafts),
        "idle": _idle(rules, drafts) if simulation.finished_at else [],
        "edited": edited_since(drafts_left(simulation), simulation) if simulation.finished_at else [],
        "charts": charts(customers),
        "tables": [
            _table("By customer", customers, "leads.customer"),
            _table("By action type", by(simulation, BY_ACTION_TYPE), ""),
        ],
        "moves": [{"title": title, "rows": _moves(simulation, kind)} for kind, title in KINDS],
        "media": model_admin.media,
        "actions_detail": model_admin._get_actions_navigation(  # noqa: SLF001 -- Unfold renders its header's buttons this way
            model_admin.actions_detail, found, str(simulation.pk)
        ),
    }
    return TemplateResponse(request, "pricing/simulation.html", page)


def _month_in_words(label: str) -> str:
    cycle = Cycle.parse(label)
    return named_in_words(cycle.first, cycle.last)


def _proposals(simulation: Simulation) -> list[dict[str, str]]:
    return [{"name": name, "price": ""} for _, name in simulation.proposals]


def cells(simulation: Simulation) -> Iterator[list[Cell]]:
    """All results, for a spreadsheet."""
    for row in everything(simulation):
        now, then = row["sum_of_now_amount"], row["sum_of_then_amount"]
        yield [
            row["period__customer__code"],
            row["period__customer__name"],
            row["period__label"],
            row["rule"],
            row["rule_name"],
            row["action_type__name"],
            row["currency"],
            row["sum_of_now_charges"],
            now,
            row["sum_of_then_charges"],
            then,
            then - now,
            row["sum_of_newly_charged"],
            row["sum_of_newly_excluded"],
            row["sum_of_newly_unrated"],
        ]


def _price_of(draft: Draft) -> str:
    return sentence(terms_from_data(draft[2]))


def _total(figure: Figure) -> dict[str, Any]:
    return {
        **_sums(figure),
        "currency": figure.currency,
        "charged": figure.of("newly_charged"),
        "unrated": figure.of("newly_unrated"),
        "excluded": figure.of("newly_excluded"),
    }


def _sums(figure: Figure) -> dict[str, Any]:
    percent = f"{figure.difference / figure.now:+.1%}".replace("-", "−") if figure.now and figure.difference else ""
    return {
        "charges": _changed(figure.of("now_charges"), figure.of("then_charges")),
        "now": money.in_words(figure.now, figure.currency),
        "then": money.in_words(figure.then, figure.currency),
        "difference": difference(figure),
        "percent": percent,
    }


def _by_rule(figures: list[Figure], drafts: list[Draft]) -> dict[str, Any]:
    """Each rule with its price in force and its draft's; then the totals. A draft may have been deleted since."""
    tried = {draft[0]: draft for draft in drafts}
    keys = [*tried, *(figure.key for figure in figures if figure.key)]
    rules = PriceRule.objects.filter(pk__in=keys).prefetch_related("tiers", "revises__tiers")
    there = {rule.pk: rule for rule in rules.select_related("customer", "revises")}
    rows = []
    for figure in figures[:ROWS_SHOWN]:
        rule, draft = there.get(figure.key or 0), tried.get(figure.key or 0)
        name = figure.name or "No rule: excluded or unrated"
        revised = rule.revises if rule else None
        rows.append(
            {
                **_sums(figure),
                "name": link(rule, name) if rule else name,
                "of": "" if rule is None else rule.customer or f"all {rule.currency} customers",
                "before": price_in_words(revised) if draft and revised else "",
                "price": _price_of(draft) if draft else "" if rule is None else price_in_words(rule),
                "is_draft": draft is not None,
            }
        )
    return {"rows": rows, "left_out": len(figures) - len(rows)}


def _idle(figures: list[Figure], drafts: list[Draft]) -> list[str]:
    """The drafts that price nothing in these months."""
    moved = {figure.key for figure in figures}
    return [draft[1] for draft in drafts if draft[0] not in moved]


def _table(title: str, figures: list[Figure], model: str) -> dict[str, Any]:
    rows = [_row(figure, model) for figure in figures[:ROWS_SHOWN]]
    return {"title": title, "rows": rows, "left_out": len(figures) - len(rows)}


def _row(figure: Figure, model: str) -> dict[str, Any]:
    return {
        **_sums(figure),
        "name": link_to(page_of(model, figure.key), figure.name) if model and figure.key else figure.name,
        "unrated": figure.of("newly_unrated"),
        "excluded": figure.of("newly_excluded"),
    }


def _moves(simulation: Simulation, kind: str) -> list[dict[str, Any]]:
    return [
        {
            "action": link(move.action, f"{move.action.action_type} {move.action}"),
            "customer": link(move.period.customer),
            "product": move.action.lead.product.sku,
            "at": move.action.occurred_at,
            "zone": move.period.customer.zone,
            "now": shortened(move.now_words),
            "then": shortened(move.then_words),
            "difference": signed(move.then_amount - move.now_amount, move.period.customer.currency),
        }
        for move in greatest(simulation, kind)
    ]


def _changed(now: int, then: int) -> str:
    return f"{now:,}" if now == then else f"{now:,} → {then:,}"
