"""The data of an electronic invoice as UBL, beside its PDF."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from billing_engine.core.admin_kit.dialogs import file_button
from billing_engine.core.errors import Refused
from invoices.admin.invoice.invoice_admin import InvoiceAdmin
from invoices.domain.document.electronic import is_electronic
from invoices.models import Invoice
from receivables.domain.einvoices.factur_x import ubl_of


@file_button(
    "Download UBL", icon="data_object", when=lambda invoice: invoice.number is not None and is_electronic(invoice)
)
def download_ubl(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Return the invoice as UBL 2.1."""
    invoice: Invoice | None = self.get_object(request, object_id)
    if invoice is None:
        raise Http404
    if not self.has_view_permission(request, invoice):
        raise PermissionDenied
    try:
        content = ubl_of(invoice)
    except Refused as refusal:
        raise Http404(str(refusal)) from refusal
    headers = {
        "Content-Disposition": f'attachment; filename="{invoice.number}.xml"',
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(content, content_type="application/xml", headers=headers)


InvoiceAdmin.extend_buttons(download_ubl, before="download_void_pdf")
