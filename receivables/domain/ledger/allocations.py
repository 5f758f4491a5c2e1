"""Match credit items to debit items, and take a match back; both sides or neither, and never more than is left."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from billing_engine.core import money
from billing_engine.core.errors import Refused
from receivables.domain.ledger.items import locked
from receivables.models import Allocation, LedgerDocument


class NotAMatch(Refused):
    """Two items can't be matched."""

    code = "not_a_match"


class NothingLeft(Refused):
    """An item has less left than is to be matched."""

    code = "nothing_left"


@dataclass(frozen=True, slots=True)
class Match:
    """So much of a credit item for a debit item."""

    credit: LedgerDocument
    debit: LedgerDocument
    amount: Decimal


@transaction.atomic
def match(
    matches: Sequence[Match], *, on: date, at: datetime, person: User | None = None, reason: str = ""
) -> list[Allocation]:
    """Store the matches, all or none; raises NotAMatch or NothingLeft. The caller records the deed.

    A match is neither dated nor recorded before its items, nor dated before what is stored of them already: as of any day,
    an item has only what it had by then.
    """
    items = locked({item.pk for each in matches for item in (each.credit, each.debit)})
    left = {pk: item.left for pk, item in items.items()}
    for each in matches:
        _check(each)
        for item in (each.credit, each.debit):
            if each.amount > left[item.pk]:
                raise NothingLeft(_in_words(item, left[item.pk], each.amount))
            left[item.pk] -= each.amount
    latest = _latest_days(items) if on < at.date() else {}
    return Allocation.objects.bulk_create(
        Allocation(
            customer_id=each.debit.customer_id,
            seller_id=each.debit.seller_id,
            currency=each.debit.currency,
            due_on=each.debit.due_on or each.debit.posted_on,
            credit=each.credit,
            debit=each.debit,
            amount=each.amount,
            posted_on=max(on, *(latest.get(item.pk, item.posted_on) for item in (each.credit, each.debit))),
            recorded_at=max(at, each.credit.recorded_at, each.debit.recorded_at),
            recorded_by=person,
            reason=reason,
        )
        for each in matches
    )


def oldest_first(favors: Iterable[LedgerDocument], debits: Iterable[LedgerDocument], most: Decimal) -> list[Match]:
    """Match annotated items in their order, up to `most` in all."""
    found, owed = list[Match](), list(debits)
    left = {debit.pk: debit.left for debit in owed}
    for credit in favors:
        free = credit.left
        for debit in owed:
            amount = min(free, left[debit.pk], most)
            if amount > 0:
                found.append(Match(credit, debit, amount))
                free, most = free - amount, most - amount
                left[debit.pk] -= amount
    return found


def _latest_days(items: Mapping[int, LedgerDocument]) -> dict[int, date]:
    """The latest day of each item and of its allocations: dated there or later, a match never takes what another had."""
    days = {pk: item.posted_on for pk, item in items.items()}
    for side in ("credit_id", "debit_id"):
        found = Allocation.objects.filter(**{f"{side}__in": list(items)}).values_list(side).annotate(Max("posted_on"))
        for pk, day in found:
            days[pk] = max(days[pk], day)
    return days


@transaction.atomic
def take_back(
    allocations: Iterable[Allocation], *, on: date, at: datetime, person: User | None = None, reason: str = ""
) -> list[Allocation]:
    """Take back matches whole, each by a second row; those already taken back are left alone. The caller records the deed."""
    made = list(allocations)
    locked({pk for each in made for pk in (each.credit_id, each.debit_id)})
    rows = Allocation.objects.filter(pk__in=[each.pk for each in made], takes_back=None, taken_back_by=None)
    return Allocation.objects.bulk_create(
        Allocation(
            customer_id=each.customer_id,
            seller_id=each.seller_id,
            currency=each.currency,
            due_on=each.due_on,
            credit_id=each.credit_id,
            debit_id=each.debit_id,
            amount=-each.amount,
            takes_back=each,
            posted_on=max(on, each.posted_on),
            recorded_at=max(at, each.recorded_at),
            recorded_by=person,
            reason=reason,
        )
        for each in rows.order_by("pk")
    )


def standing(item: LedgerDocument) -> list[Allocation]:
    """The matches of an item that were not taken back."""
    of = Allocation.objects.filter(credit=item) | Allocation.objects.filter(debit=item)
    return list(of.filter(takes_back=None, taken_back_by=None).order_by("pk"))


def _check(each: Match) -> None:
    if each.amount <= 0:
        raise NotAMatch("Match an amount above zero.")
    if (each.credit.side, each.debit.side) != (LedgerDocument.Side.CREDIT, LedgerDocument.Side.DEBIT):
        raise NotAMatch(f"{each.credit} can't settle {each.debit}.")
    if each.credit.customer_id != each.debit.customer_id:
        raise NotAMatch(f"{each.credit} and {each.debit} are of different customers.")
    if each.credit.seller_id != each.debit.seller_id:
        raise NotAMatch(f"{each.credit} and {each.debit} are of different companies of ours.")
    if each.credit.currency != each.debit.currency:
        raise NotAMatch(f"{each.credit} is in {each.credit.currency}, {each.debit} in {each.debit.currency}.")


def _in_words(item: LedgerDocument, left: Decimal, asked: Decimal) -> str:
    return f"{item} has {money.in_words(left, item.currency)} left, not {money.in_words(asked, item.currency)}."
