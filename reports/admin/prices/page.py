"""The price list in force on a day, for one customer or for all, as an admin page to print and as files."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminSelectWidget

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.read_replica import freshness, from_copy
from leads.models import Customer
from reports.admin.days import day_field
from reports.admin.exports.download import export_or_stream, file_links
from reports.admin.prices.table import announced_rows, in_force_rows
from reports.domain.question.faults import BadQuestion
from reports.queries.freshness import freshness_in_words
from reports.queries.prices.asked import CUSTOMER, ON, list_asked
from reports.queries.prices.file import PERMISSION, PRICES
from reports.queries.prices.price_list import price_list

ROWS_SHOWN = 500  # the file has all of them


class PricesForm(forms.Form):
    """Shows the customer and the day that the report reads from the address, and why it refuses one."""

    def __init__(self, asked: Mapping[str, str], *, at: datetime) -> None:
        self.question, refused = None, None
        try:
            self.question = list_asked(asked, at=at)
        except BadQuestion as refusal:
            refused = refusal
        day = str(self.question[1]) if self.question else asked.get(ON, "")
        super().__init__({CUSTOMER: asked.get(CUSTOMER, ""), ON: day})
        customers = Customer.objects.order_by("name", "code")
        self.fields[CUSTOMER] = forms.ChoiceField(
            choices=[("", "All customers"), *((each.code, str(each)) for each in customers)],
            required=False,
            widget=UnfoldAdminSelectWidget,
        )
        self.fields[ON] = day_field("Day")
        self.errors.clear()
        if refused:
            self.add_error(refused.part, str(refused))


@needs(PERMISSION)
@from_copy
def prices_page(request: HttpRequest) -> HttpResponse:
    """Show the rules in force, best first, and those that start later."""
    form = PricesForm(request.GET.dict(), at=now())
    page: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Price list",
        "form": form,
        "freshness": freshness_in_words(freshness()),
    }
    if form.question:
        customer, day = form.question
        found = price_list(customer, day)
        in_force, announced = in_force_rows(found, customer), announced_rows(found, customer)
        query = urlencode({CUSTOMER: customer.code if customer else "", ON: str(day)})
        page |= {
            "customer": customer,
            "day": day_in_words(day),
            "in_force": in_force[:ROWS_SHOWN],
            "announced": announced[:ROWS_SHOWN],
            "hidden": max(0, len(in_force) - ROWS_SHOWN) + max(0, len(announced) - ROWS_SHOWN),
            "files": file_links(lambda form: f"{reverse('admin:reports_prices_file', args=[form])}?{query}"),
        }
    return TemplateResponse(request, "reports/prices.html", page)


@needs(PERMISSION)
def prices_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """All rules as a file."""
    query = request.GET.urlencode()
    return export_or_stream(request, PRICES.name, query, form, back=f"{reverse('admin:reports_prices')}?{query}")


page_at("reports/prices/", prices_page, name="reports_prices")
page_at("reports/prices.<str:form>", prices_file, name="reports_prices_file")
in_menu("Prices", 15, Item("Price list", "sell", "admin:reports_prices", PERMISSION))
