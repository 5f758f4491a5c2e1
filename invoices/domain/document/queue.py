"""The queue that PDFs are rendered from, whatever they show; no lock is held while one is typeset."""

import hashlib
from abc import abstractmethod
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import QuerySet

from billing_engine.core.errors import Refused
from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.items import MOST_ATTEMPTS
from billing_engine.core.queues.leased import LeasedQueue
from invoices.models import StoredPdf

State = StoredPdf.State
Pdf = TypeVar("Pdf", bound=StoredPdf)

PAUSE = timedelta(minutes=1)  # multiplied by the number of attempts


class DocumentIsBeingMade(Refused):
    """A worker renders the PDF a few seconds after it is requested."""

    code = "document_is_being_made"
    message = "The PDF is being made. Try again in a moment."


class DocumentFailed(Refused):
    """A PDF that could not be made needs a person's attention."""

    code = "document_failed"


class DocumentHasNotFailed(Refused):
    """Only a failed PDF can be made again."""

    code = "document_has_not_failed"
    message = "This PDF is being made, or is already stored."


class PdfQueue(LeasedQueue[Pdf, bytes]):
    """PDFs to render: stored with their digest, or tried again, or failed with the reason."""

    @abstractmethod
    def kept(self, document: Pdf) -> None:
        """What follows once its PDF is there, such as the emails that wait for it."""

    def settle(self, document: Pdf, content: bytes, *, at: datetime) -> None:
        document.state, document.reason, document.next_attempt_at = State.KEPT, "", None
        document.content, document.sha256, document.rendered_at = content, hashlib.sha256(content).hexdigest(), at
        self.kept(document)

    def fail(self, document: Pdf, failure: Failure, *, at: datetime) -> None:
        is_last = document.attempts >= MOST_ATTEMPTS
        document.state, document.reason = State.FAILED if is_last else State.WAITING, failure.words
        document.next_attempt_at = None if is_last else at + PAUSE * document.attempts

    def given_up(self, document: Pdf) -> str:
        return document.reason or f"{MOST_ATTEMPTS} workers ended while making it."

    def again(self, failed: "QuerySet[Pdf]", *, at: datetime) -> Pdf:
        """Request a failed document again, starting with the first attempt; raise DocumentHasNotFailed."""
        found = failed.select_for_update(of=("self",)).first()
        if found is None:
            raise DocumentHasNotFailed
        found.state, found.attempts, found.reason, found.next_attempt_at = State.WAITING, 0, "", at
        found.save(update_fields=["state", "attempts", "reason", "next_attempt_at"])
        self.ask_for(found)
        return found


def ready(document: Pdf) -> Pdf:
    """Return the document if it is stored; raise DocumentIsBeingMade or DocumentFailed."""
    if document.state == State.FAILED:
        raise DocumentFailed(f"The PDF could not be made. {document.reason}")
    if not document.is_kept:
        raise DocumentIsBeingMade
    return document
