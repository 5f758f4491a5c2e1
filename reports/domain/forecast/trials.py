"""How far forecasts were off in the past: stretches as long as the month, forecast as of the same day."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.domain.forecast.profile import FEWEST_WEEKS, WEEK, WEEKS, Profile, rest_of_month

# A stretch starts each week, on the weekday on which the month starts.
TRIALS, FEWEST_TRIALS = 19, 9
STRETCH_WEEKS = 5  # the longest month, in whole weeks
HISTORY = (TRIALS - 1 + STRETCH_WEEKS + WEEKS) * WEEK  # days before the month that forecasts use
PARTS = 1_000_000  # per one


@dataclass(frozen=True, slots=True)
class Trial:
    """What was expected of the rest of a past stretch, and what was charged in it."""

    expected: int
    charged: int

    def __add__(self, other: "Trial") -> "Trial":
        return Trial(self.expected + other.expected, self.charged + other.charged)


@dataclass(frozen=True, slots=True)
class Spread:
    """Between which parts per million of what was expected the rest ended, in 8 of 10 trials."""

    low: int
    high: int

    @classmethod
    def of(cls, trials: Sequence[Trial]) -> "Spread | None":
        """Return None if there are too few trials to tell."""
        parts = sorted(trial.charged * PARTS // trial.expected for trial in trials if trial.expected)
        if len(parts) < FEWEST_TRIALS:
            return None
        outside = max(1, (len(parts) + 1) // 10)  # one in ten on each side
        return cls(parts[outside - 1], parts[-outside])

    def around(self, expected: int) -> tuple[int, int]:
        """Return the range of what is expected now; it always contains that."""
        return min(expected, expected * self.low // PARTS), max(expected, -(-expected * self.high // PARTS))


class Stretches:
    """The past stretches of one customer, the latest first; its history ends on the day before the month."""

    def __init__(self, history: Sequence[int], days: int) -> None:
        self._days = days
        self._found = list[tuple[Profile, Sequence[int]]]()
        whole = -(-days // WEEK) * WEEK
        for back in range(TRIALS):
            start = len(history) - whole - back * WEEK
            weeks = min(WEEKS, start // WEEK)
            if weeks < FEWEST_WEEKS:
                break
            profile = Profile.of(history[start - weeks * WEEK : start])
            self._found.append((profile, history[start : start + days]))

    def trials(self, elapsed: int) -> list[Trial]:
        """Return what was expected after that many days, and what came."""
        return [
            Trial(rest_of_month(profile, amounts[:elapsed], self._days), sum(amounts[elapsed:]))
            for profile, amounts in self._found
        ]
