"""Where the days of a question are read: whole months from the sums of months, all others from the sums of days."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from billing_engine.core.calendar.spans import Month
from reports.domain.question.days import Reach

DAY = timedelta(days=1)
MOST = 8  # runs of months; beyond, one run of days is read faster


@dataclass(frozen=True, slots=True)
class Stretches:
    """Runs of whole months, and runs of days between and around them."""

    months: tuple[Reach, ...]
    days: tuple[Reach, ...]


def stretches_of(reaches: Collection[Reach], *, by_day: bool, split: Collection[date]) -> Stretches:
    """The runs for these reaches of several time zones; `by_day` needs days, and months with a day in `split` do, too."""
    first, last = min(first for first, _ in reaches), max(last for _, last in reaches)
    if by_day:
        return Stretches((), ((first, last),))
    # A month is whole if it is whole in every time zone.
    begin, end = max(first for first, _ in reaches), min(last for _, last in reaches)
    months = list[Reach]()
    apart = {day.replace(day=1) for day in split}
    month = Month.of_day(begin) if begin.day == 1 else Month.of_day(begin).next()
    while month.last <= end:
        if month.first not in apart:
            _extend(months, (month.first, month.last))
        month = month.next()
    if not months or len(months) > MOST:
        return Stretches((), ((first, last),))
    edges = [first - DAY, *(day for run in months for day in run), last + DAY]
    days = [(edges[place] + DAY, edges[place + 1] - DAY) for place in range(0, len(edges), 2)]
    return Stretches(tuple(months), tuple((one, other) for one, other in days if one <= other))


def _extend(runs: list[Reach], run: Reach) -> None:
    if runs and runs[-1][1] + DAY == run[0]:
        runs[-1] = runs[-1][0], run[1]
    else:
        runs.append(run)
