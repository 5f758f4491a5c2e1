"""Credit many invoices: a share of what each has left, a dry run, then one draft per invoice."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import address_of, list_of
from billing_engine.core.admin_kit.dialogs import person
from invoices.admin.invoice.invoice_admin import InvoiceAdmin
from invoices.models import Invoice
from receivables.admin.credit_notes.why_form import WhyForm
from receivables.domain.credit_notes.bulk import Planned, draft_all, dry_run

CREDIT = "receivables.add_creditnote"
AT_ONCE = 200


class ShareForm(WhyForm):
    """The share of each line, and why."""

    percent = forms.DecimalField(
        label="Percent of each line",
        help_text="Of what is left to credit. 100 credits the whole invoice.",
        min_value=Decimal("0.01"),
        max_value=100,
        max_digits=5,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
    )
    field_order = ("percent", "reason", "sentence")


def has_credit_permission(self: Any, request: HttpRequest) -> bool:  # noqa: ARG001 -- a method
    """Return whether the user can draft credit notes."""
    return request.user.has_perm(CREDIT)


@admin.action(description="Credit", permissions=["credit"])
def credit_chosen(self: Any, request: HttpRequest, rows: QuerySet[Invoice]) -> HttpResponse | None:
    """Ask how much and why, show the dry run, then draft."""
    found = rows.select_related("customer", "period__customer").order_by("customer__name", "pk")
    invoices = list(found[: AT_ONCE + 1])
    if len(invoices) > AT_ONCE:
        messages.error(request, f"Choose at most {AT_ONCE} invoices.")
        return None
    form = ShareForm(request.POST if "sentence" in request.POST else None, initial={"percent": 100})
    planned: list[Planned] = []
    if form.is_valid():
        given = form.cleaned_data
        planned = dry_run(invoices, percent=given["percent"])
        if given["seen"] == _seen(planned):
            why = {name: given[name] for name in ("reason", "sentence")}
            _tell(request, draft_all(invoices, percent=given["percent"], by=person(request), **why))
            return None
    sums = defaultdict[str, Decimal](Decimal)
    for each in planned:
        if not each.refused:
            sums[each.invoice.currency] += each.total
    context = {
        **self.admin_site.each_context(request),
        "opts": self.opts,
        "title": f"Credit {len(invoices):,} invoice{'' if len(invoices) == 1 else 's'}",
        "form": form,
        "planned": [(each, address_of(each.invoice)) for each in planned],
        "seen": _seen(planned),
        "will": sum(not each.refused for each in planned),
        "sums": [money.in_words(total, currency) for currency, total in sorted(sums.items())],
        "chosen": invoices,
        "checkbox": ACTION_CHECKBOX_NAME,
        "back": list_of("invoices.invoice"),
    }
    return render(request, "receivables/credit_bulk.html", context)


def _seen(planned: list[Planned]) -> str:
    return " ".join(f"{each.invoice.pk}:{each.total.normalize():f}" for each in planned)


def _tell(request: HttpRequest, done: list[Planned]) -> None:
    for each in done:
        if each.refused:
            messages.error(request, f"{each.invoice}: {each.refused}")
    if count := sum(each.note is not None for each in done):
        messages.success(request, f"{count:,} credit note{'' if count == 1 else 's'} drafted.")


InvoiceAdmin.extend_actions(credit_chosen, permission=has_credit_permission)
