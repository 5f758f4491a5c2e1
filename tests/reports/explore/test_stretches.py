"""Whole months are read from the sums of months, all other days from the sums of days, and each day once."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_engine.core.calendar.spans import Month
from reports.queries.explore.asked.stretches import Stretches, stretches_of

DAYS = st.dates(date(2025, 11, 1), date(2026, 12, 31))
A_YEAR = (date(2025, 9, 15), date(2026, 9, 14))


def test_a_year_that_begins_within_a_month_is_its_months_and_the_days_around_them() -> None:
    assert stretches_of([A_YEAR], by_day=False, split=[]) == Stretches(
        ((date(2025, 10, 1), date(2026, 8, 31)),),
        ((date(2025, 9, 15), date(2025, 9, 30)), (date(2026, 9, 1), date(2026, 9, 14))),
    )


def test_a_month_in_which_a_fact_changes_is_read_by_day() -> None:
    whole = (date(2026, 1, 1), date(2026, 3, 31))

    assert stretches_of([whole], by_day=False, split=[date(2026, 2, 11)]) == Stretches(
        ((date(2026, 1, 1), date(2026, 1, 31)), (date(2026, 3, 1), date(2026, 3, 31))),
        ((date(2026, 2, 1), date(2026, 2, 28)),),
    )


@pytest.mark.parametrize("days", [(date(2026, 1, 2), date(2026, 1, 31)), (date(2026, 1, 15), date(2026, 2, 27))])
def test_without_a_whole_month_all_are_days(days: tuple[date, date]) -> None:
    assert stretches_of([days], by_day=False, split=[]) == Stretches((), (days,))


def test_days_are_asked_for_by_day() -> None:
    assert stretches_of([A_YEAR], by_day=True, split=[]) == Stretches((), (A_YEAR,))


@given(st.lists(st.tuples(DAYS, DAYS).map(lambda both: (min(both), max(both))), min_size=1, max_size=3), st.lists(DAYS))
def test_each_day_is_read_once_and_months_are_whole_everywhere(
    reaches: list[tuple[date, date]], split: list[date]
) -> None:
    found = stretches_of(reaches, by_day=False, split=split)

    read = sorted(
        first + timedelta(days=n)
        for first, last in (*found.months, *found.days)
        for n in range((last - first).days + 1)
    )
    first, last = min(first for first, _ in reaches), max(last for _, last in reaches)
    assert read == [first + timedelta(days=n) for n in range((last - first).days + 1)]
    for begin, end in found.months:
        assert (begin.day, end) == (1, Month.of_day(end).last)
        assert all(first <= begin and end <= last for first, last in reaches)
        assert not any(begin <= day <= end for day in split)
