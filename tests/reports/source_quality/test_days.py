"""A range of days is read from an address: bounded, exact, and beside the same number of days before."""

from datetime import date

import pytest

from reports.queries.source_quality.days import BadDays, Days

SUNDAY = date(2026, 11, 29)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-10-01..2026-10-31", (2026, 10, 1), (2026, 10, 31)),
        ("today", (2026, 11, 29), (2026, 11, 29)),
        ("yesterday", (2026, 11, 28), (2026, 11, 28)),
        ("last_7_days", (2026, 11, 22), (2026, 11, 28)),
        ("last_30_days", (2026, 10, 30), (2026, 11, 28)),
        ("this_month", (2026, 11, 1), (2026, 11, 30)),
        ("last_month", (2026, 10, 1), (2026, 10, 31)),
        ("this_quarter", (2026, 10, 1), (2026, 12, 31)),
        ("last_quarter", (2026, 7, 1), (2026, 9, 30)),
        ("this_year", (2026, 1, 1), (2026, 12, 31)),
        ("last_year", (2025, 1, 1), (2025, 12, 31)),
    ],
)
def test_a_range_is_written_by_its_ends_or_by_a_name(
    text: str, first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    assert Days.parse(text, today=SUNDAY) == Days(date(*first), date(*last))


def test_the_quarter_before_january_is_of_the_year_before() -> None:
    assert str(Days.parse("last_quarter", today=date(2026, 1, 31))) == "2025-10-01..2025-12-31"
    assert str(Days.parse("last_month", today=date(2026, 1, 31))) == "2025-12-01..2025-12-31"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "“” is no range of days. Write it like 2026-10-01..2026-10-31."),
        ("2026-13-01..2026-10-31", "“2026-13-01..2026-10-31” is no range"),
        ("2026-10-31..2026-10-01", "The last day is before the first."),
        ("1926-01-01..2026-01-01", "Choose days from 2000 to 2200"),
        ("2026-01-01..2125-12-31", "36,524 days are too many for this report. Choose at most 366."),
        ("٢٠٢٦-01-01..2026-01-02", "is no range"),
    ],
)
def test_any_other_range_is_refused_with_a_sentence(text: str, says: str) -> None:
    with pytest.raises(BadDays) as refusal:
        Days.parse(text, today=SUNDAY)

    assert says in str(refusal.value)


def test_the_days_before_are_exactly_as_many_and_touch() -> None:
    days = Days(date(2026, 8, 1), date(2026, 10, 31))

    assert (days.count, days.before) == (92, Days(date(2026, 5, 1), date(2026, 7, 31)))


@pytest.mark.parametrize(
    ("days", "months"),
    [
        ("2026-10-01..2026-10-31", ("2026-10-01", "2026-11-01")),
        ("2026-09-30..2026-11-01", ("2026-10-01", "2026-11-01")),
        ("2026-10-02..2026-11-29", ("2026-10-02", "2026-10-02")),
        ("2026-10-02..2026-10-31", ("2026-10-02", "2026-10-02")),
        ("2025-12-01..2026-01-31", ("2025-12-01", "2026-02-01")),
    ],
)
def test_whole_months_in_a_range_are_found(days: str, months: tuple[str, str]) -> None:
    found = Days.parse(days, today=SUNDAY).whole_months

    assert tuple(map(str, found)) == months
