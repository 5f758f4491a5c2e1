"""The files of an invoice: its PDF, those of its credit notes, and every charge."""

from collections.abc import Iterator

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase

from billing_engine.core.errors import Refused
from billing_engine.core.tables.csv import Cell, csv_response
from billing_engine.core.tables.download import file_response
from billing_engine.core.tables.xlsx import xlsx_response
from invoices.domain.document.detail_table import HEADER, refuse_too_many, rows_of_invoice
from invoices.domain.document.queue import ready
from invoices.domain.document.store import document_of
from invoices.models import Invoice
from portal.gate import OwnRows, Visit
from portal.pages.invoices.charges import shown_id
from portal.pages.invoices.invoice import one_invoice
from receivables.models import CreditNote

PDF = "application/pdf"
OUR_COLUMNS = ("Rule", "Rule revision", "Corrected", "Action number")  # internal names, of staff, and our own numbers
IDS = ("Lead", "Action")  # the source's own


def invoice_pdf(request: HttpRequest, visit: Visit, invoice: str) -> HttpResponseBase:
    """Return the invoice as it was sent, or say that it is being made."""
    found = one_invoice(visit, invoice).invoice
    try:
        document = document_of(found)
    except Refused:
        messages.info(request, "The PDF is being made. It is ready in a few seconds; this page shows the same invoice.")
        return HttpResponseRedirect(visit.address("invoice", found))
    return file_response(bytes(document.content or b""), name=f"{found.number}.pdf", content_type=PDF)


def credit_note_pdf(request: HttpRequest, visit: Visit, note: str) -> HttpResponseBase:
    """Return a credit note as it was sent, or say that it is being made."""
    found = visit.find(
        CreditNote.objects.issued().filter(invoice__customer=visit.customer).select_related("paper"), note
    )
    try:
        if found.paper is None:
            raise Http404
        paper = ready(found.paper)
    except Refused:
        messages.info(request, "The PDF is being made. It is ready in a few seconds.")
        return HttpResponseRedirect(visit.address("invoices", state="credit-notes"))
    return file_response(bytes(paper.content or b""), name=f"{found.number}.pdf", content_type=PDF)


def detail_rows(own: OwnRows, invoice: Invoice) -> tuple[list[str], Iterator[list[Cell]]]:
    """Return the header and every charge of the invoice, without our internal names."""
    kept = [place for place, name in enumerate(HEADER) if name not in OUR_COLUMNS]
    return [HEADER[place] for place in kept], (_shown(own, row, kept) for row in rows_of_invoice(invoice))


def invoice_detail(request: HttpRequest, visit: Visit, invoice: str, form: str) -> HttpResponseBase:
    """Return every charge of the invoice as a file, without our internal names."""
    found = one_invoice(visit, invoice).invoice
    header, rows = detail_rows(visit, found)
    name = f"charges-{found.number}"
    if form == "csv":
        return csv_response(f"{name}.csv", header, rows)
    if form != "xlsx":
        raise Http404
    try:
        refuse_too_many(action__period=found.period_id)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(visit.address("invoice", found))
    return xlsx_response(f"{name}.xlsx", "Charges", header, rows)


def _shown(own: OwnRows, row: list[Cell], kept: list[int]) -> list[Cell]:
    """The cells that customers see."""
    return [shown_id(own, str(row[at])) if HEADER[at] in IDS and row[at] else row[at] for at in kept]
