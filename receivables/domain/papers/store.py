"""Request a paper, render it, and read it once it is stored."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.tasks import after_commit
from invoices.domain.document.queue import PdfQueue
from invoices.domain.document.store import DOCUMENT_RETRIED, LEASE
from leads.models import Customer
from receivables.domain.papers.typeset import typeset
from receivables.models import Paper, PaperMail


class Papers(PdfQueue[Paper]):
    """The papers to render."""

    task = "receivables.render"
    lease = LEASE

    def waiting(self) -> QuerySet[Paper]:
        return Paper.objects.waiting()

    def act(self, paper: Paper, *, at: datetime) -> bytes:
        return typeset(Paper.Kind(paper.kind), paper.source)

    def kept(self, paper: Paper) -> None:
        for mail in PaperMail.objects.waiting().filter(paper=paper):
            after_commit("receivables.mail", item_id=mail.pk, attempt=mail.attempts)


PAPERS = Papers()


def ask_for(kind: Paper.Kind, customer: Customer, *, name: str, source: Mapping[str, Any], at: datetime) -> Paper:
    """Request the PDF of a paper: `source` is all that it says, and `name` its file without `.pdf`.

    The caller keeps the paper on its own row, in the same transaction.
    """
    paper = Paper.objects.create(
        kind=kind, customer=customer, file_name=f"{name}.pdf", source=dict(source), requested_at=at, next_attempt_at=at
    )
    PAPERS.ask_for(paper)
    return paper


def keep(
    kind: Paper.Kind, customer: Customer, pdf: bytes, *, name: str, source: Mapping[str, Any], at: datetime
) -> Paper:
    """Store a paper whose PDF is there already, `name` being its file without `.pdf`."""
    return Paper.objects.create(
        kind=kind,
        customer=customer,
        file_name=f"{name}.pdf",
        source=dict(source),
        requested_at=at,
        state=Paper.State.KEPT,
        content=pdf,
        sha256=sha256(pdf).hexdigest(),
        rendered_at=at,
    )


@transaction.atomic
def try_again(paper: Paper, *, by: User, at: datetime) -> Paper:
    """Request a failed paper again, starting with the first attempt; raise DocumentHasNotFailed."""
    found = PAPERS.again(Paper.objects.failed().filter(pk=paper.pk), at=at)
    record(DOCUMENT_RETRIED, on=found, by=by, also=[found.customer])
    return found
