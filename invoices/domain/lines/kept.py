"""Charges of a line page by page, each with its share.

A line may be long, and the charges of one that is written never change: what was counted over all of it, and up to a
place, is kept for a day. Without Redis it is counted again.
"""

import logging
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

import redis
from django.core.cache import cache

from billing_engine.core import money
from invoices.domain.lines.allocation import Allocation
from invoices.domain.lines.detail import ChargeCursor, DetailCharge
from invoices.domain.lines.one_line import LineDay, RunningSums, allocation_of, days_of_line, sums_at
from invoices.models import InvoiceLine

logger = logging.getLogger(__name__)

KEPT_SECONDS = 24 * 60 * 60
NOTHING = RunningSums(0, money.ZERO, money.ZERO, money.ZERO)
Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class Reached:
    """A place in a line: the sums of the charges before it, and how the line's amount is spread from there on."""

    sums: RunningSums
    spread: Allocation


def start_of(line: InvoiceLine) -> Reached:
    """Return the place before the line's first charge; raise DoesNotAddUp."""
    return _kept(line, "start", lambda: Reached(NOTHING, allocation_of(line)))


def reached(line: InvoiceLine, place: ChargeCursor) -> Reached:
    """Return what lies before a place, whether or not a charge is there."""

    def count() -> Reached:
        spread = copy(start_of(line).spread)
        return Reached(sums_at(line, place, spread), spread)

    return _kept(line, _name(place), count)


def shares_from(
    line: InvoiceLine, here: Reached, charges: Sequence[DetailCharge], *, then: DetailCharge | None = None
) -> list[Decimal]:
    """Return the shares of the charges from this place on; what is reached at the charge `then` after them is kept."""
    spread = copy(here.spread)
    shares = [spread.next_share(each.exact_amount) for each in charges]
    if then:
        _keep(line, _name(place_of(then)), Reached(plus(here.sums, sums_of(charges, shares)), spread))
    return shares


def days_of(line: InvoiceLine) -> list[LineDay]:
    """Return the days on which the line's actions occurred."""
    return _kept(line, "days", lambda: days_of_line(line))


def sums_of(charges: Sequence[DetailCharge], shares: Sequence[Decimal]) -> RunningSums:
    """Return the sums of some charges and their shares."""
    quantity = sum((each.quantity for each in charges), money.ZERO)
    exact = sum((each.exact_amount for each in charges), money.ZERO)
    return RunningSums(len(charges), quantity, exact, sum(shares, money.ZERO))


def plus(one: RunningSums, other: RunningSums) -> RunningSums:
    """Add sums."""
    charges, quantity, exact, amount = other
    return RunningSums(one.charges + charges, one.quantity + quantity, one.exact + exact, one.amount + amount)


def less(one: RunningSums, other: RunningSums) -> RunningSums:
    """Subtract sums."""
    charges, quantity, exact, amount = other
    return RunningSums(one.charges - charges, one.quantity - quantity, one.exact - exact, one.amount - amount)


def place_of(charge: DetailCharge) -> ChargeCursor:
    """Return the place right before a charge."""
    return charge.occurred_at, charge.action


def _name(place: ChargeCursor) -> str:
    return f"{place[0].timestamp()}:{place[1]}"


def _kept(line: InvoiceLine, what: str, count: Callable[[], Kept]) -> Kept:
    try:
        found: Kept | None = cache.get(_key(line, what))
    except redis.RedisError as error:
        logger.warning("Redis is unavailable (%s): a line is counted again.", error)
        return count()
    if found is None:
        found = count()
        _keep(line, what, found)
    return found


def _keep(line: InvoiceLine, what: str, found: object) -> None:
    try:
        cache.set(_key(line, what), found, KEPT_SECONDS)
    except redis.RedisError as error:
        logger.warning("Redis is unavailable (%s): what was counted of a line is not kept.", error)


def _key(line: InvoiceLine, what: str) -> str:
    """Name the line as it was written: after a restore, another one may get its id."""
    return f"line:{line.pk}:{line.invoice.created_at.timestamp()}:{line.amount}:{what}"
