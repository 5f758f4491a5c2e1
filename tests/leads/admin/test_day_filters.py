"""A day filter uses each row's customer time zone, with days of 23 to 25 hours when clocks change."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from billing_engine.core.admin_kit.filters import in_days
from billing_engine.core.calendar.instants import instant, instant_in_words
from billing_engine.core.calendar.spans import midnight
from leads.models import Action, BillingPeriod, Customer, Lead
from pricing.models import Charge, UnratedAction
from tests.factories.leads import ActionFactory, BillingPeriodFactory, CustomerFactory, LeadFactory
from tests.factories.people import superuser
from tests.factories.pricing import ChargeFactory, UnratedActionFactory

HOUR = timedelta(hours=1)
# Back at 2:00, forward at 2:00, back over midnight, forward over midnight, by half an hour, never; ahead and behind UTC.
ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Asia/Beirut",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Asia/Tokyo",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
)


@given(
    zone=st.sampled_from(sorted(available_timezones() - {"localtime"})).map(ZoneInfo),
    at=st.datetimes(datetime(2012, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 -- hypothesis asks
)
def test_an_instant_is_in_the_day_that_its_customers_clock_shows(zone: ZoneInfo, at: datetime) -> None:
    day = at.astimezone(zone).date()

    assert midnight(day, zone) <= at < midnight(day + timedelta(days=1), zone)


@pytest.fixture
def browser(client: Client, db: None) -> Client:
    client.force_login(superuser())
    return client


def customer_in(zone: str) -> BillingPeriod:
    customer = CustomerFactory.create(time_zone=zone)
    begin, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    return BillingPeriodFactory.create(customer=customer, start_at=begin, end_at=end)


def hourly_around(day: date, zone: str) -> list[Action]:
    """Create an action every half hour, from two days before to two days after."""
    period = customer_in(zone)
    lead = LeadFactory.create(product__customer=period.customer)
    first = midnight(day, ZoneInfo(zone)) - 48 * HOUR
    return [
        ActionFactory.create(lead=lead, period=period, occurred_at=first + half * HOUR / 2) for half in range(2 * 96)
    ]


def local_day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


@pytest.mark.django_db
@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 4, 24), date(2026, 10, 25), date(2026, 11, 1)])
def test_a_day_has_the_rows_of_each_customers_own_day_also_where_clocks_change(day: date) -> None:
    rows = {action.pk: action for zone in ZONES for action in hourly_around(day, zone)}
    zone_of = dict(Customer.objects.values_list("pk", "time_zone"))

    for first, last in [(day, day), (day, day + timedelta(days=1)), (day, None), (None, day)]:
        asked = in_days(first, last, zones=ZONES, at="occurred_at", zone="period__customer__time_zone")
        found = set(Action.objects.filter(asked).values_list("pk", flat=True))

        local = {pk: local_day(one.occurred_at, zone_of[one.period.customer_id]) for pk, one in rows.items()}
        assert found == {pk for pk, on in local.items() if (not first or on >= first) and (not last or on <= last)}


@pytest.mark.django_db
def test_where_there_is_no_customer_no_day_has_rows() -> None:
    asked = in_days(date(2026, 10, 1), None, zones=(), at="occurred_at", zone="period__customer__time_zone")

    assert list(Action.objects.filter(asked)) == []


def listed(browser: Client, name: str, **asked: str) -> list[Any]:
    response = browser.get(reverse(f"admin:{name}_changelist"), asked)
    assert response.status_code == 200
    return [row.pk for row in response.context["cl"].result_list]


def at_the_14th_of(zone: str) -> list[datetime]:
    """The last instant before the customer's 14th, the first and last of it, and the first after it."""
    start, end = (midnight(date(2026, 10, day), ZoneInfo(zone)) for day in (14, 15))
    second = timedelta(seconds=1)
    return [start - second, start, end - second, end]


def an_exclusion(**action: Any) -> Charge:
    return ChargeFactory.create(action=ActionFactory.create(**action), rule=None, reason="test_lead", amount=0)


def a_waiting_one(**action: Any) -> UnratedAction:
    return UnratedActionFactory.create(action=ActionFactory.create(**action))


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("leads_action", ActionFactory.create),
        ("pricing_charge", an_exclusion),
        ("pricing_unratedaction", a_waiting_one),
    ],
)
def test_the_lists_of_what_occurred_are_asked_for_a_customers_day(browser: Client, name: str, make: Any) -> None:
    made = {}
    for zone in ("America/New_York", "Asia/Tokyo"):
        period = customer_in(zone)
        lead = LeadFactory.create(product__customer=period.customer)
        made[zone] = [make(lead=lead, period=period, occurred_at=at).pk for at in at_the_14th_of(zone)]

    found = listed(browser, name, occurred_from="2026-10-14", occurred_to="2026-10-14")

    assert sorted(found) == sorted(pk for rows in made.values() for pk in rows[1:3])
    assert len(listed(browser, name, occurred_from="", occurred_to="")) == 8


def test_leads_are_asked_for_the_customers_day_on_which_they_were_received(browser: Client) -> None:
    product = LeadFactory.create(product__customer__time_zone="America/New_York").product
    Lead.objects.all().delete()
    made = [LeadFactory.create(product=product, received_at=at).pk for at in at_the_14th_of("America/New_York")]

    found = listed(browser, "leads_lead", received_from="2026-10-14", received_to="2026-10-14")

    assert sorted(found) == made[1:3]


@pytest.mark.parametrize("asked", ["2026-13-01", "yesterday", "0001-01-01", "9999-12-31", "2026-10-14T00:00"])
def test_an_invalid_day_is_not_treated_as_every_day(browser: Client, asked: str) -> None:
    ActionFactory.create()

    response = browser.get(reverse("admin:leads_action_changelist"), {"occurred_from": asked})

    assert (response.status_code, response["Location"]) == (302, f"{reverse('admin:leads_action_changelist')}?e=1")


def test_some_days_are_read_in_the_order_of_time(browser: Client) -> None:
    period = customer_in("UTC")
    lead = LeadFactory.create(product__customer=period.customer)
    days = [
        ActionFactory.create(lead=lead, period=period, occurred_at=datetime(2026, 10, day, tzinfo=UTC))
        for day in (3, 1, 2)
    ]

    late, early, middle = (one.pk for one in days)
    assert listed(browser, "leads_action", occurred_from="2026-10-01") == [late, middle, early]
    assert listed(browser, "leads_action") == [middle, early, late]


def test_a_zone_without_an_abbreviation_is_shown_by_its_offset() -> None:
    at = datetime(2026, 10, 31, 18, 2, 7, 250_000, tzinfo=UTC)

    assert instant_in_words(at, ZoneInfo("America/New_York")) == "Oct 31, 2026, 14:02 EDT"
    assert instant_in_words(at, ZoneInfo("America/Sao_Paulo")) == "Oct 31, 2026, 15:02 UTC-03"
    assert instant_in_words(at, UTC, seconds=True) == "Oct 31, 2026, 18:02:07.25 UTC"
    assert 'title="Saturday, October 31, 2026, 14:02:07 (America/New_York)"' in instant(
        at, ZoneInfo("America/New_York")
    )


def test_a_repeated_hour_is_unambiguous() -> None:
    zone = ZoneInfo("America/New_York")
    twice = [datetime(2026, 11, 1, hour, 30, tzinfo=UTC) for hour in (5, 6)]

    assert [instant_in_words(at, zone) for at in twice] == ["Nov 1, 2026, 01:30 EDT", "Nov 1, 2026, 01:30 EST"]
