"""The data of an electronic credit note, as Factur-X and as UBL, beside its PDF."""

from typing import Any, Literal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from billing_engine.core.admin_kit.cells import address_of
from billing_engine.core.admin_kit.dialogs import file_button
from billing_engine.core.errors import Refused
from billing_engine.core.tables.download import file_response
from invoices.domain.document.electronic import is_electronic
from receivables.admin.credit_notes.note_admin import CreditNoteAdmin
from receivables.domain.einvoices.factur_x import CII, UBL, xml_of_note
from receivables.models import CreditNote


def has_data(note: CreditNote) -> bool:
    """Return whether the note is issued, and its invoice is electronic."""
    return note.number is not None and is_electronic(note.invoice)


@file_button("Download Factur-X", icon="data_object", when=has_data)
def download_factur_x(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Return the data of Factur-X, which an invoice has inside its PDF."""
    return _file(request, self.visible(request, object_id), CII, "-factur-x")


@file_button("Download UBL", icon="data_object", when=has_data)
def download_ubl(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Return the credit note as UBL 2.1."""
    return _file(request, self.visible(request, object_id), UBL, "")


def _file(request: HttpRequest, note: CreditNote, flavor: Literal["factur-x", "ubl-2.1"], ending: str) -> HttpResponse:
    """Return the file, or go to the note's page with the reason why there is none."""
    try:
        content = xml_of_note(note, flavor)
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return HttpResponseRedirect(address_of(note))
    return file_response(content, name=f"{note.number}{ending}.xml", content_type="application/xml")


CreditNoteAdmin.extend_buttons(download_factur_x, download_ubl, before="download_pdf")
