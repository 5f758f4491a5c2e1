"""The forecast of the month: a page of all customers, and a section on each customer's page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import page_of
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from billing_engine.core.calendar.instants import instant
from billing_engine.core.calendar.spans import Month
from billing_engine.core.read_replica import freshness, from_copy
from invoices.domain.wording import month_in_words
from reports.admin.forecast_words import (
    by_size,
    confidence_in_words,
    estimate,
    exact_in_words,
    notes_in_words,
    range_in_words,
)
from reports.domain.question.days import Days
from reports.domain.question.question import Question
from reports.queries.forecast import Forecast, MonthSoFar, forecasts
from reports.queries.freshness import freshness_in_words

# Charges, and what was invoiced before.
MAY_SEE = ("pricing.view_charge", "invoices.view_invoice")
MOST_ROWS = 500


@needs(*MAY_SEE)
@from_copy
def forecast_page(request: HttpRequest) -> HttpResponse:
    """Show the current month of every customer, the largest forecast first, and the totals per currency."""
    at = now()
    found, totals = forecasts(at)
    shown = sorted(found, key=by_size)
    month = totals[0].month if totals else None
    page = {
        **admin.site.each_context(request),
        "title": "Forecast",
        "freshness": freshness_in_words(freshness()),
        "month": month_in_words(str(month)) if month else "",
        "before": month_in_words(str(month.previous())) if month else "",
        "at": instant(at),
        "totals": [_total(total) for total in totals],
        "rows": [row_of(forecast) for forecast in shown[:MOST_ROWS]],
        "hidden": len(shown[MOST_ROWS:]),
    }
    response = TemplateResponse(request, "reports/forecast.html", page)
    response["Cache-Control"] = "no-store"
    return response


def row_of(forecast: Forecast) -> dict[str, Any]:
    """The row of a customer."""
    customer, currency = forecast.customer, forecast.customer.currency
    return {
        "name": customer.name,
        "address": page_of("leads.customer", customer.pk),
        "so_far": exact_in_words(forecast.so_far, currency),
        "days": _explored(forecast.month, "day", customer=customer.code),
        "forecast": estimate(forecast.forecast, currency),
        "range": range_in_words(forecast.low, forecast.high, currency),
        "last_month": exact_in_words(forecast.last_month, currency),
        "days_before": _explored(forecast.month.previous(), "day", customer=customer.code),
        "invoiced": exact_in_words(forecast.last_invoiced, currency),
        "confidence": confidence_in_words(forecast),
        "notes": notes_in_words(forecast),
    }


def _total(total: MonthSoFar) -> dict[str, Any]:
    currency = total.currency
    return {
        "currency": currency,
        "so_far": exact_in_words(total.so_far, currency),
        "forecast": estimate(total.forecast, currency),
        "range": range_in_words(total.low, total.high, currency),
        "last_month": exact_in_words(total.last_month, currency),
        "invoiced": exact_in_words(total.last_invoiced, currency),
        "customers": _explored(total.month, "customer"),
        "without_history": total.without_history,
        "of": total.customers,
    }


def _explored(month: Month, group: str, **filters: str) -> str:
    """The address of the same amounts in the explorer."""
    question = Question(
        show=("amount", "charged"),
        group=(group,),
        days=Days("", month.first, month.last),
        filters=tuple((name, (value,)) for name, value in filters.items()),
    )
    return f"{reverse('admin:reports_explorer')}?{question}"


page_at("reports/forecast/", forecast_page, name="reports_forecast")
in_menu("Reports", 35, Item("Forecast", "trending_up", "admin:reports_forecast", *MAY_SEE))
