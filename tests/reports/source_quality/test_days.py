"""A range of days is read as the explorer reads it, but bounded; beside it are the same number of days before."""

from datetime import date

import pytest

from reports.domain.question.faults import BadQuestion
from reports.queries.source_quality.days import Days

SUNDAY = date(2026, 11, 29)


def test_a_range_is_written_by_its_ends_or_by_a_name() -> None:
    october = Days(date(2026, 10, 1), date(2026, 10, 31))

    assert [Days.read(text, today=SUNDAY) for text in ("2026-10-01..2026-10-31", "last_month")] == [october] * 2
    assert str(october) == "2026-10-01..2026-10-31"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Write days as 2026-07-01..2026-09-30, or choose a named range."),
        ("2026-10-31..2026-10-01", "The last day must not be before the first."),
        ("2025-01-01..2026-01-02", "This report covers at most 366 days. You chose 367."),
        ("1926-01-01..2026-01-01", "Choose days from 2000 to 2199."),
        ("all", "This report covers at most 366 days. You chose 73,049."),
    ],
)
def test_any_other_range_is_refused_with_a_sentence(text: str, says: str) -> None:
    with pytest.raises(BadQuestion) as refusal:
        Days.read(text, today=SUNDAY)

    assert str(refusal.value) == says


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
    found = Days.read(days, today=SUNDAY).whole_months

    assert tuple(map(str, found)) == months
