"""How far forecasts were off in the past: stretches as long as the month, forecast as of the same day."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.domain.forecast.profile import FEWEST_WEEKS, WEEK, WEEKS, Profile, rest_of_month

# One stretch per week, so that each begins on the weekday on which the month begins.
TRIALS, FEWEST_TRIALS = 13, 9
TENTHS_OUTSIDE = 1  # on each side: an 80% range
PARTS = 1_000_000
HISTORY = (TRIALS - 1 + WEEKS + 5) * WEEK  # days before the month that everything here can use


@dataclass(frozen=True, slots=True)
class Trial:
    """What was expected of the rest of a past stretch, and what was charged in it."""

    expected: int
    charged: int

    def __add__(self, other: "Trial") -> "Trial":
        return Trial(self.expected + other.expected, self.charged + other.charged)


def trials_of(history: Sequence[int], *, elapsed: int, days: int) -> list[Trial]:
    """Return the trials, the latest first; `history` ends on the day before the month and begins with the customer."""
    found = list[Trial]()
    stretch = -(-days // WEEK) * WEEK
    for back in range(TRIALS):
        start = len(history) - stretch - back * WEEK
        weeks = min(WEEKS, start // WEEK)
        if weeks < FEWEST_WEEKS:
            break
        past = history[start : start + elapsed]
        expected = rest_of_month(Profile.of(history[start - weeks * WEEK : start]), past, days)
        found.append(Trial(expected, sum(history[start + elapsed : start + days])))
    return found


def range_of(rest: int, trials: Sequence[Trial]) -> tuple[int, int] | None:
    """Return between which amounts the rest ended in 8 of 10 trials, scaled to `rest`; None if there are too few.

    It always contains `rest`.
    """
    ratios = sorted(trial.charged * PARTS // trial.expected for trial in trials if trial.expected)
    if len(ratios) < FEWEST_TRIALS:
        return None
    outside = max(1, (len(ratios) + 1) * TENTHS_OUTSIDE // 10)
    return min(rest, rest * ratios[outside - 1] // PARTS), max(rest, -(-rest * ratios[-outside] // PARTS))
