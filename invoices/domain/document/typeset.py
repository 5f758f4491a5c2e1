"""Typeset an invoice as a PDF: tagged, archivable (PDF/A-2a, PDF/UA-1), the same bytes for the same content everywhere.

A separate process with limited time and memory does the work (`billing_engine/core/typesetting/`).
"""

import threading
from pathlib import Path
from typing import Any

from billing_engine.core.errors import Refused
from billing_engine.core.typesetting import typeset as typesetting
from invoices.domain.document.annex import Annex, annex_of
from invoices.domain.document.content import InvoiceContent, content_of
from invoices.models import Invoice

TEMPLATE = Path(__file__).with_name("invoice.typ")
SECONDS, SECONDS_ON_A_PAGE = 300, 40  # 12,000 lines take 10; the web server gives up after 60
MEGABYTES = 2_048  # of addresses; 12,000 lines take 800, in tiers 1,000, of which 450 and 750 are ever in memory
WITH_FILES = typesetting.WITH_FILES
PREVIEW_WAITS_SECONDS = 5  # most previews take less

_one_preview = threading.Lock()  # per process


class PreviewInProgress(Refused):
    """A process makes one preview at a time, because each may take much memory."""

    code = "preview_in_progress"
    message = "Another preview is being made. Try again in a few seconds."


def preview(invoice: Invoice) -> bytes:
    """Return the PDF of an invoice as it is now, without storing it; raise NotTypeset or PreviewInProgress."""
    if not _one_preview.acquire(timeout=PREVIEW_WAITS_SECONDS):
        raise PreviewInProgress
    try:
        return typeset(source_of(invoice), seconds=SECONDS_ON_A_PAGE)
    finally:
        _one_preview.release()


def render(paper: InvoiceContent, annex: Annex | None = None) -> bytes:
    """Return the content and its annex as a PDF; raise NotTypeset."""
    return typeset(_source(paper, annex))


def source_of(invoice: Invoice, *, as_issued: bool = False) -> dict[str, Any]:
    """Return the content of the invoice's document as plain data; with `as_issued`, as before the invoice was voided."""
    paper = content_of(invoice, as_issued=as_issued)
    return _source(paper, annex_of(invoice), locale=_locale(invoice))


def _locale(invoice: Invoice) -> str:
    kept: str | None = invoice.bill_to.get("locale")
    return kept or invoice.period.customer_terms.locale


def _source(paper: InvoiceContent, annex: Annex | None, *, locale: str = "") -> dict[str, Any]:
    return {"paper": paper.as_data(), "annex": annex and annex.as_data(), "locale": locale}


def typeset(
    source: dict[str, Any],
    *,
    seconds: int = SECONDS,
    megabytes: int = MEGABYTES,
    archive: typesetting.Archive = typesetting.USUAL,
) -> bytes:
    """Return the PDF of a source; raise NotTypeset with the reason."""
    paper = source["paper"]
    return typesetting.typeset(
        TEMPLATE,
        {"paper": paper, "annex": source["annex"]},
        made_on=paper["made_on"],
        seconds=seconds,
        megabytes=megabytes,
        locale=source["locale"],
        archive=archive,
    )
