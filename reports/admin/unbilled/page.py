"""Unbilled as of a day: what was rated but not invoiced at its end, as an admin page and as CSV."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.fields import EARLIEST, day_field, today_somewhere
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from billing_engine.core.calendar.wording import count_of_days, day_in_words
from billing_engine.core.read_replica import freshness, from_copy
from billing_engine.core.tables.csv import csv_response
from reports.admin.unbilled.table import HEADER, card_of, cells_of
from reports.queries.freshness import freshness_in_words
from reports.queries.unbilled.unbilled import unbilled_at

MAY_SEE = ("pricing.view_charge", "invoices.view_invoice")
LONGEST = timedelta(days=400)  # of the bridge


class UnbilledForm(forms.Form):
    """The day, and the earlier day that the bridge starts from."""

    def __init__(self, asked: Mapping[str, str]) -> None:
        today = today_somewhere(now())
        last_month = today.replace(day=1) - timedelta(days=1)
        as_of = asked.get("as_of") or str(last_month)
        super().__init__({"as_of": as_of, "since": asked.get("since") or _end_of_the_month_before(as_of, today)})
        self.fields["as_of"] = day_field("Unbilled as of the end of", latest=today)
        self.fields["since"] = day_field("Compared with the end of", latest=today, required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse a day that is not earlier, or so much earlier that the report would read years of activity."""
        day, previous = self.cleaned_data.get("as_of"), self.cleaned_data.get("since")
        is_missing = previous is None and "since" not in self.errors
        if day and (is_missing or (previous and previous >= day)):
            self.add_error("since", f"Choose a day before {day_in_words(day)}.")
        elif day and previous and day - previous > LONGEST:
            self.add_error("since", f"Choose a day at most {count_of_days(LONGEST.days)} earlier.")
        return self.cleaned_data

    @property
    def days(self) -> tuple[date, date] | None:
        """The day and the previous one; None if one is refused."""
        if not self.is_valid():
            return None
        return self.cleaned_data["as_of"], self.cleaned_data["since"]


def _end_of_the_month_before(asked: str, today: date) -> str:
    """The day compared with unless another one was chosen; "" if the day itself is refused."""
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        return ""
    return str(max(EARLIEST, day.replace(day=1) - timedelta(days=1))) if EARLIEST <= day <= today else ""


@needs(*MAY_SEE)
@from_copy
def unbilled_page(request: HttpRequest) -> HttpResponse:
    """Show what was unbilled at the end of a day, by currency."""
    form = UnbilledForm(request.GET.dict())
    page: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Unbilled",
        "form": form,
        "freshness": freshness_in_words(freshness()),
    }
    if form.days:
        day, previous = form.days
        page |= {
            "day": day_in_words(day),
            "is_over": day < today_somewhere(now()) - timedelta(days=1),
            "cards": [card_of(one, day=day, previous=previous) for one in unbilled_at(day, previous=previous)],
            "csv_address": f"{reverse('admin:reports_unbilled_csv')}?{urlencode({'as_of': str(day), 'since': str(previous)})}",
        }
    return TemplateResponse(request, "reports/unbilled.html", page)


@needs(*MAY_SEE)
@from_copy
def unbilled_csv(request: HttpRequest) -> HttpResponseBase:
    """All rows as CSV."""
    form = UnbilledForm(request.GET.dict())
    if form.days is None:
        words = " ".join(str(word) for words in form.errors.values() for word in words)
        return HttpResponseBadRequest(words, content_type="text/plain; charset=utf-8")
    day, previous = form.days
    return csv_response(f"unbilled-{day}.csv", HEADER, cells_of(unbilled_at(day, previous=previous)))


page_at("reports/unbilled/", unbilled_page, name="reports_unbilled")
page_at("reports/unbilled.csv", unbilled_csv, name="reports_unbilled_csv")
in_menu("Finance", 32, Item("Unbilled", "pending_actions", "admin:reports_unbilled", *MAY_SEE))
