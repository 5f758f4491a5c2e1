"""How good the forecast would have been: months that are over, forecast as of a day by both methods."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reports.domain.forecast.outlook import OfMonth, add_up, outlook_of, rest_of, spreads_of
from reports.domain.forecast.profile import rest_by_run_rate
from reports.domain.forecast.trials import PARTS, Trial


@dataclass(frozen=True, slots=True)
class PastMonth:
    """A month of one customer that is over, in micro-units."""

    currency: str
    history: Sequence[int]
    wanted: Sequence[int]  # before any cap if there is a hard budget
    charged: Sequence[int]
    days: int  # up to the end of the contract
    hard_budget: int | None = None


@dataclass(slots=True)
class Errors:
    """The errors of both methods in parts per million of what was charged, and how often the range held."""

    method: list[int] = field(default_factory=list)
    run_rate: list[int] = field(default_factory=list)
    ranges: int = 0
    held: int = 0
    without_history: int = 0

    def add(self, method: int, run_rate: int, charged: int) -> None:
        """Add the two forecasts of a month in which this was charged."""
        self.method.append(abs(method - charged) * PARTS // charged)
        self.run_rate.append(abs(run_rate - charged) * PARTS // charged)

    def add_range(self, low: int, high: int, charged: int) -> None:
        """Add a range for a month in which this was charged."""
        self.ranges += 1
        self.held += low <= charged <= high


@dataclass(slots=True)
class Sums:
    """One currency's month: what was charged, and both forecasts of it."""

    charged: int = 0
    so_far: int = 0
    rest: int = 0
    run_rate: int = 0
    trials: dict[int, list[Trial]] = field(default_factory=dict)


def tested(months: Iterable[Sequence[PastMonth]], elapsed: int) -> tuple[Errors, dict[str, Errors]]:
    """Return the errors as of that many elapsed days: of customers, and of the totals per currency.

    A hard budget caps both methods.
    A customer without enough history is in neither, and a month in which nothing was charged has no relative error.
    """
    errors, totals = Errors(), defaultdict[str, Errors](Errors)
    for month in months:
        sums = defaultdict[str, Sums](Sums)
        for customer in month:
            _try(customer, elapsed, errors, sums[customer.currency])
        for currency, found in sums.items():
            _add_total(found, elapsed, totals[currency])
    return errors, dict(sorted(totals.items()))


def at_rank(parts: Sequence[int], percent: int) -> int | None:
    """Return the value that this percentage of them does not exceed; the median for 50."""
    return sorted(parts)[max(0, -(-len(parts) * percent // 100) - 1)] if parts else None


def _try(month: PastMonth, elapsed: int, errors: Errors, sums: Sums) -> None:
    charged, so_far = sum(month.charged), sum(month.charged[:elapsed])
    outlook, trials = outlook_of(month.history, len(month.charged), [elapsed])
    most = None if month.hard_budget is None else month.hard_budget - so_far
    rest = rest_of(outlook, OfMonth(month.wanted[:elapsed], 0, month.days), most=most)
    if rest is None:
        errors.without_history += 1
        return
    by_run_rate = rest_by_run_rate(month.charged[:elapsed], len(month.charged))
    run_rate = so_far + (by_run_rate if most is None else min(by_run_rate, most))
    if charged:
        errors.add(so_far + rest.expected, run_rate, charged)
    if charged and rest.low is not None and rest.high is not None:
        errors.add_range(so_far + rest.low, so_far + rest.high, charged)
    sums.charged += charged
    sums.so_far += so_far
    sums.rest += rest.expected
    sums.run_rate += run_rate
    add_up(sums.trials, trials)


def _add_total(sums: Sums, elapsed: int, errors: Errors) -> None:
    if not sums.charged:
        return
    errors.add(sums.so_far + sums.rest, sums.run_rate, sums.charged)
    spread = spreads_of(sums.trials).get(elapsed)
    if spread:
        low, high = spread.around(sums.rest)
        errors.add_range(sums.so_far + low, sums.so_far + high, sums.charged)
