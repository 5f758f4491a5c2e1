"""A schedule is due on its days at its hour in its time zone, also when clocks change and months are short."""

from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from reports.domain.saved.due import next_run
from reports.models import ReportSchedule

FROM, UNTIL = datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2035-01-01")


def due(
    cadence: str, after: str, *, hour: int = 8, zone: str = "America/New_York", count: int = 3, **day: int
) -> list[str]:
    """The next times, as a clock in the zone shows them in UTC."""
    schedule = ReportSchedule(cadence=cadence, hour=hour, time_zone=zone, **day)
    at, found = datetime.fromisoformat(after).replace(tzinfo=UTC), []
    for _ in range(count):
        at = next_run(schedule, after=at)
        found.append(f"{at:%Y-%m-%d %H:%M}")
    return found


def test_every_day_at_its_hour_also_when_clocks_change() -> None:
    assert due("daily", "2026-10-31 11:00") == ["2026-10-31 12:00", "2026-11-01 13:00", "2026-11-02 13:00"]


def test_exactly_at_the_hour_the_next_time_is_the_day_after() -> None:
    assert due("daily", "2026-07-01 12:00", count=1) == ["2026-07-02 12:00"]


def test_an_hour_that_clocks_skip_is_the_instant_of_the_skip_and_no_day_is_left_out() -> None:
    assert due("daily", "2026-03-07 12:00", hour=2) == ["2026-03-08 07:00", "2026-03-09 06:00", "2026-03-10 06:00"]


def test_an_hour_that_clocks_show_twice_is_due_once_the_first_time() -> None:
    assert due("daily", "2026-10-31 12:00", hour=1, count=2) == ["2026-11-01 05:00", "2026-11-02 06:00"]


def test_every_week_on_its_weekday() -> None:
    assert due("weekly", "2026-11-20 12:00", weekday=1) == ["2026-11-23 13:00", "2026-11-30 13:00", "2026-12-07 13:00"]


def test_the_31st_is_the_last_day_of_a_shorter_month() -> None:
    assert due("monthly", "2027-01-01 12:00", month_day=31, count=4) == [
        "2027-01-31 13:00",
        "2027-02-28 13:00",
        "2027-03-31 12:00",
        "2027-04-30 12:00",
    ]


def test_every_quarter_on_a_day_of_its_first_month() -> None:
    assert due("quarterly", "2026-11-20 12:00", month_day=2, hour=6) == [
        "2027-01-02 11:00",
        "2027-04-02 10:00",
        "2027-07-02 10:00",
    ]


def test_the_day_is_that_of_the_schedule_s_zone_not_of_utc() -> None:
    assert due("weekly", "2026-11-20 12:00", weekday=1, zone="Pacific/Auckland", hour=7, count=1) == [
        "2026-11-22 18:00"
    ]


@given(
    after=st.datetimes(FROM, UNTIL, timezones=st.just(UTC)),
    hour=st.integers(0, 23),
    zone=st.sampled_from(["America/New_York", "Pacific/Apia", "Australia/Lord_Howe", "America/Santiago", "UTC"]),
    cadence=st.sampled_from(["daily", "weekly", "monthly", "quarterly"]),
    day=st.integers(1, 7),
)
def test_the_next_time_is_always_later_and_never_twice(
    after: datetime, hour: int, zone: str, cadence: str, day: int
) -> None:
    schedule = ReportSchedule(cadence=cadence, hour=hour, time_zone=zone, weekday=day, month_day=day)
    times = [after]
    for _ in range(4):
        times.append(next_run(schedule, after=times[-1]))

    assert all(one < other for one, other in pairwise(times))
    most = {"daily": 2, "weekly": 8, "monthly": 32, "quarterly": 93}[cadence]
    assert all((other - one).days <= most for one, other in pairwise(times))
