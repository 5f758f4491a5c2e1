"""What was rated but not invoiced at the end of a day, period by period, and the bridge from an earlier day."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import F, Min

from billing_engine.core.calendar.edges import FARTHEST_EAST
from billing_engine.core.calendar.spans import midnight
from billing_engine.core.money import ZERO, rounded
from billing_engine.core.read_replica import rows_of
from leads.models import Delivery
from reports.queries.unbilled.minimums import minimums_of, never_opened
from reports.queries.unbilled.statement import PERIODS

DAY = timedelta(days=1)
UTC_ZONE = ZoneInfo("UTC")
NO_DELIVERY = 2**63 - 1  # beyond every ID
# What the statement returns of a period.
COLUMNS = (
    *("period", "label", "start_at", "end_at", "has_ended", "customer", "code", "name", "time_zone"),
    *("actions", "charged", "unrated", "waiting", "amount", "arrived", "arrived_amount", "voided", "waived"),
    *("rated_at", "state", "number", "invoice", "issued_at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnbilledPeriod:
    """The activity of a period up to a day, if no issued invoice had it at the end of the day; valued by today's rating."""

    currency: str
    period: int | None  # None if it was never opened: nothing occurred in it, and only its minimum is due
    label: str
    start_at: datetime
    end_at: datetime
    has_ended: bool  # by the end of the day
    customer: int
    code: str
    name: str
    time_zone: str
    actions: int = 0  # rated, with any outcome
    charged: int = 0  # charged, or included at no charge
    unrated: int = 0  # no value
    waiting: int = 0  # not rated yet, and in none of the other figures
    amount: Decimal = ZERO
    arrived: int = 0  # of all these actions, those received after the day
    arrived_amount: Decimal = ZERO
    voided: int = 0  # received by then, voided after the day
    waived: int = 0  # received by then, waived after the day
    rated_at: datetime | None = None
    state: str = ""  # of its invoice now; "" without one
    number: str = ""
    invoice: int | None = None
    issued_at: datetime | None = None
    minimum: Decimal = ZERO  # what the minimum of a period that has ended exceeds its amount by


@dataclass(frozen=True, slots=True)
class UnbilledBridge:
    """opening + charged − invoiced + voided = closing: exact amounts, before rounding, minimums and tax."""

    opening: Decimal  # unbilled at the end of the previous day
    charged: Decimal  # all activity of the days after it, invoiced or not
    invoiced: Decimal  # what came onto an invoice after the previous day and was on one at the end of the day
    voided: Decimal  # what was on an invoice at the end of the previous day, and no longer at the end of the day
    closing: Decimal

    @property
    def adds_up(self) -> bool:
        """Whether the parts, each added up by itself, lead to the closing amount."""
        return self.opening + self.charged - self.invoiced + self.voided == self.closing


@dataclass(frozen=True, slots=True)
class Unbilled:
    """The unbilled activity of one currency at the end of a day."""

    currency: str
    rows: list[UnbilledPeriod]
    bridge: UnbilledBridge

    @property
    def customers(self) -> int:
        """How many customers have a row."""
        return len({row.customer for row in self.rows})

    def count(self, name: str) -> int:
        """Add up a count of the rows: `charged`, `unrated`, `waiting`, `arrived`, `voided`, `waived`."""
        return sum(getattr(row, name) for row in self.rows)

    def sum(self, name: str) -> Decimal:
        """Add up an amount of the rows: `amount`, `arrived_amount`, `minimum`."""
        return sum((getattr(row, name) for row in self.rows), ZERO)


class _Found(NamedTuple):
    """A row of the statement."""

    currency: str
    charged: Decimal  # in its currency, on the days between
    rebilled: Decimal  # of that, in periods that were invoiced on both days
    was_invoiced: bool
    is_invoiced: bool
    before: Decimal  # up to the previous day
    row: UnbilledPeriod | None


def unbilled_at(day: date, *, previous: date) -> list[Unbilled]:
    """Return by currency what was unbilled at the end of `day`, and how it came from the end of the `previous` one.

    Days are each customer's own. It takes a bounded number of queries, however many customers there are.
    """
    ends = midnight(day + DAY, UTC_ZONE)
    found = [_found(row) for row in rows_of(PERIODS, _asked(day, previous, ends))]
    rows = [one.row for one in found if one.row is not None and not one.is_invoiced]
    shown = [*_with_minimums(rows), *_never_opened(day + DAY, until=ends + FARTHEST_EAST)]
    answer = []
    for currency in sorted({one.currency for one in found} | {row.currency for row in shown}):
        bridge = _bridge([one for one in found if one.currency == currency])
        its = [row for row in shown if row.currency == currency]
        if its or bridge.opening or bridge.charged:
            answer.append(Unbilled(currency, sorted(its, key=_place), bridge))
    return answer


def _asked(day: date, previous: date, ends: datetime) -> dict[str, Any]:
    first_change = ends - FARTHEST_EAST
    since = Delivery.objects.filter(received_at__gte=first_change)
    # Of an expression, so that PostgreSQL looks for the instant and does not walk through the IDs.
    first = since.aggregate(first=Min(F("pk") + 0))["first"]
    return {
        "day": day,
        "previous": previous,
        "first_change": first_change,
        "first_delivery": NO_DELIVERY if first is None else first,
    }


def _found(row: tuple[Any, ...]) -> _Found:
    currency, charged, rebilled, was_invoiced, is_invoiced, before, *facts = row
    if was_invoiced is None:  # the currency has no period to show
        return _Found(currency, charged, rebilled, was_invoiced=False, is_invoiced=False, before=ZERO, row=None)
    one = UnbilledPeriod(currency=currency, **dict(zip(COLUMNS, facts, strict=True)))
    return _Found(currency, charged, rebilled, was_invoiced, is_invoiced, before, one)


def _bridge(found: Iterable[_Found]) -> UnbilledBridge:
    opening = charged = rebilled = invoiced = voided = closing = ZERO
    for one in found:
        charged, rebilled = one.charged, one.rebilled  # the same in each row
        amount = ZERO if one.row is None else one.row.amount
        opening += ZERO if one.was_invoiced else one.before
        closing += ZERO if one.is_invoiced else amount
        invoiced += amount if one.is_invoiced and not one.was_invoiced else ZERO
        voided += one.before if one.was_invoiced and not one.is_invoiced else ZERO
    return UnbilledBridge(opening, charged, rebilled + invoiced, voided, closing)


def _with_minimums(rows: Iterable[UnbilledPeriod]) -> list[UnbilledPeriod]:
    """Add what minimums exceed the amounts by, and leave out periods in which nothing occurred and nothing is due."""
    rows = list(rows)
    minimums = minimums_of([row.period for row in rows if row.period is not None and row.has_ended])
    due = {row.period: minimums.get(row.period or 0, ZERO) - rounded(row.amount, row.currency) for row in rows}
    shown = (replace(row, minimum=max(ZERO, due[row.period])) if row.period in minimums else row for row in rows)
    return [row for row in shown if row.actions or row.waiting or row.minimum]


def _never_opened(after: date, *, until: datetime) -> list[UnbilledPeriod]:
    return [
        UnbilledPeriod(
            currency=period.customer.currency,
            period=None,
            label=period.label,
            start_at=period.start_at,
            end_at=period.end_at,
            has_ended=True,
            customer=period.customer_id,
            code=period.customer.code,
            name=period.customer.name,
            time_zone=period.customer.time_zone,
            minimum=minimum,
        )
        for period, minimum in never_opened(after, until=until)
    ]


def _place(row: UnbilledPeriod) -> tuple[object, ...]:
    return row.name, row.code, row.start_at
