"""A document is asked for, made by one worker, and kept: every attempt is counted before it begins, and they end.

A row per document is the queue. Nothing is locked while it is typeset, so nobody waits for it: not a void, not a mail.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from billing_engine.core.errors import Refused
from billing_engine.core.tasks import after_commit
from invoices.domain.document.typeset import SECONDS, NotTypeset, source_of, typeset
from invoices.models import Invoice, InvoiceDocument, InvoiceMail

Kind = InvoiceDocument.Kind
State = InvoiceDocument.State

MOST_ATTEMPTS = 3
PAUSE = timedelta(minutes=1)  # and twice, three times as long
LEASE = timedelta(seconds=SECONDS + 60)  # a worker that has not answered by then has ended


class InvoiceIsNotIssued(Refused):
    """Only what is issued has a document to keep."""

    code = "invoice_is_not_issued"
    message = "This invoice is not issued yet: there is a preview of it, but no document to keep."


class DocumentIsBeingMade(Refused):
    """A PDF is made by a worker, some seconds after it is asked for."""

    code = "document_is_being_made"
    message = "The PDF is being made. Try again in a moment."


class DocumentFailed(Refused):
    """A PDF that could not be made is a person's turn."""

    code = "document_failed"


class DocumentHasNotFailed(Refused):
    """Only what could not be made is tried again."""

    code = "document_has_not_failed"
    message = "This PDF is being made, or kept already."


def ask_for(
    invoice: Invoice,
    *,
    at: datetime,
    kind: InvoiceDocument.Kind = Kind.INVOICE,
    replaced_by: Invoice | None = None,
    source: dict[str, Any] | None = None,
) -> InvoiceDocument:
    """Ask for a document of an invoice, once; `source` where its charges are about to be rated again."""
    facts = {"asked_at": at, "next_attempt_at": at, "source": source}
    document, is_new = InvoiceDocument.objects.get_or_create(
        invoice=invoice, kind=kind, replaced_by=replaced_by, defaults=facts
    )
    if is_new:
        after_commit("invoices.render", document_id=document.pk, attempt=document.attempts)
    return document


def document_of(invoice: Invoice) -> InvoiceDocument:
    """The PDF of an issued invoice, as it went to the customer.

    Raises InvoiceIsNotIssued, DocumentIsBeingMade or DocumentFailed.
    """
    if invoice.number is None:
        raise InvoiceIsNotIssued(invoice=invoice.pk)
    document = InvoiceDocument.objects.filter(invoice=invoice, kind=Kind.INVOICE).first()
    if document is None:  # issued before documents had rows of their own: the sweep asks for it
        raise DocumentIsBeingMade
    return ready(document)


def ready(document: InvoiceDocument) -> InvoiceDocument:
    """The document, if it is kept. Raises DocumentIsBeingMade or DocumentFailed."""
    if document.state == State.FAILED:
        raise DocumentFailed(f"The PDF could not be made. {document.reason}")
    if not document.is_kept:
        raise DocumentIsBeingMade
    return document


def make(document_id: int, *, attempt: int, at: datetime) -> None:
    """Make it, if it waits for this attempt and nobody else is at it; a failure is noted, and the last one is final."""
    claimed = _claimed(document_id, attempt=attempt, at=at)
    if claimed is None:
        return
    document, source = claimed
    try:
        content = typeset(source)
    except NotTypeset as failure:
        _failed(document, str(failure), at=at)
    else:
        _keep(document, content, at=at)


@transaction.atomic
def _claimed(document_id: int, *, attempt: int, at: datetime) -> tuple[InvoiceDocument, dict[str, Any]] | None:
    """Count the attempt and read what the document says; a void, which changes that, waits for these moments alone."""
    waiting = InvoiceDocument.objects.waiting().select_for_update(of=("self",), skip_locked=True)
    document = waiting.select_related("invoice__customer").filter(pk=document_id, attempts=attempt).first()
    if document is None:
        return None
    if document.attempts >= MOST_ATTEMPTS:
        document.reason = document.reason or f"{MOST_ATTEMPTS} workers ended while they were making it."
        document.state, document.next_attempt_at = State.FAILED, None
        document.save(update_fields=["state", "reason", "next_attempt_at"])
        return None
    document.attempts += 1
    document.next_attempt_at = at + LEASE
    document.save(update_fields=["attempts", "next_attempt_at"])
    return document, document.source or source_of(document.invoice)


@transaction.atomic
def _keep(document: InvoiceDocument, content: bytes, *, at: datetime) -> None:
    """Store it, and ask for the mails that wait for it; one whose attempt was given up for lost comes too late."""
    is_stored = (
        InvoiceDocument.objects.waiting()
        .filter(pk=document.pk, attempts=document.attempts)
        .update(
            state=State.KEPT,
            content=content,
            sha256=hashlib.sha256(content).hexdigest(),
            rendered_at=at,
            reason="",
            next_attempt_at=None,
        )
    )
    if is_stored and document.kind == Kind.INVOICE:
        for mail in InvoiceMail.objects.waiting().filter(invoice=document.invoice_id):
            after_commit("invoices.mail", mail_id=mail.pk, attempt=mail.attempts)


def _failed(document: InvoiceDocument, reason: str, *, at: datetime) -> None:
    is_last = document.attempts >= MOST_ATTEMPTS
    InvoiceDocument.objects.waiting().filter(pk=document.pk, attempts=document.attempts).update(
        state=State.FAILED if is_last else State.WAITING,
        reason=reason,
        next_attempt_at=None if is_last else at + PAUSE * document.attempts,
    )


@transaction.atomic
def try_again(document: InvoiceDocument, *, at: datetime) -> InvoiceDocument:
    """A document that could not be made is made again, from its first attempt on; raises DocumentHasNotFailed."""
    found = InvoiceDocument.objects.failed().select_for_update().filter(pk=document.pk).first()
    if found is None:
        raise DocumentHasNotFailed
    found.state, found.attempts, found.reason, found.next_attempt_at = State.WAITING, 0, "", at
    found.save(update_fields=["state", "attempts", "reason", "next_attempt_at"])
    after_commit("invoices.render", document_id=found.pk, attempt=0)
    return found
