"""Detail files: every charge of an invoice, or of a month (for finance), as CSV and XLSX."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import list_of, page_of
from billing_engine.core.calendar.spans import labels_of
from billing_engine.core.errors import Refused
from billing_engine.core.tables.csv import Cell, csv_response
from billing_engine.core.tables.xlsx import xlsx_response
from invoices.domain.document.detail_table import HEADER, refuse_too_many, rows_of_invoice, rows_of_month
from invoices.models import Invoice
from leads.models import BillingPeriod

MAY_SEE_CHARGES = "pricing.view_charge"
FORMS = ("csv", "xlsx")


@needs("invoices.view_invoice", MAY_SEE_CHARGES)
def detail_of_invoice(request: HttpRequest, invoice: int, form: str) -> HttpResponseBase:
    """Return every charge of one invoice as a file."""
    found = get_object_or_404(Invoice.objects.live().select_related("customer", "period__customer"), pk=invoice)
    name = f"detail-{found.number or f'draft-{found.customer.code}-{found.period.label}'}"
    back = page_of("invoices.invoice", invoice)
    return _file(request, name, form, rows_of_invoice(found), back, action__period=found.period_id)


@needs("invoices.change_invoice", MAY_SEE_CHARGES)
def detail_of_month(request: HttpRequest, label: str, form: str) -> HttpResponseBase:
    """Return every charge of a cycle as a file, for all customers, billed or not."""
    if "\0" in label or not BillingPeriod.objects.filter(label__in=labels_of(label)).exists():
        raise Http404
    back = list_of("invoices.invoice", month=label)
    return _file(
        request, f"detail-{label}", form, rows_of_month(label), back, action__period__label__in=labels_of(label)
    )


def _file(
    request: HttpRequest, name: str, form: str, rows: Iterator[list[Cell]], back: str, **where: Any
) -> HttpResponseBase:
    """Return the file, or go back to the page with the reason why there is none."""
    if form not in FORMS:
        raise Http404
    if form == "csv":
        return csv_response(f"{name}.csv", HEADER, rows)
    try:
        refuse_too_many(**where)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(back)
    return xlsx_response(f"{name}.xlsx", "Charges", HEADER, rows)
