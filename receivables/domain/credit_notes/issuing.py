"""draft → approved → issued: an issued note has its number, is in the books, and settles what is open of its invoice."""

from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, Sum

from billing_engine.core import money
from billing_engine.core.approvals.people import NeedsApproval
from billing_engine.core.approvals.requests import check_not_requested, close_for
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from invoices.domain.life.numbers import next_in_series, number, prefix_of
from invoices.domain.month_lock import check_not_closed
from invoices.models import NumberSeries
from leads.domain.access.second_person import needs_second_person
from leads.domain.number_prefixes import claim, of_credit_notes
from receivables.domain.credit_notes.drafting import CREDIT_NOTE, check_issued, in_words, locked, touched_by
from receivables.domain.credit_notes.letter import letter_of
from receivables.domain.ledger.allocations import Match, match
from receivables.domain.ledger.items import with_left
from receivables.domain.ledger.post import Account, Part, against_receivable, post
from receivables.domain.ledger.voiders import VoiderApproves, voiders_of
from receivables.domain.papers.store import ask_for
from receivables.models import CreditNote, LedgerDocument, Paper

APPROVED = Verb("credit_note_approved", "Approved")
SENT_BACK = Verb("credit_note_sent_back", "Sent back to draft")
ISSUED = Verb("credit_note_issued", "Issued")

State = CreditNote.State
APPROVAL = ("state", "approved_by", "approved_at")
ISSUE = ("state", "number", "series", "serial", "issued_by", "issued_at", "issued_on", "document", "paper")


class DrafterApproves(NeedsApproval):
    """Above the sum that the company sets, the person who drafted a credit note can't approve it."""

    code = "drafter_approves"
    message = "You drafted this credit note, so another person must approve it."


@transaction.atomic
def approve(note: CreditNote, *, by: User, at: datetime, reason: str = "") -> CreditNote:
    """Approve a draft; raises WrongState, NotCreditable, or DrafterApproves above the company's threshold."""
    note = locked(note, State.DRAFT)
    check_issued(note.invoice)
    check_may_approve(note, by)
    note.state, note.approved_by, note.approved_at = State.APPROVED, by, at
    note.save(update_fields=APPROVAL)
    close_for(note, by=by, at=at)
    before, after = {"state": State.DRAFT}, {"state": State.APPROVED, "total": in_words(note)}
    record(APPROVED, on=note, by=by, reason=reason, before=before, after=after, also=touched_by(note))
    return note


@transaction.atomic
def send_back(note: CreditNote, *, by: User, reason: str = "") -> CreditNote:
    """Return an approved note to draft; the deed says why. Raises WrongState."""
    note = locked(note, State.APPROVED)
    note.state, note.approved_by, note.approved_at = State.DRAFT, None, None
    note.save(update_fields=APPROVAL)
    before, after = {"state": State.APPROVED}, {"state": State.DRAFT}
    record(SENT_BACK, on=note, by=by, reason=reason, before=before, after=after, also=touched_by(note))
    return note


@transaction.atomic
def issue(note: CreditNote, *, by: User | None, at: datetime) -> CreditNote:
    """Give an approved note its number and PDF, post it, and match it to what is open of its invoice.

    The rest stays unapplied. Raises CycleLocked if the month of its day is closed, WrongState, NotCreditable or PrefixTaken.
    From then on the database refuses every change.
    """
    check_not_closed(f"{note.invoice.customer.day_of(at):%Y-%m}")
    note = locked(note, State.APPROVED)
    check_issued(note.invoice)
    note.state, note.issued_by, note.issued_at = State.ISSUED, by, at
    note.issued_on = note.invoice.customer.day_of(at)
    _number(note)
    note.document = _post(note)
    opened, used = _settle(note, note.document)
    source = letter_of(note, opened=opened, used=used).as_data()
    note.paper = ask_for(Paper.Kind.CREDIT_NOTE, note.invoice.customer, name=note.number or "", source=source, at=at)
    note.save(update_fields=ISSUE)
    after = {"state": State.ISSUED, "number": note.number, "issued_on": note.issued_on, "total": in_words(note)}
    record(ISSUED, on=note, by=by, before={"state": State.APPROVED}, after=after, also=touched_by(note))
    return note


def check_may_approve(note: CreditNote, by: User) -> None:
    """Refuse the person who drafted the note above the company's threshold, and everyone while a request waits."""
    check_not_requested(note, CREDIT_NOTE)
    if by.pk == note.drafted_by_id and is_above_threshold(note, by):
        raise DrafterApproves
    if note.drafted_by_id is None and by.pk in voiders_of(note) and is_above_threshold(note, by):
        raise VoiderApproves


def is_above_threshold(note: CreditNote, by: User) -> bool:
    """Return whether a second person approves the note, counting what this one has approved alone on the invoice.

    So no one credits a large sum alone in small pieces, or by voiding actions, of which the engine drafts the credit.
    """
    seller = note.invoice.period.customer_terms.seller
    alone = CreditNote.objects.filter(Q(drafted_by=by) | Q(drafted_by=None), invoice=note.invoice, approved_by=by)
    before = alone.exclude(pk=note.pk).aggregate(sum=Sum("total"))["sum"] or money.ZERO
    return needs_second_person(CREDIT_NOTE, seller, amount=before + note.total, currency=note.currency)


def _number(note: CreditNote) -> None:
    """Give the note the next number of its seller's series: `CN-2026-000017` beside `INV-2026-000441`."""
    seller = note.invoice.period.customer_terms.seller
    prefix = of_credit_notes(prefix_of(note.invoice))
    claim(prefix, seller=seller)
    assert note.issued_on is not None  # noqa: S101 -- tells mypy: the caller has set it
    year = note.issued_on.year
    kind = NumberSeries.Kind.CREDIT_NOTE
    note.series_id, note.serial = next_in_series(seller.pk if seller else None, year, kind=kind)
    note.number = number(prefix, year, note.serial, note.invoice.seller)


def _post(note: CreditNote) -> LedgerDocument:
    """Post the note in reverse of its invoice."""
    assert note.issued_on is not None, "set at issue"  # noqa: S101 -- for mypy
    assert note.issued_at is not None, "set at issue"  # noqa: S101 -- for mypy
    document = LedgerDocument(
        kind=LedgerDocument.Kind.CREDIT_NOTE,
        customer=note.invoice.customer,
        seller_id=note.invoice.ledger_documents.get(kind=LedgerDocument.Kind.INVOICE).seller_id,
        currency=note.currency,
        reference=note.number or "",
        posted_on=note.issued_on,
        recorded_at=note.issued_at,
        recorded_by=note.issued_by,
    )
    parts = [Part(Account.REVENUE, note.subtotal)]
    parts += [Part(Account.TAX, tax.amount, str(tax)) for tax in note.taxes.order_by("position")]
    [posted] = post([(document, against_receivable(document, parts))])
    return posted


def _settle(note: CreditNote, posted: LedgerDocument) -> tuple[Decimal, Decimal]:
    """Match the note to what its invoice still owes; return what was open of it, and how much of that is settled."""
    assert note.issued_on is not None, "set at issue"  # noqa: S101 -- for mypy
    assert note.issued_at is not None, "set at issue"  # noqa: S101 -- for mypy
    billed = LedgerDocument.objects.filter(invoice=note.invoice, kind=LedgerDocument.Kind.INVOICE, side="debit")
    owed = with_left(billed, open_only=True).first()
    if owed is None:
        return money.ZERO, money.ZERO
    used, words = min(owed.left, posted.amount), f"credited by {note.number}"
    matched = [Match(posted, owed, used)]
    match(matched, on=note.issued_on, at=note.issued_at, person=note.issued_by, reason=words)
    return owed.left, used
