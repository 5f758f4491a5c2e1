"""The price list in force on a day, for one customer or for all, as an admin page to print and as CSV."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminSelectWidget

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.fields import day_field, today_somewhere
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.read_replica import freshness, from_copy
from billing_engine.core.tables.csv import csv_response
from leads.models import Customer
from reports.admin.prices.table import HEADER, announced_rows, cells_of, in_force_rows
from reports.queries.freshness import freshness_in_words
from reports.queries.prices.price_list import price_list

PERMISSION = "pricing.view_pricerule"
YEARS_AHEAD = 10
ROWS_SHOWN = 500  # the CSV has all of them


class PricesForm(forms.Form):
    """The customer and the day."""

    def __init__(self, asked: Mapping[str, str]) -> None:
        today = today_somewhere(now())
        super().__init__({"customer": asked.get("customer", ""), "day": asked.get("day") or str(today)})
        self.fields["customer"] = forms.ModelChoiceField(
            Customer.objects.order_by("name", "code"),
            to_field_name="code",
            required=False,
            empty_label="All customers",
            widget=UnfoldAdminSelectWidget,
            error_messages={"invalid_choice": "There is no customer with this code."},
        )
        self.fields["day"] = day_field("Day", latest=date(today.year + YEARS_AHEAD, 12, 31))

    @property
    def question(self) -> tuple[Customer | None, date] | None:
        """The customer (None: all) and the day; None if one is refused."""
        return (self.cleaned_data["customer"], self.cleaned_data["day"]) if self.is_valid() else None


@needs(PERMISSION)
@from_copy
def prices_page(request: HttpRequest) -> HttpResponse:
    """Show the rules in force, best first, and those that start later."""
    form = PricesForm(request.GET.dict())
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
        query = urlencode({"customer": customer.code if customer else "", "day": str(day)})
        page |= {
            "customer": customer,
            "day": day_in_words(day),
            "in_force": in_force[:ROWS_SHOWN],
            "announced": announced[:ROWS_SHOWN],
            "hidden": max(0, len(in_force) - ROWS_SHOWN) + max(0, len(announced) - ROWS_SHOWN),
            "csv_address": f"{reverse('admin:reports_prices_csv')}?{query}",
        }
    return TemplateResponse(request, "reports/prices.html", page)


@needs(PERMISSION)
@from_copy
def prices_csv(request: HttpRequest) -> HttpResponseBase:
    """All rules as CSV."""
    form = PricesForm(request.GET.dict())
    if form.question is None:
        words = " ".join(str(word) for words in form.errors.values() for word in words)
        return HttpResponseBadRequest(words, content_type="text/plain; charset=utf-8")
    customer, day = form.question
    name = "-".join(["prices", *([customer.code] if customer else []), str(day)])
    return csv_response(f"{name}.csv", HEADER, cells_of(price_list(customer, day)))


page_at("reports/prices/", prices_page, name="reports_prices")
page_at("reports/prices.csv", prices_csv, name="reports_prices_csv")
in_menu("Operations", 45, Item("Price list", "sell", "admin:reports_prices", PERMISSION))
