"""What a customer's history says about a month: its profile, and how far such forecasts were off."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

from reports.domain.forecast.profile import FEWEST_WEEKS, WEEK, WEEKS, Profile, rest_of_month
from reports.domain.forecast.trials import Spread, Stretches, Trial


@dataclass(frozen=True, slots=True)
class Outlook:
    """The profile of the last weeks before a month, and the spread of past forecasts by the number of elapsed days."""

    profile: Profile
    spreads: Mapping[int, Spread]

    @property
    def is_enough(self) -> bool:
        """Whether there is enough history for a forecast."""
        return self.profile.weeks >= FEWEST_WEEKS


@dataclass(frozen=True, slots=True)
class OfMonth:
    """What is charged in a month so far, in micro-units."""

    elapsed: Sequence[int]  # by whole day
    today: int
    days: int  # of the month, as far as the contract covers it


@dataclass(frozen=True, slots=True)
class Rest:
    """What is expected in addition to what is charged so far, and its range, if past forecasts tell one."""

    expected: int
    low: int | None
    high: int | None


UNKNOWN = Outlook(Profile.of([]), {})


def outlook_of(history: Sequence[int], days: int, elapsed: Iterable[int]) -> tuple[Outlook, dict[int, list[Trial]]]:
    """Return the outlook for these numbers of elapsed days, and the trials behind its spreads."""
    weeks = min(WEEKS, len(history) // WEEK)
    stretches = Stretches(history, days)
    trials = {each: stretches.trials(each) for each in elapsed}
    return Outlook(Profile.of(history[len(history) - weeks * WEEK :]), spreads_of(trials)), trials


def spreads_of(trials: Mapping[int, Sequence[Trial]]) -> dict[int, Spread]:
    """Return the spread of each number of elapsed days that has enough trials."""
    found = ((elapsed, Spread.of(tried)) for elapsed, tried in trials.items())
    return {elapsed: spread for elapsed, spread in found if spread is not None}


def rest_of(outlook: Outlook, month: OfMonth, *, most: int | None = None) -> Rest | None:
    """Return the expected rest, at most what a hard budget leaves; None if there is not enough history."""
    if not outlook.is_enough:
        return None
    expected = rest_of_month(outlook.profile, month.elapsed, month.days, today=month.today)
    spread = outlook.spreads.get(len(month.elapsed))
    if expected == 0:
        return Rest(0, 0, 0)
    low, high = spread.around(expected) if spread else (None, None)
    return Rest(_at_most(expected, most), _at_most(low, most), _at_most(high, most))


def add_up(sums: dict[int, list[Trial]], trials: Mapping[int, Sequence[Trial]]) -> None:
    """Add the trials of a customer to those of all, stretch by stretch."""
    for elapsed, tried in trials.items():
        total = sums.setdefault(elapsed, [])
        for place, trial in enumerate(tried):
            if place < len(total):
                total[place] += trial
            else:
                total.append(trial)


@overload
def _at_most(amount: int, most: int | None) -> int: ...
@overload
def _at_most(amount: int | None, most: int | None) -> int | None: ...
def _at_most(amount: int | None, most: int | None) -> int | None:
    return amount if amount is None or most is None else min(amount, max(0, most))
