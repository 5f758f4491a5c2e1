"""The buttons that hand out an invoice's PDFs, and what its page says of them."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.timezone import now
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.cells import page_of
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button
from billing_engine.core.errors import Refused
from invoices.domain.document.store import document_of, ready, try_again
from invoices.domain.document.typeset import preview
from invoices.models import Invoice, InvoiceDocument

State = Invoice.State
Kind = InvoiceDocument.Kind


def file_button(label: str, *, icon: str, when: Callable[[Invoice], bool]) -> Callable[[Any], Any]:
    """A button that asks nothing and answers with a file, for those who may see the invoice."""

    def decorate(view: Any) -> Any:
        made: Any = action(description=label, permissions=["view"], icon=icon)
        made = made(view)
        made.offered = when
        return made

    return decorate


def documents_of(invoice: Invoice) -> "QuerySet[InvoiceDocument]":
    """Its PDFs in the order in which they were asked for, without their bytes."""
    return (
        InvoiceDocument.objects.filter(invoice=invoice)
        .select_related("invoice", "replaced_by")
        .defer("content")
        .order_by("pk")
    )


def has_failed_documents(invoice: Invoice) -> bool:
    """Whether a PDF could not be made."""
    return InvoiceDocument.objects.failed().filter(invoice=invoice).exists()


class Documented:
    """What the invoices' own page gets."""

    @file_button("Preview PDF", icon="picture_as_pdf", when=lambda invoice: invoice.number is None)
    def preview_pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        invoice = self._found(request, object_id)
        name = f"draft-{invoice.customer.code}-{invoice.period.label}.pdf"
        return _answer(request, invoice, lambda: (preview(invoice), name))

    @file_button("Download PDF", icon="download", when=lambda invoice: invoice.number is not None)
    def download_pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """As it went to the customer; or another of its documents, by its id."""
        invoice = self._found(request, object_id)
        asked = request.GET.get("document", "")
        if not asked:
            return _answer(request, invoice, lambda: _file(document_of(invoice)))
        document = InvoiceDocument.objects.filter(invoice=invoice, pk=asked).first() if asked.isdecimal() else None
        if document is None:
            raise Http404
        return _answer(request, invoice, lambda: _file(ready(document)))

    @file_button("Download void PDF", icon="download", when=lambda invoice: invoice.state == State.VOID)
    def download_void_pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The latest of those marked VOID."""
        invoice = self._found(request, object_id)
        document = InvoiceDocument.objects.filter(invoice=invoice, kind=Kind.VOID).order_by("-pk").first()
        if document is None:
            raise Http404
        return _answer(request, invoice, lambda: _file(ready(document)))

    @button(
        "Make PDF again",
        permission="invoices.change_invoice",
        icon="refresh",
        variant=ActionVariant.PRIMARY,
        offered=has_failed_documents,
        asks=Dialog(title="Make the PDF again?", says="A worker makes it; what stands in the way is told here."),
    )
    def make_pdf_again(self, request: HttpRequest, invoice: Invoice, answers: dict[str, Any]) -> Done:
        for document in documents_of(invoice).filter(state=InvoiceDocument.State.FAILED):
            try_again(document, at=now())
        return Done("The PDF is being made.")

    def _found(self: Any, request: HttpRequest, object_id: str) -> Invoice:
        invoice: Invoice | None = self.get_object(request, object_id)
        if invoice is None:
            raise Http404
        if not self.has_view_permission(request, invoice):
            raise PermissionDenied
        return invoice


def _file(document: InvoiceDocument) -> tuple[bytes, str]:
    return bytes(document.content or b""), document.file_name


def _answer(request: HttpRequest, invoice: Invoice, made: Callable[[], tuple[bytes, str]]) -> HttpResponse:
    """The file; or the invoice's page, with the reason why there is none."""
    try:
        content, name = made()
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return HttpResponseRedirect(page_of("invoices.invoice", invoice.pk))
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
    )
