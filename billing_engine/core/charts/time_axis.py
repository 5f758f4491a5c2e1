"""The days, weeks and months below a chart, and which of them are labeled."""

from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from itertools import pairwise

from babel.dates import format_date

from billing_engine.core.calendar.spans import Month, Week
from billing_engine.core.calendar.wording import day_in_words, named_in_words
from billing_engine.core.money import LOCALE

MOST_SLOTS = 800  # more than two years of days


class Step(StrEnum):
    """How long a place on the time axis is; weeks are Monday to Sunday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


DAYS = {Step.DAY: 1, Step.WEEK: 7, Step.MONTH: 30}
MOST_DAYS = 16  # between two labels that name days; further apart, only months are named


def slots(first: date, last: date, step: Step) -> tuple[date, ...]:
    """Return the first day of each place; the first place may be a part of its week or month."""
    found = [first]
    while (after := _next(found[-1], step)) <= last and len(found) <= MOST_SLOTS:
        found.append(after)
    return tuple(found)


def slot_of(day: date, first: date, step: Step) -> date:
    """Return the place that contains the day, of an axis that starts at `first`."""
    start = {Step.DAY: day, Step.WEEK: Week.of_day(day).first, Step.MONTH: Month.of_day(day).first}[step]
    return first if start < first < _next(start, step) else start


def slot_in_words(slot: date, step: Step) -> str:
    """`October 29, 2026`, `week of October 26, 2026`, `October 2026`."""
    if step is Step.MONTH:
        month = Month.of_day(slot)
        return named_in_words(month.first, month.last)
    return f"week of {day_in_words(slot)}" if step is Step.WEEK else day_in_words(slot)


def labels(places: tuple[date, ...], step: Step, apart: Decimal, needed: Decimal) -> dict[int, str]:
    """Return the labels by place, thinned so that each has the room it needs: `Oct 30`, `Nov 1`, `3`; `Oct`, `Nov`."""
    every = _every(needed, apart)
    if step is not Step.MONTH and every * DAYS[step] > MOST_DAYS:
        starts = [places[0].day == 1, *(day.month != before.month for before, day in pairwise(places))]
        months = [place for place, is_start in enumerate(starts) if is_start]
        return _labels(places, months[:: _every(needed, apart * DAYS[Step.MONTH] / DAYS[step])], Step.MONTH)
    return _labels(places, list(range(0, len(places), every)), step)


def _every(needed: Decimal, apart: Decimal) -> int:
    return max(1, int((needed / apart).to_integral_value(ROUND_CEILING)))


def _labels(places: tuple[date, ...], chosen: list[int], step: Step) -> dict[int, str]:
    """Name the month where it is another one than before, and likewise the year of months."""
    found: dict[int, str] = {}
    before: date | None = None
    for place in chosen:
        found[place] = _label(places[place], before, step)
        before = places[place]
    return found


def _label(day: date, before: date | None, step: Step) -> str:
    if step is Step.MONTH:
        return _written(day, "MMM" if before and before.year == day.year else "MMM y")
    return _written(day, "d" if before and (before.year, before.month) == (day.year, day.month) else "MMM d")


def _written(day: date, pattern: str) -> str:
    return str(format_date(day, pattern, locale=LOCALE))


def _next(slot: date, step: Step) -> date:
    if step is Step.DAY:
        return slot + timedelta(days=1)
    return Week.of_day(slot).next().first if step is Step.WEEK else Month.of_day(slot).next().first
