"""Billing activity of a customer, as an admin page and as CSV."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from billing_engine.core.read_replica import freshness, from_copy, rows_from_copy
from billing_engine.core.tables.csv import Cell, csv_response
from invoices.domain.wording import late_in_words
from leads.models import BillingPeriod, Customer
from pricing.models import Charge
from pricing.wording.decision import reason_in_words
from reports.admin.activity_form import ActivityForm
from reports.admin.activity_table import Sheet, sheet_of
from reports.admin.freshness import freshness_in_words
from reports.queries.activity import ActivityRow, activity_of

PERMISSION = "invoices.view_invoice"
HEADER = ("Month", "Late activity from", "SKU", "Product", "Source", "Action type", "Actions", "Charged")
AFTER_REASONS = ("Unrated", "Quantity charged", "Unit", "Amount", "Currency")


@needs(PERMISSION)
@from_copy
def activity_page(request: HttpRequest) -> HttpResponse:
    """Show the activity of the selected customer and month, reconciled with the invoices."""
    customer, month = _selection(request)
    page: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Billing activity",
        "form": ActivityForm(customer, month),
        "customer": customer,
        "freshness": freshness_in_words(freshness()),
        "sheet": _sheet(customer, month) if customer else None,
    }
    if customer:
        query = urlencode({"customer": str(customer.pk), "month": month})
        page["csv_address"] = f"{reverse('admin:reports_activity_csv')}?{query}"
    return TemplateResponse(request, "reports/activity.html", page)


@needs(PERMISSION)
def activity_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Stream all rows as CSV."""
    customer, month = _selection(request)
    if customer is None:
        raise Http404
    header = (*HEADER, *(f"Excluded: {reason_in_words(code)}" for code in Charge.Reason.values), *AFTER_REASONS)
    name = "-".join(filter(None, ("activity", customer.code, month)))
    return csv_response(f"{name}.csv", header, rows_from_copy(_cells(customer, activity_of(customer, month=month))))


def _selection(request: HttpRequest) -> tuple[Customer | None, str]:
    """Return the selected customer and month; "" means all months."""
    chosen = request.GET.get("customer", "")
    customer = Customer.objects.filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < 19 else None
    month = request.GET.get("month", "")
    if customer is None or not BillingPeriod.objects.labeled(month).filter(customer=customer).exists():
        month = ""
    return customer, month


def _sheet(customer: Customer, month: str) -> Sheet:
    return sheet_of(customer, activity_of(customer, month=month))


def _cells(customer: Customer, rows: Iterator[ActivityRow]) -> Iterator[list[Cell]]:
    calendar = customer.calendar
    for row in rows:
        counted = row.counted
        yield [
            row.month,
            late_in_words(row.late_from, calendar) if row.late_from else "",
            row.sku,
            row.product,
            row.source,
            row.action_type,
            counted.actions,
            counted.charged,
            *(counted.excluded.get(code, 0) for code in Charge.Reason.values),
            counted.unrated,
            counted.quantity,
            row.unit,
            counted.amount,
            customer.currency,
        ]


page_at("reports/activity/", activity_page, name="reports_activity")
page_at("reports/activity.csv", activity_csv, name="reports_activity_csv")
in_menu("Finance", 30, Item("Billing activity", "bar_chart", "admin:reports_activity", PERMISSION))
