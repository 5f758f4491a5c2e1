"""A rule starts and ends at a wall-clock time in each customer's time zone: once and without gaps, whatever clocks do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wall_clock import (
    NotAWallClockTime,
    in_words,
    instant_of,
    local_time,
    not_before,
    read,
    written,
)
from billing_engine.core.errors import Refused
from leads.models import Customer
from pricing.domain.rate.book.books import book_of
from pricing.domain.rate.rate import rate
from pricing.domain.rule_book.rules import activate, retire, revise
from pricing.models import Charge, PriceRule
from pricing.rating.values import RuleFacts
from tests.factories.leads import ActionFactory, BillingPeriodFactory, CustomerFactory
from tests.factories.pricing import PriceRuleFactory

ZONES = sorted(available_timezones())
MIDNIGHT_SKIPPED = [  # a zone, the day whose midnight its clocks skip, and the first instant of it that exists
    ("America/Sao_Paulo", "2018-11-04", datetime(2018, 11, 4, 3, tzinfo=UTC)),
    ("Africa/Cairo", "2026-04-24", datetime(2026, 4, 23, 22, tzinfo=UTC)),
    ("America/Havana", "2026-03-08", datetime(2026, 3, 8, 5, tzinfo=UTC)),
    ("Pacific/Apia", "2011-12-30", datetime(2011, 12, 30, 10, tzinfo=UTC)),  # the whole day is skipped
]
MIDNIGHT_TWICE = [  # the day whose midnight comes twice, and the first of the two
    ("America/Havana", "2026-11-01", datetime(2026, 11, 1, 4, tzinfo=UTC)),
    ("Atlantic/Azores", "2026-10-25", datetime(2026, 10, 25, 0, tzinfo=UTC)),
]
DOUBLED_HOURS = [  # a day on which the clock shows 01:30 twice, and when it does so first
    ("America/New_York", "2026-11-01", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
    ("Europe/London", "2026-10-25", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ("America/Los_Angeles", "2026-11-01", datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),
]

zones = st.sampled_from(ZONES).map(ZoneInfo)
walls = st.datetimes(datetime(1850, 1, 1), datetime(2100, 1, 1)).map(lambda wall: wall.replace(microsecond=0))  # noqa: DTZ001 -- on a clock


@st.composite
def near_a_change(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """A zone, and an instant within a day of one at which its clocks are set, if they ever are."""
    zone = draw(zones)
    low = draw(st.datetimes(datetime(1900, 1, 1), datetime(2037, 1, 1))).replace(tzinfo=UTC)  # noqa: DTZ001 -- zoned here
    low = low.replace(minute=0, second=0, microsecond=0)
    months = (low + timedelta(days=30 * number) for number in range(14))
    before = next((at for at in months if _offset(at, zone) != _offset(at + timedelta(days=30), zone)), low)
    hours = (before + timedelta(hours=number) for number in range(24 * 30))
    change = next((at for at in hours if _offset(at, zone) != _offset(at + timedelta(hours=1), zone)), before)
    return zone, change + timedelta(minutes=draw(st.integers(-24 * 60, 24 * 60)))


def _offset(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


# --- What an instant a wall-clock time is ----------------------------------------------------------------------------


@pytest.mark.parametrize(("zone", "day", "begins"), MIDNIGHT_SKIPPED)
def test_a_day_whose_midnight_is_skipped_begins_with_the_first_instant_that_exists(
    zone: str, day: str, begins: datetime
):
    assert instant_of(read(day), ZoneInfo(zone)) == begins
    assert local_time(begins - timedelta(seconds=1), ZoneInfo(zone)) < read(day) <= local_time(begins, ZoneInfo(zone))


@pytest.mark.parametrize(("zone", "day", "begins"), MIDNIGHT_TWICE)
def test_a_day_whose_midnight_comes_twice_begins_with_the_first_one(zone: str, day: str, begins: datetime):
    assert instant_of(read(day), ZoneInfo(zone)) == begins
    assert local_time(begins + timedelta(hours=1), ZoneInfo(zone)) == read(day)


@given(near_a_change())
def test_it_is_the_first_instant_at_which_the_clock_shows_that_time_or_a_later_one(where: tuple[ZoneInfo, datetime]):
    zone, near = where
    wall = local_time(near, zone)

    found = instant_of(wall, zone)

    assert local_time(found, zone) >= wall
    earlier = (found - timedelta(minutes=minutes) for minutes in (1, 29, 30, 59, 60, 119))
    assert [at for at in earlier if local_time(at, zone) >= wall] == []


@given(zones, walls, walls)
def test_times_in_their_order_are_instants_in_their_order(zone: ZoneInfo, one: datetime, other: datetime):
    first, second = sorted([one, other])
    assert instant_of(first, zone) <= instant_of(second, zone)


@given(near_a_change(), st.lists(st.integers(-3_000, 3_000), min_size=2, max_size=6))
def test_close_to_a_change_too(where: tuple[ZoneInfo, datetime], minutes: list[int]):
    zone, near = where
    on_the_clock = sorted(local_time(near, zone) + timedelta(minutes=number) for number in minutes)
    instants = [instant_of(wall, zone) for wall in on_the_clock]
    assert instants == sorted(instants)


@given(near_a_change())
def test_the_time_now_on_a_clock_stands_for_no_instant_before(where: tuple[ZoneInfo, datetime]):
    zone, at = where

    wall = not_before(at, zone)

    assert (wall.second, wall.microsecond) == (0, 0)
    assert instant_of(wall, zone) >= at
    assert instant_of(wall - timedelta(minutes=1), zone) < at


# --- One revision at every instant -----------------------------------------------------------------------------------


def in_force(rules: list[RuleFacts], at: datetime) -> list[int]:
    moment = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return [
        rule.id
        for rule in rules
        if rule.effective_from <= moment and (rule.effective_to is None or moment < rule.effective_to)
    ]


@pytest.mark.django_db(transaction=False)
@given(near_a_change(), st.lists(st.integers(-1_500, 1_500), min_size=1, max_size=5), st.integers(-2_000, 2_000))
def test_each_instant_has_exactly_one_revision_in_force_in_every_zone(
    where: tuple[ZoneInfo, datetime], revisions: list[int], minutes: int
):
    zone, near = where
    customer = Customer(pk=1, currency="USD", time_zone=zone.key)
    begins = [read("1800-01-01"), *sorted({local_time(near, zone) + timedelta(minutes=number) for number in revisions})]
    chain = [
        PriceRule(pk=number, wall_from=begin, wall_to=end, unit_price=1)
        for number, (begin, end) in enumerate(zip(begins, [*begins[1:], None], strict=True), start=1)
    ]
    with transaction.atomic():
        PriceRule.objects.bulk_create(
            PriceRule(
                pk=rule.pk, wall_from=rule.wall_from, wall_to=rule.wall_to, unit_price=1, name="x", state="active",
                activated_at=near,
            )
            for rule in chain
        )  # fmt: skip
        rules = book_of(customer).rules
        transaction.set_rollback(True)

    at = near + timedelta(minutes=minutes)
    assert len(in_force(rules, at)) == 1
    assert [len(in_force(rules, instant_of(begin, zone))) for begin in begins] == [1] * len(begins)


@pytest.mark.django_db
@pytest.mark.parametrize(("zone", "day", "first"), DOUBLED_HOURS)
def test_rules_that_meet_in_a_doubled_hour_neither_overlap_nor_leave_a_gap(zone: str, day: str, first: datetime):
    meet = read(f"{day}T01:30")
    old, new = PriceRuleFactory.create(wall_to=meet), PriceRuleFactory.create(wall_from=meet)
    elsewhere = CustomerFactory.create(time_zone="Asia/Kolkata")

    rules = book_of(CustomerFactory.create(time_zone=zone)).rules

    steps = [first + timedelta(minutes=minutes) for minutes in range(-90, 150, 5)]
    assert [in_force(rules, at) for at in steps] == [[old.pk] if at < first else [new.pk] for at in steps]
    assert in_force(book_of(elsewhere).rules, instant_of(meet, ZoneInfo("Asia/Kolkata"))) == [new.pk]


@pytest.mark.django_db
def test_the_database_refuses_an_overlap_of_a_second_and_no_meeting():
    PriceRuleFactory.create(wall_to=read("2026-11-01T01:30"))

    with pytest.raises(IntegrityError, match="never_overlap"), transaction.atomic():
        PriceRuleFactory.create(wall_from=read("2026-11-01T01:29:59"))
    PriceRuleFactory.create(wall_from=read("2026-11-01T01:30"))

    assert PriceRule.objects.count() == 2


# --- Every customer's November ---------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "last_of_october"),
    [
        ("America/Los_Angeles", datetime(2026, 11, 1, 6, 59, 59, tzinfo=UTC)),
        ("UTC", datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)),
        ("Asia/Tokyo", datetime(2026, 10, 31, 14, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_price_from_november_1_is_every_customers_november(zone: str, last_of_october: datetime):
    PriceRuleFactory.create(name="October", unit_price=1, wall_to=read("2026-11-01"))
    PriceRuleFactory.create(name="November", unit_price=2, wall_from=read("2026-11-01"))
    period = BillingPeriodFactory.create(customer__time_zone=zone)
    for at in (last_of_october, last_of_october + timedelta(seconds=1)):
        ActionFactory.create(period=period, lead__product__customer=period.customer, occurred_at=at)

    rate(period, at=last_of_october)

    charges = Charge.objects.order_by("action__occurred_at")
    assert list(charges.values_list("rule__name", "amount")) == [("October", 1), ("November", 2)]


@pytest.mark.django_db
def test_a_price_for_the_next_day_is_backdated_where_that_day_has_begun(operator: User):
    """At 18:00 UTC it is November 1 in Tokyo already: with a customer there it needs a second person."""
    at = datetime(2026, 10, 31, 18, tzinfo=UTC)
    BillingPeriodFactory.create(customer__time_zone="America/New_York")
    old = PriceRuleFactory.create()
    draft = revise(old, by=operator, at=at, since=read("2026-11-01"))
    assert revised(draft, by=operator, at=at) == "active"

    BillingPeriodFactory.create(customer__time_zone="Asia/Tokyo", month=Month(2026, 11))
    another = revise(draft, by=operator, at=at, since=read("2026-11-01T01:00"))
    assert revised(another, by=operator, at=at) == "backdating_needs_a_reason"


def revised(draft: PriceRule, *, by: User, at: datetime) -> str:
    try:
        return activate(draft, by=by, at=at).state
    except Refused as refusal:
        return refusal.code


@pytest.mark.django_db
def test_a_rule_that_is_retired_keeps_what_has_occurred_in_every_zone(operator: User):
    at = datetime(2026, 10, 31, 18, 0, 30, tzinfo=UTC)
    customers = [CustomerFactory.create(time_zone=zone) for zone in ("America/New_York", "Asia/Tokyo")]

    rule = retire(PriceRuleFactory.create(), by=operator, at=at)

    assert rule.wall_to == read("2026-11-01T03:01")
    assert [in_force(book_of(customer).rules, at) for customer in customers] == [[rule.pk], [rule.pk]]


# --- How it is written -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "in_a_sentence"),
    [
        ("2026-12-01", "December 1, 2026"),
        ("2026-12-01T09:00", "December 1, 2026, 09:00"),
        ("2026-12-01T09:00:30", "December 1, 2026, 09:00:30"),
    ],
)
def test_it_is_written_in_one_way_and_read_back(text: str, in_a_sentence: str):
    assert (written(read(text)), in_words(read(text))) == (text, in_a_sentence)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("01/12/2026", "“01/12/2026” is ambiguous, because the month or the day may come first. Put the year first"),
        ("1.12.2026", "is ambiguous"),
        ("01-12-2026", "is ambiguous"),
        ("12/1/26 9:00", "is ambiguous"),
        ("2026-12-01T09:00Z", "has an offset. A rule starts and ends at this time in each customer’s own time zone"),
        ("2026-12-01T09:00-05:00", "has an offset"),
        ("2026-12-01 09:00 +0100", "has an offset"),
        ("2026-02-30", "There is no 2026-02-30: day is out of range for month."),
        ("2026-12-01T24:30", "There is no 2026-12-01T24:30"),
        ("next month", "is not a day such as 2026-12-01, or a time such as 2026-12-01T09:00."),
        ("46357", "is not a day"),
        ("", "is not a day"),
    ],
)
def test_what_could_mean_another_time_is_refused_in_a_sentence(text: str, words: str):
    with pytest.raises(NotAWallClockTime) as refused:
        read(text)
    assert words in str(refused.value)
