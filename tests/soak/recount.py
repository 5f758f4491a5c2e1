"""Recalculate the charges of simple rules by arithmetic that shares nothing with the engine."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

# As in the price list: the first hundred, the next four hundred, and all above.
VIEWS = ((Decimal(0), Decimal(100), "0.05"), (Decimal(100), Decimal(500), "0.03"), (Decimal(500), None, "0.0125"))
DOWNLOAD, SAMPLE, SAMPLES_A_LEAD, SAMPLES_A_PERIOD = Decimal("0.75"), Decimal("2.50"), Decimal(12), Decimal(600)
ONCE_WITHIN = timedelta(days=10)
NOTHING = Decimal(0)


class Quote(NamedTuple):
    """A price of quotes with its half-open time span in the customer's time zone."""

    since: datetime
    until: datetime | None
    price: Decimal


class Charged(NamedTuple):
    """A stored action with its charged amount; None means that there is no charge."""

    action: int
    period: int
    customer: str
    zone: str
    kind: str
    quantity: Decimal
    occurred_at: datetime
    is_void: bool  # before its period was closed
    lead: int
    person: str
    amount: Decimal | None
    reason: str


@dataclass
class Recount:
    """The number of recalculated charges, and the differences."""

    exactly: int = 0
    by_limits: int = 0
    faults: list[str] = field(default_factory=list)


def recount(charged: Sequence[Charged], quotes: Mapping[str, Sequence[Quote]]) -> Recount:
    """Recalculate period by period; `charged` is sorted by period and time."""
    found = Recount()
    faults = found.faults
    for period, group in groupby(charged, key=lambda one: one.period):
        ours = list(group)
        views = NOTHING
        for one in ours:
            if one.amount is None:
                faults.append(f"action {one.action} has no charge")
            elif one.is_void:
                found.exactly += 1
                if (one.amount, one.reason) != (NOTHING, "voided"):
                    faults.append(f"action {one.action} is void, and {_outcome(one)}")
            elif one.kind == "sample_order":
                found.by_limits += 1
                faults += _beyond_its_price(one)
            else:
                found.exactly += 1
                expected = _price(one, views, quotes.get(one.customer, ()))
                views += one.quantity if one.kind == "page_view" else 0
                if (one.amount, one.reason) != (expected, ""):
                    costs = "has not one price" if expected is None else f"costs {expected.normalize():f}"
                    faults.append(f"action {one.action} {costs}, and {_outcome(one)}")
        faults += _samples_of_a_period(period, [one for one in ours if one.kind == "sample_order" and one.amount])
    faults += _samples_of_leads(charged)
    return found


def _price(one: Charged, views: Decimal, quotes: Sequence[Quote]) -> Decimal | None:
    if one.kind == "spec_download":
        return one.quantity * DOWNLOAD
    if one.kind == "page_view":
        return _of_tiers(views + one.quantity) - _of_tiers(views)
    wall = one.occurred_at.astimezone(ZoneInfo(one.zone)).replace(tzinfo=None)
    prices = [quote.price for quote in quotes if quote.since <= wall and (quote.until is None or wall < quote.until)]
    return one.quantity * prices[0] if len(prices) == 1 else None


def _outcome(one: Charged) -> str:
    return f"is excluded as {one.reason}" if one.reason else f"was charged {one.amount}"


def _of_tiers(units: Decimal) -> Decimal:
    return sum(
        (
            max(NOTHING, (units if above is None else min(units, above)) - below) * Decimal(price)
            for below, above, price in VIEWS
        ),
        NOTHING,
    )


def _beyond_its_price(one: Charged) -> list[str]:
    if one.reason not in ("", "already_charged"):
        return [f"sample {one.action} was excluded as {one.reason}"]
    most = NOTHING if one.reason else one.quantity * SAMPLE
    assert one.amount is not None
    return [] if NOTHING <= one.amount <= most else [f"sample {one.action} was charged {one.amount}, at most {most}"]


def _samples_of_a_period(period: int, samples: Sequence[Charged]) -> list[str]:
    """Add up charged actions, and check that no person is charged twice within the days."""
    total = sum((one.amount or NOTHING for one in samples), NOTHING)
    faults = [f"period {period} was charged {total} for samples"] if total > SAMPLES_A_PERIOD else []
    times = defaultdict[str, list[datetime]](list)
    for one in samples:
        times[one.person or f"lead {one.lead}"].append(one.occurred_at)
    return faults + [
        f"{person} paid twice in period {period}, at {first} and at {second}"
        for person, instants in times.items()
        for first, second in pairwise(sorted(instants))
        if second - first < ONCE_WITHIN
    ]


def _samples_of_leads(charged: Sequence[Charged]) -> list[str]:
    sums = defaultdict[int, Decimal](Decimal)
    for one in charged:
        if one.kind == "sample_order":
            sums[one.lead] += one.amount or NOTHING
    return [f"lead {lead} was charged {total} for samples" for lead, total in sums.items() if total > SAMPLES_A_LEAD]
