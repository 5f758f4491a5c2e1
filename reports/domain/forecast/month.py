"""The forecast of one customer's month: what is charged so far, what is expected, and its range."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.domain.forecast.profile import FEWEST_WEEKS, WEEK, WEEKS, Profile, rest_of_month
from reports.domain.forecast.trials import Trial, range_of, trials_of


@dataclass(frozen=True, slots=True)
class Days:
    """Daily amounts in micro-units."""

    history: Sequence[int]  # from the customer's first day to the day before the month
    elapsed: Sequence[int]  # the whole days of the month so far
    today: int
    days: int  # of the month, as far as the contract covers it

    @property
    def weeks(self) -> int:
        """The whole weeks of history, as many as a profile uses."""
        return min(WEEKS, len(self.history) // WEEK)

    @property
    def is_enough(self) -> bool:
        return self.weeks >= FEWEST_WEEKS


@dataclass(frozen=True, slots=True)
class Rest:
    """What is expected in addition to what is charged so far; without a range if there were too few trials."""

    expected: int
    low: int | None
    high: int | None
    trials: Sequence[Trial]


def rest_of(found: Days, *, most: int | None = None) -> Rest | None:
    """Return the expected rest, at most what a hard budget leaves; None if there is not enough history."""
    if not found.is_enough:
        return None
    profile = Profile.of(found.history[len(found.history) - found.weeks * WEEK :])
    expected = rest_of_month(profile, found.elapsed, found.days, today=found.today)
    trials = trials_of(found.history, elapsed=len(found.elapsed), days=found.days)
    low, high = range_of(expected, trials) or (None, None)
    return Rest(_at_most(expected, most), maybe(low, most), maybe(high, most), trials)


def maybe(amount: int | None, most: int | None) -> int | None:
    """The same for an amount that may be unknown."""
    return None if amount is None else _at_most(amount, most)


def _at_most(amount: int, most: int | None) -> int:
    return amount if most is None else min(amount, max(0, most))
