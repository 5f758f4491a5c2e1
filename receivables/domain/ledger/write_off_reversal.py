"""Write-offs and their reversals as documents; the void of an invoice reverses its write-offs too."""

from datetime import datetime

from django.contrib.auth.models import User

from receivables.domain.ledger.allocations import Match, match, standing, take_back
from receivables.domain.ledger.post import Account, Part, against_receivable, post
from receivables.models import LedgerDocument


def write_off_document(like: LedgerDocument, *, by: User | None, at: datetime) -> LedgerDocument:
    """An unsaved document of today that says what it writes off."""
    return LedgerDocument(
        kind=LedgerDocument.Kind.WRITE_OFF,
        customer=like.customer,
        seller_id=like.seller_id,
        currency=like.currency,
        reference=like.reference,
        posted_on=like.customer.day_of(at),
        recorded_at=at,
        recorded_by=by,
    )


def post_reversal(written_off: LedgerDocument, *, by: User | None, at: datetime, reason: str) -> LedgerDocument:
    """Take back what a write-off settled, and post its opposite, matched to it in full; else it would be credit.

    The caller holds the lock of the customer, and records the deed.
    """
    today = written_off.customer.day_of(at)
    take_back(standing(written_off), on=today, at=at, person=by, reason=reason)
    opposite = write_off_document(written_off, by=by, at=at)
    post([(opposite, against_receivable(opposite, [Part(Account.BAD_DEBT, -written_off.amount)]))])
    match([Match(written_off, opposite, written_off.amount)], on=today, at=at, person=by, reason=reason)
    return opposite
