"""What a customer is usually charged on each day of the week, and from that the rest of a month."""

from collections.abc import Sequence
from dataclasses import dataclass

WEEK = 7
WEEKS, FEWEST_WEEKS = 8, 4  # of history in a profile
# A day counts at most this many times the second largest of its weekday, so that one bulk import is not expected again,
# and bursts that recur are.
TIMES_SECOND = 2
# The month's own level is weighed against this many usual weeks: after a week, both count half.
PRIOR_WEEKS = 1


@dataclass(frozen=True, slots=True)
class Profile:
    """Usual amounts by weekday, as sums over whole weeks; day 0 has the weekday of the month's first day."""

    sums: tuple[int, ...]
    bounds: tuple[int | None, ...]  # what a single day counts at most
    weeks: int

    @classmethod
    def of(cls, days: Sequence[int]) -> "Profile":
        """Return the profile of whole weeks, the last of which ends on the day before the month."""
        weekdays = [days[weekday::WEEK] for weekday in range(WEEK)]
        bounds = tuple(_bound(amounts) for amounts in weekdays)
        sums = tuple(
            sum(_bounded(amount, bound) for amount in amounts) for amounts, bound in zip(weekdays, bounds, strict=True)
        )
        return cls(sums, bounds, len(days) // WEEK)

    def before(self, day: int) -> int:
        """Return the sum of the days before `day`, as often as there are weeks in the profile."""
        weeks, days = divmod(day, WEEK)
        return weeks * sum(self.sums) + sum(self.sums[:days])


def rest_of_month(profile: Profile, elapsed: Sequence[int], days: int, *, today: int = 0) -> int:
    """Return what is expected of a month in addition to the whole days that elapsed and what is charged today.

    The profile is scaled to the level of the days that elapsed. Today counts what is expected of a whole day, or what is
    already charged if that is more; it does not change the level.
    """
    past, week = len(elapsed), profile.before(WEEK)
    if not week:
        return rest_by_run_rate(elapsed, days, today=today)
    if past >= days:
        return 0
    charged = sum(_bounded(amount, profile.bounds[day % WEEK]) for day, amount in enumerate(elapsed))
    level = charged * profile.weeks + PRIOR_WEEKS * week
    usual = (profile.before(past) + PRIOR_WEEKS * week) * profile.weeks
    tomorrow = profile.before(past + 1)
    return _rest((tomorrow - profile.before(past)) * level, (profile.before(days) - tomorrow) * level, usual, today)


def rest_by_run_rate(elapsed: Sequence[int], days: int, *, today: int = 0) -> int:
    """Return the same by the plain run rate: each day to come is the mean of the days that elapsed."""
    past, charged = len(elapsed), sum(elapsed)
    return _rest(charged, charged * (days - past - 1), past, today) if 0 < past < days else 0


def _rest(today_expected: int, after: int, by: int, today: int) -> int:
    return max(_divided(after + today_expected, by) - today, _divided(after, by))


def _bounded(amount: int, bound: int | None) -> int:
    return amount if bound is None else min(amount, bound)


def _bound(amounts: Sequence[int]) -> int | None:
    """If no other day had anything, nothing tells whether the one that had is unusual."""
    second = sorted(amounts)[-2] if len(amounts) > 1 else 0
    return TIMES_SECOND * second if second else None


def _divided(amount: int, by: int) -> int:
    """Rounded half up."""
    return (2 * amount + by) // (2 * by)
