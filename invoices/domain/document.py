"""The PDF of an invoice: tagged, archivable (PDF/A-2a, PDF/UA-1), the same bytes for the same paper everywhere."""

import hashlib
import json
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path

import typst

from billing_engine.core.errors import Refused
from invoices.domain.annex import Annex, annex_of
from invoices.domain.paper import Paper, paper_of
from invoices.models import Invoice, InvoiceDocument

TEMPLATE = Path(__file__).with_name("invoice.typ")
ARCHIVABLE: "list[typst.PDFStandard]" = ["a-2a", "ua-1"]


class InvoiceIsNotIssued(Refused):
    """Only what is issued has a document to keep."""

    code = "invoice_is_not_issued"
    message = "This invoice is not issued yet: there is a preview of it, but no document to keep."


def document_of(invoice: Invoice, *, at: datetime) -> InvoiceDocument:
    """The PDF of an issued invoice, rendered and stored by whoever asks first, read from then on.

    Raises InvoiceIsNotIssued.
    """
    if invoice.number is None:
        raise InvoiceIsNotIssued(invoice=invoice.pk)
    stored = InvoiceDocument.objects.filter(invoice=invoice).first()
    if stored is not None:
        return stored
    content = render(paper_of(invoice), annex_of(invoice))
    facts = {"content": content, "sha256": hashlib.sha256(content).hexdigest(), "rendered_at": at}
    # Two may render at once: both have the same bytes, and the first one's row stays.
    document, _ = InvoiceDocument.objects.get_or_create(invoice=invoice, defaults=facts)
    return document


def preview(invoice: Invoice) -> bytes:
    """The PDF of an invoice as it stands now; nothing is stored."""
    return render(paper_of(invoice), annex_of(invoice))


def render(paper: Paper, annex: Annex | None = None) -> bytes:
    """The paper as a PDF, with its annex.

    A sign that none of the bundled fonts has costs the archive profile, never the invoice.
    """
    try:
        return _compiled(paper, annex, ARCHIVABLE)
    except typst.TypstError as error:
        if "could not be displayed with font" not in str(error):
            raise
        return _compiled(paper, annex, [])


def _compiled(paper: Paper, annex: Annex | None, standards: "list[typst.PDFStandard]") -> bytes:
    return typst.compile(
        TEMPLATE,
        format="pdf",
        font_paths=_fonts(),
        ignore_system_fonts=True,
        # Data, never markup: the template reads it as JSON.
        sys_inputs={
            "paper": json.dumps(paper.as_data(), ensure_ascii=False),
            "annex": json.dumps(annex and annex.as_data(), ensure_ascii=False),
        },
        pdf_standards=standards,
        timestamp=datetime.combine(date.fromisoformat(paper.made_on), time.min, UTC),
    )


@cache
def _fonts() -> typst.Fonts:
    """Those inside the wheel, and no others: they are the same on every machine."""
    return typst.Fonts(include_system_fonts=False)
