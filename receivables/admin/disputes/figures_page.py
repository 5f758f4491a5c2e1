"""The page of disputes in figures, by reason and by source, and of credit notes by reason."""

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
from receivables.queries.disputes.figures import Credited, Figure, by_reason, by_source, credited_by_reason

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
    page: dict[str, Any] = {**admin.site.each_context(request), "title": "Disputes and credits", "form": form}
    if form.is_valid():
        days = form.cleaned_data["first"], form.cleaned_data["last"]
        page["tables"] = _tables(*days)
        if request.user.has_perm("receivables.view_creditnote"):
            page["credits"] = [_credited(each) for each in credited_by_reason(*days)]
    return TemplateResponse(request, "receivables/dispute_figures.html", page)


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


def _credited(row: Credited) -> dict[str, Any]:
    return {
        "name": row.name,
        "address": list_of("receivables.creditnote", reason__id__exact=row.key, state__exact="issued"),
        "notes": row.notes,
        "amount": money.in_words(row.amount, row.currency),
        "total": money.in_words(row.total, row.currency),
    }


page_at("receivables/disputes/figures/", figures_page, name="receivables_dispute_figures")
in_menu("Receivables", 31, Item("Disputes and credits", "bar_chart", "admin:receivables_dispute_figures", VIEW))
