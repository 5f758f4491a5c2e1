"""Billing activity of a customer, as an admin page and as files."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from billing_engine.core.read_replica import freshness, from_copy
from leads.models import Customer
from reports.admin.activity_form import ActivityForm
from reports.admin.activity_table import Sheet, sheet_of
from reports.admin.exports.download import export_or_stream, file_links
from reports.queries.activity import activity_of
from reports.queries.activity_file import ACTIVITY, PERMISSION, selected
from reports.queries.freshness import freshness_in_words


@needs(PERMISSION)
@from_copy
def activity_page(request: HttpRequest) -> HttpResponse:
    """Show the activity of the selected customer and month, reconciled with the invoices."""
    customer, month = selected(request.GET)
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
        page["files"] = file_links(lambda form: f"{reverse('admin:reports_activity_file', args=[form])}?{query}")
    return TemplateResponse(request, "reports/activity.html", page)


@needs(PERMISSION)
def activity_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """All rows as a file."""
    return export_or_stream(
        request, ACTIVITY.name, request.GET.urlencode(), form, back=reverse("admin:reports_activity")
    )


def _sheet(customer: Customer, month: str) -> Sheet:
    return sheet_of(customer, activity_of(customer, month=month))


page_at("reports/activity/", activity_page, name="reports_activity")
page_at("reports/activity.<str:form>", activity_file, name="reports_activity_file")
in_menu("Finance", 30, Item("Billing activity", "bar_chart", "admin:reports_activity", PERMISSION))
