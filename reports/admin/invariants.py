"""The invariants, live: both sides, their difference, and the rows that violate them."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.timezone import now

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import list_of, page_of
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from billing_engine.core.calendar.spans import Cycle, Month
from billing_engine.core.read_replica import freshness, from_copy
from invoices.domain.wording import month_in_words
from reports.queries.freshness import freshness_in_words
from reports.queries.sums.invariant import Invariant, Sides, side_in_words
from reports.queries.sums.invariants import invariants

# The page shows all of these at once, so users need every permission to see it.
MAY_SEE = ("leads.view_delivery", "leads.view_billingperiod", "pricing.view_charge", "invoices.view_invoice")
ALL = "all"
BREACHES_SHOWN = 20
LISTS = {
    "1": "leads.delivery",
    "2": "leads.billingperiod",
    "5": "leads.customer",
    "6a": "leads.billingperiod",
    "6b": "core.deed",
}


@needs(*MAY_SEE)
@from_copy
def invariants_page(request: HttpRequest) -> HttpResponse:
    """Recount the selected month, the current month, or all time."""
    month = _chosen(request.GET.get("month", ""))
    found = invariants(month)
    page = {
        **admin.site.each_context(request),
        "title": "Invariants",
        "freshness": freshness_in_words(freshness()),
        "month": month_in_words(str(month)) if month else "All time",
        "earlier": month.previous() if month else None,
        "later": month.next() if month else None,
        "all": None if month is None else ALL,
        "invariants": [_shown(invariant, month) for invariant in found],
        "broken": sum(not invariant.holds for invariant in found),
    }
    response = TemplateResponse(request, "reports/invariants.html", page)
    response["Cache-Control"] = "no-store"
    return response


def _chosen(requested: str) -> Cycle | None:
    if requested == ALL:
        return None
    try:
        return Cycle.parse(requested)
    except ValueError:
        return Month.containing(now(), ZoneInfo("UTC"))


def _shown(invariant: Invariant, month: Cycle | None) -> dict[str, Any]:
    breaches = invariant.breaches[:BREACHES_SHOWN]
    return {
        "number": invariant.number,
        "left": invariant.left,
        "right": invariant.right,
        "note": invariant.note,
        "holds": invariant.holds,
        "sides": [_side(sides) for sides in invariant.sides],
        "breaches": [
            {"words": one.words, "row": one.row, "address": page_of(one.model, one.row) if one.row else ""}
            for one in breaches
        ],
        "more": invariant.broken - len(breaches),
        "rows": _rows(invariant.number, month),
    }


def _side(sides: Sides) -> dict[str, Any]:
    def words(side: Any) -> str:
        return side_in_words(side, sides.currency)

    return {
        "name": sides.name,
        "left": words(sides.left),
        "right": words(sides.right),
        "difference": words(sides.difference),
        "agrees": not sides.difference,
    }


def _rows(number: str, month: Cycle | None) -> str:
    """Return the URL of the list of the rows an invariant is about."""
    model = LISTS.get(number, "invoices.invoice")
    if month is None or number in ("4", "5", "6b"):
        return list_of(model)
    if model == "leads.delivery":
        span = month.span(ZoneInfo("UTC"))
        return list_of(model, received_at__gte=span.start.isoformat(), received_at__lt=span.end.isoformat())
    return list_of(model, **{"cycle" if model == "leads.billingperiod" else "month": str(month)})


page_at("reports/invariants/", invariants_page, name="reports_invariants")
in_menu("Billing", 40, Item("Invariants", "balance", "admin:reports_invariants", *MAY_SEE))
