"""Unbilled as of a day: what was rated but not invoiced at its end, as an admin page and as files."""

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

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from billing_engine.core.calendar.edges import today_somewhere
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.read_replica import freshness, from_copy
from reports.admin.days import day_field
from reports.admin.exports.download import export_or_stream, file_links
from reports.admin.unbilled.table import card_of
from reports.domain.question.days import DAY
from reports.domain.question.faults import BadQuestion
from reports.queries.freshness import freshness_in_words
from reports.queries.unbilled.asked import AS_OF, SINCE, days_asked
from reports.queries.unbilled.file import MAY_SEE, UNBILLED
from reports.queries.unbilled.unbilled import unbilled_at


class UnbilledForm(forms.Form):
    """Shows the days that the report reads from the address, and why it refuses one."""

    def __init__(self, asked: Mapping[str, str], *, at: datetime) -> None:
        self.days, refused = None, None
        try:
            self.days = days_asked(asked, at=at)
        except BadQuestion as refusal:
            refused = refusal
        shown = dict(zip((AS_OF, SINCE), map(str, self.days), strict=True)) if self.days else dict(asked)
        super().__init__(shown)
        self.fields[AS_OF] = day_field("Unbilled as of the end of")
        self.fields[SINCE] = day_field("Compared with the end of")
        if refused:
            self.add_error(refused.part, str(refused))


@needs(*MAY_SEE)
@from_copy
def unbilled_page(request: HttpRequest) -> HttpResponse:
    """Show what was unbilled at the end of a day, by currency."""
    at = now()
    form = UnbilledForm(request.GET.dict(), at=at)
    page: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Unbilled",
        "form": form,
        "freshness": freshness_in_words(freshness()),
    }
    if form.days:
        day, previous = form.days
        query = urlencode({AS_OF: str(day), SINCE: str(previous)})
        page |= {
            "day": day_in_words(day),
            "is_over": day < today_somewhere(at) - DAY,
            "cards": [card_of(one, day=day, previous=previous) for one in unbilled_at(day, previous=previous)],
            "files": file_links(lambda form: f"{reverse('admin:reports_unbilled_file', args=[form])}?{query}"),
        }
    return TemplateResponse(request, "reports/unbilled.html", page)


@needs(*MAY_SEE)
def unbilled_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """All rows as a file."""
    query = request.GET.urlencode()
    return export_or_stream(request, UNBILLED.name, query, form, back=f"{reverse('admin:reports_unbilled')}?{query}")


page_at("reports/unbilled/", unbilled_page, name="reports_unbilled")
page_at("reports/unbilled.<str:form>", unbilled_file, name="reports_unbilled_file")
in_menu("Billing", 15, Item("Unbilled", "pending_actions", "admin:reports_unbilled", *MAY_SEE))
