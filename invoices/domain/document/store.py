"""The documents of invoices: requested, rendered by one worker, and stored."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.queues.queue import AT_A_TIME
from billing_engine.core.tasks import after_commit
from invoices.domain.document.electronic import electronic, is_electronic
from invoices.domain.document.queue import DocumentIsBeingMade, PdfQueue, ready
from invoices.domain.document.typeset import SECONDS, WITH_FILES, source_of, typeset
from invoices.domain.proof.seal import seal
from invoices.models import Invoice, InvoiceDocument, InvoiceMail

Kind = InvoiceDocument.Kind

DOCUMENT_RETRIED = Verb("document_retried", "PDF requested again")

LEASE = timedelta(seconds=SECONDS + 60)  # its worker has ended by then


class InvoiceIsNotIssued(Refused):
    """Only an issued invoice has a stored document."""

    code = "invoice_is_not_issued"
    message = "This invoice is not issued yet. You can preview its PDF."


def ask_for(
    invoice: Invoice,
    *,
    at: datetime,
    kind: InvoiceDocument.Kind = Kind.INVOICE,
    replaced_by: Invoice | None = None,
    source: dict[str, Any] | None = None,
) -> InvoiceDocument:
    """Request a document of an invoice once; pass `source` if its charges are about to be rated again."""
    defaults = {"requested_at": at, "next_attempt_at": at, "source": source}
    document, is_new = InvoiceDocument.objects.get_or_create(
        invoice=invoice, kind=kind, replaced_by=replaced_by, defaults=defaults
    )
    if is_new:
        DOCUMENTS.ask_for(document)
    return document


def ask_for_all(invoices: Sequence[Invoice], *, at: datetime) -> None:
    """Request the PDF of each of these invoices, which the caller has locked, unless it was requested before."""
    stored = InvoiceDocument.objects.filter(invoice__in=invoices, kind=Kind.INVOICE).values_list("invoice", flat=True)
    before = set(stored)
    for document in InvoiceDocument.objects.bulk_create(
        InvoiceDocument(invoice=invoice, requested_at=at, next_attempt_at=at)
        for invoice in invoices
        if invoice.pk not in before
    ):
        DOCUMENTS.ask_for(document)


def document_of(invoice: Invoice) -> InvoiceDocument:
    """Return the PDF of an issued invoice, as sent to the customer.

    Raises InvoiceIsNotIssued, DocumentIsBeingMade or DocumentFailed.
    """
    if invoice.number is None:
        raise InvoiceIsNotIssued(invoice=invoice.pk)
    document = InvoiceDocument.objects.filter(invoice=invoice, kind=Kind.INVOICE).first()
    if document is None:  # the sweep will request it
        raise DocumentIsBeingMade
    return ready(document)


class Documents(PdfQueue[InvoiceDocument]):
    """The PDFs of invoices to render; voids and emails do not wait for one that is being typeset."""

    task = "invoices.render"
    lease = LEASE

    def waiting(self) -> QuerySet[InvoiceDocument]:
        return InvoiceDocument.objects.waiting()

    def act(self, document: InvoiceDocument, *, at: datetime) -> bytes:
        if document.kind == Kind.INVOICE and document.source is None:
            seal(document.invoice, at=at)  # before it is printed: its fingerprint stands at its foot
        source, invoice = _source(document), document.invoice
        if document.kind != Kind.INVOICE or not is_electronic(invoice):
            return typeset(source)
        return electronic().embedded(invoice, typeset(source, archive=WITH_FILES))

    def kept(self, document: InvoiceDocument) -> None:
        if document.kind == Kind.INVOICE:
            for mail in InvoiceMail.objects.waiting().filter(invoice=document.invoice_id):
                after_commit("invoices.mail", item_id=mail.pk, attempt=mail.attempts)

    def tidy(self, *, at: datetime) -> None:
        request_missing(at=at)


@transaction.atomic
def _source(document: InvoiceDocument) -> dict[str, Any]:
    """Return the document's content; a concurrent void waits for this."""
    found = InvoiceDocument.objects.select_for_update(of=("self",)).select_related("invoice__customer")
    document = found.get(pk=document.pk)
    return document.source or source_of(document.invoice)


DOCUMENTS = Documents()


def make(document_id: int, *, attempt: int, at: datetime) -> None:
    """Render one document; failures are recorded, and the last one is final."""
    DOCUMENTS.work(document_id, attempt=attempt, at=at)


@transaction.atomic
def request_missing(*, at: datetime) -> int:
    """Request the PDF of every issued invoice that has none; return how many.

    The invoice is locked first, as in a void, to prevent deadlocks.
    """
    missing = Invoice.objects.filter(~Exists(InvoiceDocument.objects.filter(invoice=OuterRef("pk"))), state="issued")
    found = list(missing.select_for_update(skip_locked=True)[:AT_A_TIME])
    ask_for_all(found, at=at)
    return len(found)


@transaction.atomic
def try_again(document: InvoiceDocument, *, by: User, at: datetime) -> InvoiceDocument:
    """Request a failed document again, starting with the first attempt; raise DocumentHasNotFailed."""
    found = DOCUMENTS.again(InvoiceDocument.objects.failed().filter(pk=document.pk), at=at)
    record(DOCUMENT_RETRIED, on=found, by=by, also=[found.invoice])
    return found
