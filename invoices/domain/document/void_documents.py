"""The documents of a void invoice: its PDF stays, a second one is marked VOID, a third names the replacement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from billing_engine.core import money
from invoices.domain.document.replacement import replaced_by, replacement_notice
from invoices.domain.document.store import Kind, ask_for
from invoices.domain.document.typeset import source_of
from invoices.models import Invoice, InvoiceDocument


def keep_and_mark_void(invoice: Invoice, *, at: datetime) -> None:
    """Keep the content of the invoice's PDF and request the one marked VOID.

    Call this between the void and the reopening of the period, before the charges in the annex are rated again. Nothing
    is typeset here: a PDF that is not rendered yet will be rendered from the content kept now.
    """
    document = ask_for(invoice, at=at)
    document = InvoiceDocument.objects.select_for_update().defer("content").get(pk=document.pk)
    if not document.is_kept:
        document.source = source_of(invoice, as_issued=True)
        document.save(update_fields=["source"])
    ask_for(invoice, at=at, kind=Kind.VOID, source=source_of(invoice))


def name_replacements(invoices: Sequence[Invoice], *, at: datetime) -> None:
    """Request documents of the void invoices that name those that were just issued to replace them."""
    periods = [invoice.period_id for invoice in invoices]
    with_void = set(Invoice.objects.filter(period__in=periods, state="void").values_list("period", flat=True))
    for invoice in invoices:
        if invoice.period_id in with_void:
            _name_the_replacement(invoice, at=at)


def _name_the_replacement(invoice: Invoice, *, at: datetime) -> None:
    void = replaced_by(invoice)
    document = (
        void and InvoiceDocument.objects.filter(invoice=void, kind=Kind.VOID).order_by("pk").defer("content").first()
    )
    if void is None or not document or document.source is None:
        return
    ask_for(void, at=at, kind=Kind.VOID, replaced_by=invoice, source=_naming(document.source, invoice))


def _naming(source: dict[str, Any], replacement: Invoice) -> dict[str, Any]:
    paper = source["paper"]
    with money.read_in(source["locale"] or str(money.LOCALE)):
        return {**source, "paper": {**paper, "notices": [replacement_notice(replacement)]}}
