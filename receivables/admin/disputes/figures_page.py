"""The page of disputes in figures: by reason and by source, what was accepted and what was rejected."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.timezone import now

from billing_engine.core import money
from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from receivables.queries.disputes.figures import Figure, by_reason, by_source

VIEW = "receivables.view_dispute"
SHOWN_AT_FIRST = timedelta(days=90)
LINKS = {"reason": "reason__id__exact", "source": "charges__action__lead__source__id__exact"}


class Days(forms.Form):
    """The days on which the disputes were opened."""

    first = forms.DateField(label="Opened from", widget=forms.DateInput({"type": "date", "class": "lb-day"}))
    last = forms.DateField(label="to", widget=forms.DateInput({"type": "date", "class": "lb-day"}))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("first") and given.get("last") and given["first"] > given["last"]:
            raise forms.ValidationError("The first day is after the last.")
        return given


@needs(VIEW)
def figures_page(request: HttpRequest) -> HttpResponse:
    """Show the figures of the disputes opened on some days, by default the last 90."""
    today = now().date()
    form = Days(request.GET or {"first": today - SHOWN_AT_FIRST, "last": today})
    tables = _tables(form.cleaned_data["first"], form.cleaned_data["last"]) if form.is_valid() else []
    context = {**admin.site.each_context(request), "title": "Disputes by reason", "form": form, "tables": tables}
    return TemplateResponse(request, "receivables/dispute_figures.html", context)


def _tables(first: date, last: date) -> list[dict[str, Any]]:
    return [
        {"title": "Reason", "rows": [_row(each, "reason") for each in by_reason(first, last)]},
        {"title": "Source", "rows": [_row(each, "source") for each in by_source(first, last)]},
    ]


def _row(figure: Figure, kind: str) -> dict[str, Any]:
    def words(amount: Any) -> str:
        return money.in_words(amount, figure.currency)

    return {
        "name": figure.name,
        "address": list_of("receivables.dispute", **{LINKS[kind]: figure.key}),
        "disputes": figure.disputes,
        "charges": figure.charges,
        "disputed": words(figure.disputed),
        "accepted": words(figure.accepted),
        "rejected": words(figure.rejected),
        "undecided": words(figure.undecided),
    }


page_at("receivables/disputes/figures/", figures_page, name="receivables_dispute_figures")
in_menu("Receivables", 31, Item("Disputes by reason", "bar_chart", "admin:receivables_dispute_figures", VIEW))
