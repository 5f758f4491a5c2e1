"""The postings and the matches of a document, formatted."""

from dataclasses import dataclass

from django.db.models import Q

from billing_engine.core.admin_kit.cells import address_of, instant
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.money import in_words
from receivables.models import Allocation, LedgerDocument


@dataclass(frozen=True, slots=True)
class PostingRow:
    """An account with its debit or its credit."""

    account: str
    debit: str
    credit: str


@dataclass(frozen=True, slots=True)
class MatchRow:
    """A match with another document, or its taking back."""

    other: str
    address: str
    amount: str
    posted_on: str
    recorded: str
    by: str
    reason: str
    is_undone: bool  # it was taken back, or takes back another


def postings_of(document: LedgerDocument) -> list[PostingRow]:
    """Return what the document moved, debits first."""
    found = sorted(document.postings.all(), key=lambda each: (each.amount < 0, each.pk))
    return [
        PostingRow(
            f"{each.get_account_display()}{f': {each.tax}' if each.tax else ''}",
            in_words(each.amount, document.currency) if each.amount > 0 else "",
            in_words(-each.amount, document.currency) if each.amount < 0 else "",
        )
        for each in found
    ]


def matches_of(document: LedgerDocument) -> list[MatchRow]:
    """Return the document's matches in the order in which they were recorded, those taken back too."""
    found = Allocation.objects.filter(Q(credit=document) | Q(debit=document)).order_by("pk")
    return [
        _match(each, each.debit if each.credit_id == document.pk else each.credit)
        for each in found.select_related("credit__customer", "debit__customer", "recorded_by", "taken_back_by")
    ]


def _match(each: Allocation, other: LedgerDocument) -> MatchRow:
    return MatchRow(
        str(other),
        address_of(other),
        in_words(each.amount, other.currency),
        day_in_words(each.posted_on),
        instant(each.recorded_at, other.customer.zone),
        str(each.recorded_by or "Lead Billing Engine"),
        each.reason,
        each.takes_back_id is not None or hasattr(each, "taken_back_by"),
    )
