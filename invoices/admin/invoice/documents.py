"""The buttons that download an invoice's PDFs."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.timezone import now
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.cells import page_of
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, file_button, person
from billing_engine.core.errors import Refused
from billing_engine.core.tables.download import file_response, stored_response
from invoices.domain.document.queue import ready
from invoices.domain.document.store import document_of, try_again
from invoices.domain.document.typeset import preview
from invoices.domain.proof.one_charge import prove_charge
from invoices.domain.proof.seal import content_of, proof_of
from invoices.models import Invoice, InvoiceDocument, InvoiceProof

State = Invoice.State
Kind = InvoiceDocument.Kind


def documents_of(invoice: Invoice) -> "QuerySet[InvoiceDocument]":
    """Return the invoice's PDFs in the order they were requested, without their content."""
    return (
        InvoiceDocument.objects.filter(invoice=invoice)
        .select_related("invoice", "replaced_by")
        .defer("content")
        .order_by("pk")
    )


def has_failed_documents(invoice: Invoice) -> bool:
    """Return whether a PDF could not be made."""
    return InvoiceDocument.objects.failed().filter(invoice=invoice).exists()


def has_proof(invoice: Invoice) -> bool:
    """Return whether the invoice has a proof bundle."""
    return InvoiceProof.objects.filter(invoice=invoice).exists()


class DocumentButtons:
    """The PDF buttons of the invoice page."""

    visible: Callable[[HttpRequest, str], Invoice]  # the page's own

    @file_button("Preview PDF", icon="picture_as_pdf", when=lambda invoice: invoice.number is None)
    def preview_pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        invoice = self.visible(request, object_id)
        name = f"draft-{invoice.customer.code}-{invoice.period.label}.pdf"
        return _answer(request, invoice, lambda: (preview(invoice), name))

    @file_button("Download PDF", icon="download", when=lambda invoice: invoice.number is not None)
    def download_pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Return the PDF sent to the customer, or another document by its id."""
        invoice = self.visible(request, object_id)
        requested = request.GET.get("document", "")
        if not requested:
            return _answer(request, invoice, lambda: _file(document_of(invoice)))
        found = InvoiceDocument.objects.filter(invoice=invoice)
        document = found.filter(pk=requested).first() if requested.isdecimal() else None
        if document is None:
            raise Http404
        return _answer(request, invoice, lambda: _file(ready(document)))

    @file_button("Download void PDF", icon="download", when=lambda invoice: invoice.state == State.VOID)
    def download_void_pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Return the latest PDF marked VOID."""
        invoice = self.visible(request, object_id)
        document = InvoiceDocument.objects.filter(invoice=invoice, kind=Kind.VOID).order_by("-pk").first()
        if document is None:
            raise Http404
        return _answer(request, invoice, lambda: _file(ready(document)))

    @file_button("Download proof", icon="verified", when=has_proof)
    def download_proof(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Return the proof bundle, or the proof of one charge by its id in the bundle."""
        invoice = self.visible(request, object_id)
        charge = request.GET.get("charge", "")
        try:
            proof = proof_of(invoice)
            if charge:
                name = f"{invoice}-charge-{charge}.json"
                return file_response(prove_charge(proof, charge), name=name, content_type="application/json")
        except Refused as refusal:
            messages.warning(request, str(refusal))
            return HttpResponseRedirect(page_of("invoices.invoice", invoice.pk))
        return stored_response(content_of(proof), name=proof.file_name, content_type="application/zip")

    @button(
        "Make PDF again",
        permission="invoices.change_invoice",
        icon="refresh",
        variant=ActionVariant.PRIMARY,
        offered=has_failed_documents,
        asks=Dialog(title="Make the PDF again?", says="A worker will make it. If it fails again, this page shows why."),
    )
    def make_pdf_again(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        for document in documents_of(invoice).filter(state=InvoiceDocument.State.FAILED):
            try_again(document, by=person(request), at=now())
        return Done("The PDF is being made.")


def _file(document: InvoiceDocument) -> tuple[bytes, str]:
    return bytes(document.content or b""), document.file_name


def _answer(request: HttpRequest, invoice: Invoice, made: Callable[[], tuple[bytes, str]]) -> HttpResponse:
    """Return the file, or go to the invoice's page with the reason why there is none."""
    try:
        content, name = made()
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return HttpResponseRedirect(page_of("invoices.invoice", invoice.pk))
    return file_response(content, name=name, content_type="application/pdf")
