"""The page of one simulation: its progress, and its results by customer, rule and action type."""

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import Colour, chip, link, link_to, page_of, shortened
from billing_engine.core.tables.csv import Cell
from pricing.admin.simulations.chart import charts, signed
from pricing.domain.simulation.figures import (
    BY_ACTION_TYPE,
    BY_CUSTOMER,
    BY_RULE,
    Figure,
    by,
    everything,
    greatest,
    progress,
    totals,
)
from pricing.models import PriceRule, SimulatedCustomer, SimulatedMove, Simulation
from pricing.wording.rule import sentence
from pricing.wording.terms import terms_from_data

ROWS_SHOWN = 50
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
    customers, is_at = by(simulation, BY_CUSTOMER), progress(simulation)
    page = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "original": simulation,
        "object": simulation,
        "title": str(simulation),
        "simulation": simulation,
        "state": state_chip(simulation, failed=is_at.failed),
        "progress": is_at,
        "csv_address": reverse("admin:pricing_simulation_csv", args=[simulation.pk]),
        "progress_address": reverse("admin:pricing_simulation_progress", args=[simulation.pk]),
        "drafts": [*_drafts(simulation), *({"name": name, "price": ""} for _, name in simulation.proposals)],
        "failures": simulation.customers.filter(state=SimulatedCustomer.State.FAILED).select_related("customer")[:20],
        "totals": [_total(figure) for figure in totals(simulation)],
        "charts": charts(customers),
        "tables": [
            _table("By customer", customers, "leads.customer"),
            _table(
                "By rule", by(simulation, BY_RULE), "pricing.pricerule", [pk for pk, *_ in simulation.draft_snapshots]
            ),
            _table("By action type", by(simulation, BY_ACTION_TYPE), ""),
        ],
        "moves": [{"title": title, "rows": _moves(simulation, kind)} for kind, title in KINDS],
        "media": model_admin.media,
        "actions_detail": model_admin._get_actions_navigation(  # noqa: SLF001 -- Unfold renders its header's buttons this way
            model_admin.actions_detail, found, str(simulation.pk)
        ),
    }
    return TemplateResponse(request, "pricing/simulation.html", page)


def state_chip(simulation: Simulation, *, failed: int) -> Any:
    """In progress, finished, stopped or failed."""
    label: tuple[str, Colour] = ("Finished", "green")
    if simulation.finished_at is None:
        label = ("Stopping", "orange") if simulation.stopped_at else ("In progress", "blue")
    elif simulation.stopped_at:
        label = ("Stopped", "orange")
    elif failed:
        label = ("Finished, some failed", "red")
    return chip(*label)


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


def _drafts(simulation: Simulation) -> list[Any]:
    """The drafts as they were at the start; a link if they still exist."""
    there = set(
        PriceRule.objects.filter(pk__in=[pk for pk, *_ in simulation.draft_snapshots]).values_list("pk", flat=True)
    )
    return [
        {
            "name": link_to(page_of("pricing.pricerule", pk), name) if pk in there else name,
            "price": sentence(terms_from_data(terms)),
        }
        for pk, name, terms in simulation.draft_snapshots
    ]


def _total(figure: Figure) -> dict[str, Any]:
    percent = "" if not figure.now else f"{figure.difference / figure.now:+.1%}".replace("-", "−")
    return {
        "currency": figure.currency,
        "now": money.in_words(figure.now, figure.currency),
        "then": money.in_words(figure.then, figure.currency),
        "difference": signed(figure.difference, figure.currency),
        "percent": percent,
        "tone": _tone(figure.difference),
        "charged": figure.of("newly_charged"),
        "unrated": figure.of("newly_unrated"),
        "excluded": figure.of("newly_excluded"),
    }


def _table(title: str, figures: list[Figure], model: str, drafts: Collection[int] = ()) -> dict[str, Any]:
    keys = [figure.key for figure in figures if figure.key]
    # A draft may have been deleted, so its name is plain text.
    there = set(PriceRule.objects.filter(pk__in=keys).values_list("pk", flat=True)) if "rule" in model else set(keys)
    rows = [
        _row(figure, model if figure.key in there else "", is_draft=figure.key in drafts)
        for figure in figures[:ROWS_SHOWN]
    ]
    return {"title": title, "rows": rows, "left_out": len(figures) - len(rows)}


def _row(figure: Figure, model: str, *, is_draft: bool = False) -> dict[str, Any]:
    name = figure.name or "no rule: excluded or unrated"
    return {
        "name": link_to(page_of(model, figure.key), name) if model and figure.key else name,
        "chip": chip("Draft", "orange") if is_draft else "",
        "charges": _changed(figure.of("now_charges"), figure.of("then_charges")),
        "now": money.in_words(figure.now, figure.currency),
        "then": money.in_words(figure.then, figure.currency),
        "difference": signed(figure.difference, figure.currency),
        "tone": _tone(figure.difference),
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
            "tone": _tone(move.then_amount - move.now_amount),
        }
        for move in greatest(simulation, kind)
    ]


def _changed(now: int, then: int) -> str:
    return f"{now:,}" if now == then else f"{now:,} → {then:,}"


def _tone(difference: Decimal) -> str:
    return "" if not difference else "sim-more" if difference > 0 else "sim-less"
