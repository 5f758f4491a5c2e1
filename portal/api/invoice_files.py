"""The files of a customer's invoices: PDFs, every charge as CSV, and the proof bundle."""

from django.http import Http404
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from billing_engine.core.api.problem_examples import problems
from billing_engine.core.tables.csv import csv_response
from billing_engine.core.tables.download import file_response, stored_response
from invoices.domain.document.queue import ready
from invoices.domain.document.store import document_of
from invoices.domain.proof.seal import content_of, proof_of
from portal.api.invoices import INVOICE
from portal.api.view import CustomerView, in_path
from portal.pages.invoices.files import PDF, detail_rows
from portal.pages.invoices.invoice import one_invoice
from receivables.models import CreditNote

CSV, ZIP = "text/csv", "application/zip"
FILE = {"type": "string", "format": "binary"}


def for_type(media: str) -> type[JSONRenderer]:
    """Stands for the type of a file when a client asks for it; the file itself is sent without it, problems are JSON."""
    return type("FileRenderer", (JSONRenderer,), {"media_type": media, "format": media.partition("/")[2]})


class FileView(CustomerView):
    """A file of the customer's."""

    renderer_classes = (JSONRenderer, for_type(PDF), for_type(CSV), for_type(ZIP))


class CustomerInvoicePdf(FileView):
    """The invoice as it was sent."""

    @extend_schema(
        operation_id="customer_invoice_pdf",
        tags=["Customer"],
        summary="Get the PDF of an invoice",
        description="As it was sent. Shortly after the invoice is issued, it is being made (409): ask again in a moment.",
        parameters=[INVOICE],
        responses={(200, PDF): OpenApiResponse(FILE, "The PDF"), **problems(401, 403, 404, 406, 409, 429, 503)},
    )
    def get(self, request: Request, invoice: str) -> HttpResponseBase:
        found = one_invoice(self.own, invoice).invoice
        content = bytes(document_of(found).content or b"")
        return file_response(content, name=f"{found.number}.pdf", content_type=PDF)


class CustomerInvoiceCharges(FileView):
    """Every charge of the invoice."""

    @extend_schema(
        operation_id="customer_invoice_charges_csv",
        tags=["Customer"],
        summary="Get every charge of an invoice as CSV",
        description="Streamed, without a limit. The amounts of a line's rows add up to the line, to the cent.",
        parameters=[INVOICE],
        responses={(200, CSV): OpenApiResponse(FILE, "The file"), **problems(401, 403, 404, 406, 429, 503)},
    )
    def get(self, request: Request, invoice: str) -> HttpResponseBase:
        own = self.own
        found = one_invoice(own, invoice).invoice
        header, rows = detail_rows(own, found)
        return csv_response(f"charges-{found.number}.csv", header, rows)


class CustomerInvoiceProof(FileView):
    """The proof bundle."""

    @extend_schema(
        operation_id="customer_invoice_proof",
        tags=["Customer"],
        summary="Get the proof bundle of an invoice",
        description="A zip with rules, actions and charges, signed by us. The page about proof says how to check it.",
        parameters=[INVOICE],
        responses={(200, ZIP): OpenApiResponse(FILE, "The bundle"), **problems(401, 403, 404, 406, 429, 503)},
    )
    def get(self, request: Request, invoice: str) -> HttpResponseBase:
        proof = proof_of(one_invoice(self.own, invoice).invoice)
        return stored_response(content_of(proof), name=proof.file_name, content_type=ZIP)


class CustomerCreditNotePdf(FileView):
    """A credit note as it was sent."""

    @extend_schema(
        operation_id="customer_credit_note_pdf",
        tags=["Customer"],
        summary="Get the PDF of a credit note",
        parameters=[in_path("note", "the credit note")],
        responses={(200, PDF): OpenApiResponse(FILE, "The PDF"), **problems(401, 403, 404, 406, 409, 429, 503)},
    )
    def get(self, request: Request, note: str) -> HttpResponseBase:
        own = self.own
        notes = CreditNote.objects.issued().filter(invoice__customer=own.customer).select_related("paper")
        found = own.find(notes, note)
        if found.paper is None:
            raise Http404
        return file_response(bytes(ready(found.paper).content or b""), name=f"{found.number}.pdf", content_type=PDF)
