"""A source is silent by its own past: its usual days and its usual pauses; without a rhythm it raises nothing."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from leads.models import Source
from reports.domain.alerts.finding import Finding
from reports.domain.alerts.silence import Rhythm, rhythm_of, silences, usual_time
from tests.factories.leads import DeliveryFactory, SourceFactory

# The first of four weeks that end on Sunday, November 1.
MONDAY = datetime(2026, 10, 5)  # noqa: DTZ001 -- UTC without a zone, as in the rule
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALL_WEEK, WEEKDAYS = frozenset(range(7)), frozenset(range(5))


def office_hours(days: Iterable[int] = range(28), hours: Iterable[int] = range(9, 18)) -> list[datetime]:
    """Each of these hours of each weekday."""
    found = [MONDAY + day * DAY for day in days]
    return [day + hour * HOUR for day in found if day.weekday() < 5 for hour in hours]


def test_a_source_of_weekdays_has_its_nights_as_pauses_and_no_weekends() -> None:
    # From Friday 17:00 to Monday 9:00, 16 hours are on weekdays, as in any other night.
    assert rhythm_of(office_hours()) == Rhythm(WEEKDAYS, 20, 16 * HOUR)


def test_a_source_that_never_stops_has_hours_as_pauses_and_some_patience() -> None:
    rhythm = rhythm_of(MONDAY + hour * HOUR for hour in range(28 * 24))

    assert rhythm == Rhythm(ALL_WEEK, 28, HOUR)
    assert rhythm is not None
    assert rhythm.patience == 6 * HOUR


def test_one_outage_does_not_make_a_source_patient() -> None:
    outage = [hour for hour in range(28 * 24) if not 200 <= hour < 260]  # day 9 is missing

    assert rhythm_of(MONDAY + hour * HOUR for hour in outage) == Rhythm(ALL_WEEK, 27, HOUR)


@pytest.mark.parametrize(
    "hours",
    [
        pytest.param([], id="nothing"),
        pytest.param([MONDAY + day * DAY for day in (0, 3, 8, 9, 17, 26)], id="now and then"),
        pytest.param([MONDAY + week * 7 * DAY for week in range(4)], id="weekly, four deliveries"),
        pytest.param(office_hours(range(14, 28)), id="two weeks only"),
        pytest.param([MONDAY + day * DAY for day in range(0, 28, 2)], id="every other day"),
    ],
)
def test_a_source_without_a_rhythm_has_none(hours: list[datetime]) -> None:
    assert rhythm_of(hours) is None


def test_only_usual_days_count_as_a_pause() -> None:
    friday = MONDAY + 4 * DAY + 18 * HOUR

    assert usual_time(friday, friday + 3 * DAY, WEEKDAYS) == 24 * HOUR
    assert usual_time(friday, friday + 3 * DAY, ALL_WEEK) == 72 * HOUR
    assert usual_time(friday, friday + HOUR, WEEKDAYS) == HOUR
    assert usual_time(friday + DAY, friday + DAY + HOUR, WEEKDAYS) == timedelta()


def delivering(hours: Iterable[datetime], **facts: object) -> Source:
    source: Source = SourceFactory.create(name="Studio events", **facts)
    for hour in hours:
        DeliveryFactory.create(source=source, received_at=hour.replace(tzinfo=UTC) + timedelta(minutes=2))
    return source


def found(at: datetime) -> list[Finding]:
    return list(silences(at=at.replace(tzinfo=UTC)))


@pytest.mark.django_db
def test_a_source_gone_silent_is_told_with_its_last_delivery_and_its_past() -> None:
    source = delivering(office_hours())
    friday = MONDAY + 25 * DAY + 17 * HOUR  # October 30, its last delivery two minutes later

    assert found(friday + 2 * DAY) == []  # a weekend
    assert found(friday + 3 * DAY) == []  # Monday, 17:00: 24 hours of weekdays, its patience to the minute
    assert found(friday + 3 * DAY + HOUR) == [
        Finding(
            cause=str(source.pk),
            title="Studio events has stopped delivering",
            words=(
                "Last delivery October 30, 2026, 17:02 UTC; it delivered on 20 of the 20 days that are a weekday in the four"
                " weeks before. It has been silent for 1 day on such days; usually its longest pause is 16 h."
            ),
            source=source.pk,
        )
    ]


@pytest.mark.django_db
def test_neither_an_inactive_source_nor_one_that_never_delivered_nor_one_long_forgotten_is_told() -> None:
    delivering(office_hours(), is_active=False)
    SourceFactory.create()
    delivering(hour - 100 * DAY for hour in office_hours())

    assert found(MONDAY + 40 * DAY) == []


@pytest.mark.django_db
def test_the_next_delivery_ends_the_silence() -> None:
    source = delivering(office_hours())
    later = MONDAY + 30 * DAY
    assert len(found(later)) == 1

    DeliveryFactory.create(source=source, received_at=later.replace(tzinfo=UTC))

    assert found(later + HOUR) == []
