"""The data of an electronic invoice as UBL, beside its PDF."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from billing_engine.core.admin_kit.dialogs import file_button
from billing_engine.core.errors import Refused
from billing_engine.core.tables.download import file_response
from invoices.admin.invoice.invoice_admin import InvoiceAdmin
from invoices.domain.document.electronic import is_electronic
from invoices.models import Invoice
from receivables.domain.einvoices.factur_x import ubl_of


@file_button(
    "Download UBL", icon="data_object", when=lambda invoice: invoice.number is not None and is_electronic(invoice)
)
def download_ubl(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Return the invoice as UBL 2.1."""
    invoice: Invoice = self.visible(request, object_id)
    try:
        content = ubl_of(invoice)
    except Refused as refusal:
        raise Http404(str(refusal)) from refusal
    return file_response(content, name=f"{invoice.number}.xml", content_type="application/xml")


InvoiceAdmin.extend_buttons(download_ubl, before="download_void_pdf")
