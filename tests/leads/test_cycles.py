"""Cycles split time into billing periods, and a customer can switch from one kind to another."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from billing_engine.core.calendar.spans import CYCLES, Calendar, Cycle, Fortnight, Month, Week, midnight, months_of
from leads.domain.cycles import SameCycle, change_cycle
from leads.domain.periods import missing_periods, open_missing, open_periods
from leads.models import BillingPeriod, Customer, CycleChange
from tests.factories.leads import BillingPeriodFactory, CustomerFactory

EARLY, LATE = datetime(2000, 1, 2, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ZONES = sorted(available_timezones())
seconds = st.integers(0, int((LATE - EARLY).total_seconds()))
instants = seconds.map(lambda second: EARLY + timedelta(seconds=second))
zones = st.sampled_from(ZONES).map(ZoneInfo)
kinds = st.sampled_from(list(CYCLES.values()))
days = st.dates(date(2000, 1, 1), date(2090, 1, 1))


@given(instants, zones, kinds)
def test_every_instant_is_in_exactly_one_cycle_of_a_kind_and_consecutive_ends_meet(
    instant: datetime, zone: ZoneInfo, kind: type[Cycle]
) -> None:
    cycle = kind.containing(instant, zone)
    before, after = cycle.previous(), cycle.next()

    assert instant in cycle.span(zone)
    assert instant not in before.span(zone)
    assert instant not in after.span(zone)
    assert (before.span(zone).end, cycle.span(zone).end) == (cycle.span(zone).start, after.span(zone).start)
    assert (before.next(), after.previous()) == (cycle, cycle)


@given(days, kinds)
def test_a_label_names_one_cycle(day: date, kind: type[Cycle]) -> None:
    cycle = kind.of_day(day)

    assert Cycle.parse(str(cycle)) == cycle
    assert type(Cycle.parse(str(cycle))) is kind
    assert len(str(cycle)) <= BillingPeriod._meta.get_field("label").max_length


@given(days)
def test_every_week_and_every_two_weeks_belong_to_the_one_month_in_which_they_end(day: date) -> None:
    month = Month.of_day(day)

    for kind in (Week, Fortnight):
        cycle = kind.of_day(day)
        holders = [one for one in (month.previous(), month, month.next()) if str(cycle) in one.labels]
        assert holders == [cycle.closing_month] == [Month.of_day(cycle.next().first - timedelta(days=1))]
    assert month.labels[0] == str(month)


@given(instants, st.lists(st.tuples(kinds, st.integers(1, 80)), max_size=4), zones, kinds)
def test_however_often_the_kind_changes_every_instant_is_in_exactly_one_cycle(
    start: datetime, changes: list[tuple[type[Cycle], int]], zone: ZoneInfo, last: type[Cycle]
) -> None:
    before, at = [], start
    for kind, weeks in changes:
        at = kind.containing(at + timedelta(weeks=weeks), zone).span(zone).end
        before.append((at, kind))
    calendar = Calendar(zone, last, tuple(before))

    instant, labels = start, set()
    while instant < at + timedelta(weeks=10):
        cycle, span = calendar.containing(instant)
        assert span.start <= instant < span.end
        assert calendar.span_of(cycle) == span
        assert str(cycle) not in labels
        labels.add(str(cycle))
        assert calendar.containing(span.end)[1].start == span.end
        instant = span.end


@given(days, st.integers(0, 800))
def test_days_are_parts_of_their_own_months(first: date, count: int) -> None:
    after = first + timedelta(days=count)
    middle = first + timedelta(days=count // 2)

    assert months_of(first, middle) + months_of(middle, after) == months_of(first, after)
    assert months_of(Month.of_day(first).first, Month.of_day(first).next().first) == 1
    assert months_of(first, first + timedelta(days=1)) == Fraction(1, months_of_days(first))


def months_of_days(day: date) -> int:
    month = Month.of_day(day)
    return (month.next().first - month.first).days


@pytest.mark.parametrize(
    ("label", "zone", "first", "after", "hours"),
    [
        ("2026-02", "UTC", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", 28 * 24),
        ("2026-10", "America/New_York", "2026-10-01T04:00:00Z", "2026-11-01T04:00:00Z", 31 * 24),
        ("2026-11", "America/New_York", "2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z", 30 * 24 + 1),
        ("2026-W13", "Europe/Berlin", "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z", 7 * 24 - 1),
        ("2026-W43", "Europe/Berlin", "2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z", 7 * 24 + 1),
        ("2026-W43x2", "Asia/Tokyo", "2026-10-18T15:00:00Z", "2026-11-01T15:00:00Z", 14 * 24),
        ("2026-W53", "UTC", "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z", 7 * 24),
    ],
)
def test_cycles_begin_at_midnight_where_the_customer_is(label: str, zone: str, first: str, after: str, hours: int):
    span = Cycle.parse(label).span(ZoneInfo(zone))

    assert (span.start, span.end) == (datetime.fromisoformat(first), datetime.fromisoformat(after))
    assert span.end - span.start == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-00", "2025-W53", "2026-W02x2", "2026-1", "2026-W43x3"])
def test_an_invalid_cycle_has_no_label(text: str) -> None:
    with pytest.raises(ValueError, match=r"No such|Invalid week|No two weeks"):
        Cycle.parse(text)


# --- A customer changes its cycle ---------------------------------------------------------------


def spans_of(customer: Customer) -> list[tuple[str, datetime, datetime]]:
    return list(
        BillingPeriod.objects.filter(customer=customer).order_by("start_at").values_list("label", "start_at", "end_at")
    )


def day(text: str) -> datetime:
    return midnight(date.fromisoformat(text), ZoneInfo("UTC"))


@pytest.mark.django_db
def test_a_change_takes_effect_where_the_last_period_ends_and_no_instant_is_left_out(accountant: User) -> None:
    period = BillingPeriodFactory.create(month=Month(2026, 11), customer__billed_from=date(2026, 10, 1))
    customer = period.customer

    begin = change_cycle(customer, to=Customer.Cycle.WEEKLY, by=accountant, at=NOW)
    open_periods({customer.pk: [day("2026-12-03"), day("2026-12-09"), day("2026-10-31")]})

    assert begin == day("2026-12-01")
    assert spans_of(customer) == [
        ("2026-10", day("2026-10-01"), day("2026-11-01")),
        ("2026-11", day("2026-11-01"), day("2026-12-01")),
        ("2026-W49", day("2026-12-01"), day("2026-12-07")),
        ("2026-W50", day("2026-12-07"), day("2026-12-14")),
    ]
    assert str(CycleChange.objects.get()) == "Weekly from 2026-12-01 00:00 UTC"


@pytest.mark.django_db
def test_an_unused_change_of_cycle_is_replaced_and_a_used_one_stays() -> None:
    customer = BillingPeriodFactory.create(month=Month(2026, 11), customer__billed_from=date(2026, 11, 1)).customer
    for to in (Customer.Cycle.WEEKLY, Customer.Cycle.FORTNIGHTLY, Customer.Cycle.MONTHLY):
        change_cycle(customer, to=to, by=None, at=NOW)
    assert not CycleChange.objects.exists()

    change_cycle(customer, to=Customer.Cycle.WEEKLY, by=None, at=NOW)
    open_periods({customer.pk: [day("2026-12-09")]})
    change_cycle(customer, to=Customer.Cycle.MONTHLY, by=None, at=NOW)
    open_periods({customer.pk: [day("2026-12-31"), day("2027-01-01")]})

    assert spans_of(customer)[1:] == [
        ("2026-W50", day("2026-12-07"), day("2026-12-14")),
        ("2026-12", day("2026-12-14"), day("2027-01-01")),
        ("2027-01", day("2027-01-01"), day("2027-02-01")),
    ]
    assert CycleChange.objects.count() == 2


@pytest.mark.django_db
def test_a_customer_without_periods_changes_from_the_beginning_and_the_same_cycle_is_refused() -> None:
    customer = CustomerFactory.create(billed_from=date(2026, 11, 18))

    assert change_cycle(customer, to=Customer.Cycle.WEEKLY, by=None, at=NOW) is None
    with pytest.raises(SameCycle):
        change_cycle(customer, to=Customer.Cycle.WEEKLY, by=None, at=NOW)

    open_missing(Customer.objects.all(), until=day("2026-11-30"))
    assert spans_of(customer) == [
        ("2026-W47", day("2026-11-18"), day("2026-11-23")),
        ("2026-W48", day("2026-11-23"), day("2026-11-30")),
    ]
    assert not CycleChange.objects.exists()


@pytest.mark.django_db
def test_what_is_over_before_a_change_and_what_goes_on_keep_the_cycle_before_also_where_nothing_came_in() -> None:
    customer = CustomerFactory.create(billed_from=date(2026, 9, 14))

    begin = change_cycle(customer, to=Customer.Cycle.WEEKLY, by=None, at=NOW)

    assert begin == day("2026-12-01")
    assert spans_of(customer) == [
        ("2026-09", day("2026-09-14"), day("2026-10-01")),
        ("2026-10", day("2026-10-01"), day("2026-11-01")),
        ("2026-11", day("2026-11-01"), day("2026-12-01")),
    ]


@pytest.mark.django_db
def test_missing_periods_are_made_from_the_first_day_on_around_those_there_are_and_never_before_it() -> None:
    customer = CustomerFactory.create(cycle="weekly", billed_from=date(2026, 10, 7))
    BillingPeriodFactory.create(customer=customer, month=Week(2026, 43))

    open_missing(Customer.objects.all(), until=day("2026-11-02"))

    assert [label for label, _, _ in spans_of(customer)] == ["2026-W41", "2026-W42", "2026-W43", "2026-W44"]
    assert spans_of(customer)[0][1:] == (day("2026-10-07"), day("2026-10-12"))
    assert list(missing_periods(Customer.objects.all(), until=day("2026-11-08"))) == []


@pytest.mark.django_db
def test_the_database_refuses_periods_of_two_kinds_that_overlap() -> None:
    customer = BillingPeriodFactory.create().customer
    span = Week(2026, 44).span(customer.zone)

    with pytest.raises(IntegrityError, match="periods_of_one_customer_never_overlap"), transaction.atomic():
        BillingPeriod.objects.create(customer=customer, label="2026-W44", start_at=span.start, end_at=span.end)

    assert BillingPeriod.objects.count() == 1
