"""Allocate what a credit item has left, and take an allocation back."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core import money
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from receivables.domain.ledger.allocations import Match, match, oldest_first, take_back
from receivables.domain.ledger.items import locked
from receivables.domain.payments.record import EVERYTHING, owed
from receivables.models import Allocation, LedgerDocument

ALLOCATED = Verb("payment_allocated", "Allocated")
TAKEN_BACK = Verb("allocation_taken_back", "Allocation taken back")

Kind = LedgerDocument.Kind


class NothingToAllocate(Refused):
    """Nothing is left of the credit, or nothing is open that it could settle."""

    code = "nothing_to_allocate"
    message = "Nothing can be allocated: nothing is left of this credit, or the customer owes nothing in its currency."


class NotTakenBack(Refused):
    """The allocation can't be taken back by itself."""

    code = "allocation_not_taken_back"


@transaction.atomic
def allocate(
    credit: LedgerDocument,
    *,
    by: User,
    at: datetime,
    to: Sequence[LedgerDocument] | None = None,
    most: Decimal | None = None,
) -> list[Allocation]:
    """Match what is left of a credit item, up to `most`, to these items in their order, or oldest first.

    Raises NothingToAllocate, or NothingLeft if `most` is more than both sides have left.
    """
    found = locked([credit.pk])[credit.pk]
    matches = oldest_first([found], owed(found, to), EVERYTHING if most is None else most)
    if not matches:
        raise NothingToAllocate
    done = sum((each.amount for each in matches), money.ZERO)
    if most is not None and done != most:
        words = money.in_words(done, credit.currency), money.in_words(most, credit.currency)
        raise NothingToAllocate(f"Only {words[0]} can be allocated, not {words[1]}.")
    made = match(matches, on=credit.customer.day_of(at), at=at, person=by)
    record(ALLOCATED, on=credit, by=by, also=[each.debit for each in matches], after=_told(matches))
    return made


@transaction.atomic
def take_allocation_back(allocation: Allocation, *, by: User, at: datetime, reason: str = "") -> None:
    """Open both sides again, from today on. Raises NotTakenBack."""
    credit = LedgerDocument.objects.select_related("customer").get(pk=allocation.credit_id)
    locked([credit.pk])
    if why := why_not_taken_back(Allocation.objects.select_related("credit", "debit").get(pk=allocation.pk)):
        raise NotTakenBack(why)
    take_back([allocation], on=credit.customer.day_of(at), at=at, person=by, reason=reason)
    taken = {"amount": money.in_words(allocation.amount, credit.currency), "of": str(allocation.debit)}
    record(TAKEN_BACK, on=credit, by=by, reason=reason, also=[allocation.debit], before=taken)


def why_not_taken_back(allocation: Allocation) -> str:
    """Why the allocation stays: it belongs to a document that is undone by another one; "" if it can be taken back."""
    if allocation.takes_back_id or Allocation.objects.filter(takes_back=allocation).exists():
        return "This allocation was already taken back."
    if Kind.VOID in (allocation.credit.kind, allocation.debit.kind):
        return "An invoice that is void stays settled by its void."
    if allocation.credit.kind == Kind.WRITE_OFF:
        return "Reverse the write-off instead."
    if is_payback(allocation):
        return f"{allocation.credit} was used up by {allocation.debit}, so this stays."
    return ""


def is_payback(allocation: Allocation) -> bool:
    """Whether the debit is the refund or return of this very credit; a later credit may also settle one."""
    details = getattr(allocation.debit, "payment", None)
    return details is not None and details.undoes_id == allocation.credit_id


def _told(matches: Sequence[Match]) -> dict[str, object]:
    return {"settles": [f"{each.debit}: {money.in_words(each.amount, each.debit.currency)}" for each in matches]}
