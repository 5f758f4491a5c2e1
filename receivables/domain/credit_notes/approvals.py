"""Credit notes above the company's threshold: the drafter asks, another person approves or sends back."""

from datetime import datetime

from django.contrib.auth.models import User
from django.urls import reverse

from billing_engine.core import money
from billing_engine.core.approvals.kinds import Kind, nothing_to_do
from billing_engine.core.approvals.requests import ask
from billing_engine.core.models import ApprovalRequest
from receivables.domain.credit_notes.drafting import CREDIT_NOTE, DRAFTED, in_words, locked
from receivables.domain.credit_notes.issuing import approve
from receivables.models import CreditNote


def request_approval(note: CreditNote, *, by: User, at: datetime, reason: str) -> ApprovalRequest:
    """Ask for the approval of a draft; raises WrongState or AlreadyAsked."""
    note = locked(note, CreditNote.State.DRAFT)
    credited = [
        (str(line.line), None, money.in_words(line.amount, note.currency))
        for line in note.lines.select_related("line").order_by("line__position")
    ]
    differences = [("Invoice", None, str(note.invoice)), *credited, ("Total credited", None, in_words(note))]
    return ask(KIND, on=note, by=by, at=at, reason=reason, differences=differences)


def _approve(note: CreditNote, by: User, at: datetime, reason: str) -> None:
    approve(note, by=by, at=at, reason=reason)


KIND = Kind(
    code=CREDIT_NOTE.value,
    words="Credit note",
    model=CreditNote,
    permission="receivables.change_creditnote",
    written_by=frozenset({DRAFTED.code}),
    approve=_approve,
    set_aside=nothing_to_do,
    page=lambda note: reverse("admin:receivables_creditnote_change", args=[note.pk]),
)
