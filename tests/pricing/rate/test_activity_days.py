"""The day of an action is its date on the customer's clock, also where clocks change and where a date comes twice."""

from datetime import UTC, date, datetime

import pytest

from billing_engine.core.calendar.spans import Month
from leads.domain.periods import mark_unrated
from leads.models import ActionType, BillingPeriod, Lead
from pricing.domain.rate.rate import rate_waiting
from pricing.models import DailyActivity, PeriodTally
from tests.factories.leads import ActionFactory, ActionTypeFactory, BillingPeriodFactory, LeadFactory
from tests.factories.pricing import PriceRuleFactory
from tests.pricing.rate.rolled_up import assert_rolled_up

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 12, 2, tzinfo=UTC)
# St. John's set its clocks back at one minute past midnight: November 7, then November 6 again, then November 7.
TWICE = ["2010-11-06T12:00", "2010-11-07T02:30:30", "2010-11-07T03:01", "2010-11-07T03:29", "2010-11-07T03:31"]
DAYS = {
    # Clocks go back at two o'clock: the day has 25 hours.
    "America/New_York": (
        Month(2026, 11),
        ["2026-11-01T03:59", "2026-11-01T04:00", "2026-11-02T04:59", "2026-11-02T05:00"],
    ),
    # Clocks go forward at two o'clock: the day has 23 hours.
    "Europe/Berlin": (Month(2026, 3), ["2026-03-28T22:59", "2026-03-28T23:00", "2026-03-29T21:59", "2026-03-29T22:00"]),
    # Clocks go forward at midnight, which this day does not have.
    "Asia/Beirut": (Month(2026, 3), ["2026-03-28T21:59", "2026-03-28T22:00", "2026-03-29T20:59", "2026-03-29T21:00"]),
    # Clocks go back at midnight: the last hour of the day comes twice.
    "America/Havana": (
        Month(2026, 11),
        ["2026-11-01T03:59", "2026-11-01T04:30", "2026-11-01T05:30", "2026-11-02T05:00"],
    ),
    "America/Asuncion": (
        Month(2024, 3),
        ["2024-03-24T02:30", "2024-03-24T03:30", "2024-03-24T03:59", "2024-03-24T04:00"],
    ),
    "Pacific/Apia": (Month(2011, 12), ["2011-12-30T09:59", "2011-12-30T10:00", "2011-12-31T09:59", "2011-12-31T10:00"]),
    "Asia/Kathmandu": (
        Month(2026, 10),
        ["2026-10-10T18:14", "2026-10-10T18:15", "2026-10-11T18:14", "2026-10-11T18:15"],
    ),
    "America/St_Johns": (Month(2010, 11), TWICE),
}


class World:
    """One customer in a time zone, and one lead of it."""

    def __init__(self, zone: str, month: Month) -> None:
        self.period: BillingPeriod = BillingPeriodFactory.create(
            customer__time_zone=zone, customer__billed_from=date(2005, 1, 1), month=month
        )
        self.lead: Lead = LeadFactory.create(product__customer=self.period.customer)
        self.kind: ActionType = ActionTypeFactory.create()
        PriceRuleFactory.create(wall_from=datetime(2005, 1, 1))  # noqa: DTZ001 -- wall-clock time

    def come(self, *instants: str) -> None:
        for each in instants:
            at = datetime.fromisoformat(each).replace(tzinfo=UTC)
            ActionFactory.create(lead=self.lead, action_type=self.kind, period=self.period, occurred_at=at)
        mark_unrated([self.period], reason="intake")
        rate_waiting([self.period.pk], at=NOW)


def counted() -> dict[date, int]:
    return dict(DailyActivity.objects.order_by("day").values_list("day", "actions"))


@pytest.mark.parametrize("zone", DAYS)
def test_an_action_counts_on_its_local_date_where_clocks_change(zone: str):
    month, instants = DAYS[zone]
    world = World(zone, month)

    world.come(*instants)

    assert_rolled_up()
    assert sum(counted().values()) == len(instants)


@pytest.mark.parametrize("zone", DAYS)
def test_actions_that_come_one_after_another_count_on_the_same_days(zone: str):
    month, instants = DAYS[zone]
    world = World(zone, month)

    for each in instants:
        world.come(each)
        assert PeriodTally.objects.get().counters is not None
        assert_rolled_up()

    assert sum(counted().values()) == len(instants)


def test_the_date_that_comes_twice_has_the_actions_of_both_times():
    world = World("America/St_Johns", Month(2010, 11))

    for each in TWICE:
        world.come(each)

    assert counted() == {date(2010, 11, 6): 3, date(2010, 11, 7): 2}


@pytest.mark.parametrize("rated_to", ["2010-11-07T02:30:45", "2010-11-07T03:35", "2010-11-08T12:00"])
def test_what_was_counted_before_the_date_came_again_stays_counted(rated_to: str):
    world = World("America/St_Johns", Month(2010, 11))
    world.come("2010-11-07T02:30:30", rated_to)

    world.come("2010-11-08T12:00:01")

    assert_rolled_up()
    assert sum(counted().values()) == 3
