"""The forecast's figures, each against SQL on the charges, on random companies."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing_engine.core.calendar.spans import Month, Week
from leads.models import BillingPeriod, Customer
from pricing.domain.rate.rate import rate
from reports.domain.forecast.commitments import commitments_of
from reports.domain.forecast.daily_amounts import daily_amounts, micro
from reports.domain.forecast.prepare import prepare
from reports.models import ForecastBasis
from reports.queries.forecast import Forecast, forecast_of, forecasts
from tests.factories.leads import BillingPeriodFactory, CustomerFactory
from tests.invoices.made import a_price, billed, received
from tests.reports.forecast.made import by_day, charged, days, late, noon
from tests.reports.random_company import RATED_AT, a_random_company

pytestmark = pytest.mark.django_db

NOVEMBER = Month(2026, 11)
SEEDS = pytest.mark.parametrize("seed", [1, 2, 3])
ZERO = Decimal(0)

# Of the month that the customer's own clock shows, written a second time.
SO_FAR = """
    SELECT COALESCE(sum(charge.amount), 0)
      FROM pricing_charge charge JOIN leads_action action ON action.id = charge.action_id
      JOIN leads_lead lead ON lead.id = action.lead_id JOIN leads_product product ON product.id = lead.product_id
      JOIN leads_customer customer ON customer.id = product.customer_id
     WHERE customer.id = %s AND to_char(action.occurred_at AT TIME ZONE customer.time_zone, 'YYYY-MM') = %s
"""
UNBILLED = """
    SELECT COALESCE(sum(charge.amount), 0),
           COALESCE(sum(charge.amount) FILTER (WHERE action.occurred_at < period.start_at), 0)
      FROM pricing_charge charge JOIN leads_action action ON action.id = charge.action_id
      JOIN leads_billingperiod period ON period.id = action.period_id
     WHERE period.customer_id = %s AND period.label = %s AND period.state = 'open'
"""
BY_DAY = """
    SELECT (action.occurred_at AT TIME ZONE customer.time_zone)::date, COALESCE(sum(charge.amount), 0)
      FROM leads_action action LEFT JOIN pricing_charge charge ON action.id = charge.action_id
      JOIN leads_billingperiod period ON period.id = action.period_id
      JOIN leads_customer customer ON customer.id = period.customer_id
     WHERE customer.id = %s GROUP BY 1
"""


def counted(sql: str, *asked: Any) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def by_customer(found: list[Forecast]) -> dict[Customer, Forecast]:
    return {each.customer: each for each in found}


@SEEDS
def test_the_figures_of_a_customer_are_those_of_its_charges_to_the_last_digit(seed: int) -> None:
    customers = a_random_company(seed)

    found = by_customer(forecast_of(customers, RATED_AT))

    assert {
        each: (row.so_far, row.unbilled, row.late, row.last_month) for each, row in found.items() if each in customers
    } == {
        each: (
            *counted(SO_FAR, each.pk, "2026-11"),
            *counted(UNBILLED, each.pk, "2026-11"),
            *counted(SO_FAR, each.pk, "2026-10"),
        )
        for each in customers
    }


@SEEDS
def test_the_daily_amounts_are_those_of_the_charges(seed: int) -> None:
    customers = a_random_company(seed)

    found = daily_amounts(customers, NOVEMBER, commitments_of(customers, NOVEMBER))

    for each in customers:
        with connection.cursor() as cursor:
            cursor.execute(BY_DAY, [each.pk])
            days: dict[date, Decimal] = dict(cursor.fetchall())
        first = NOVEMBER.first - timedelta(days=len(found[each.pk].history))
        series = [*found[each.pk].history, *found[each.pk].charged]
        assert first == min(days)
        assert series == [micro(days.get(first + timedelta(days=place), ZERO)) for place in range(len(series))]


@SEEDS
def test_a_total_is_the_sum_of_its_customers_and_never_of_two_currencies(seed: int) -> None:
    a_random_company(seed)

    rows, totals = forecasts(RATED_AT)

    assert [each.currency for each in totals] == ["EUR", "JPY", "USD"]
    for total in totals:
        own = [row for row in rows if row.customer.currency == total.currency]
        assert total.so_far == sum((row.so_far for row in own), ZERO)
        assert total.unbilled == sum((row.unbilled for row in own), ZERO)
        assert total.late == sum((row.late for row in own), ZERO)
        assert total.last_month == sum((row.last_month for row in own), ZERO)
        assert total.forecast == sum((row.so_far if row.forecast is None else row.forecast for row in own), ZERO)
        assert total.customers == len(own)


@SEEDS
def test_what_is_kept_gives_the_same_forecasts_as_what_is_worked_out(seed: int) -> None:
    a_random_company(seed)
    worked_out = forecasts(RATED_AT)

    prepare(at=RATED_AT)

    assert ForecastBasis.objects.count() == 4 + 3
    assert forecasts(RATED_AT) == worked_out


def test_ranges_are_the_same_kept_and_worked_out_and_that_of_a_total_is_its_own() -> None:
    zones = ("Pacific/Auckland", "America/New_York", "Europe/Berlin")
    for seed, zone in enumerate(zones):
        by_day(CustomerFactory.create(time_zone=zone), Random(seed))
    worked_out = forecasts(RATED_AT)

    prepare(at=RATED_AT)

    assert forecasts(RATED_AT) == worked_out
    rows, (total,) = worked_out
    assert all(row.low is not None and row.high is not None for row in rows)
    assert total.low is not None
    assert total.high is not None
    assert (
        sum(row.low or ZERO for row in rows)
        < total.low
        < total.forecast
        < total.high
        < sum(row.high or ZERO for row in rows)
    )


def test_preparing_again_replaces_what_is_kept_and_a_later_month_what_an_earlier_one_kept() -> None:
    a_random_company(1)
    prepare(at=RATED_AT)
    prepare(at=RATED_AT)

    prepare(at=datetime(2026, 12, 1, 0, 15, tzinfo=UTC))

    assert set(ForecastBasis.objects.values_list("month", flat=True)) == {date(2026, 12, 1)}


def test_the_number_of_queries_does_not_depend_on_the_number_of_customers() -> None:
    customers = a_random_company(1)
    prepare(at=RATED_AT)

    assert _queries(customers[:1]) == _queries(customers) == 7


def _queries(customers: list[Customer]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as found:
        forecast_of(customers, RATED_AT)
    return len(found)


def test_the_day_is_over_when_it_is_over_for_the_customer() -> None:
    a_price("1")
    auckland, honolulu = (
        CustomerFactory.create(code=zone, time_zone=zone) for zone in ("Pacific/Auckland", "Pacific/Honolulu")
    )
    at = datetime(2026, 11, 10, 11, 30, tzinfo=UTC)  # November 11 in Auckland, November 10, 01:30 in Honolulu
    for customer in (auckland, honolulu):
        charged(customer, date(2026, 9, 1), date(2026, 11, 9))

    found = by_customer(forecast_of([auckland, honolulu], at))

    assert (found[auckland].today, found[honolulu].today) == (date(2026, 11, 11), date(2026, 11, 10))
    # Auckland's November 10 is over and brought nothing.
    assert found[auckland].so_far == found[honolulu].so_far == 9
    assert found[honolulu].forecast == 30
    assert found[auckland].forecast is not None
    assert found[auckland].forecast < 30


def test_a_hard_budget_caps_the_forecast_late_activity_first_and_a_minimum_does_not_raise_it() -> None:
    a_price("1")
    capped = CustomerFactory.create(monthly_budget=Decimal(25), hard_budget=True)
    least = CustomerFactory.create(monthly_minimum=Decimal(100))
    for customer in (capped, least):
        charged(customer, date(2026, 9, 1), date(2026, 11, 10))
    late(capped, 3)

    found = by_customer(forecast_of([capped, least], datetime(2026, 11, 11, tzinfo=UTC)))

    assert (found[capped].so_far, found[capped].late, found[capped].forecast) == (10, 3, 22)
    assert (found[least].forecast, found[least].commitments.minimum) == (30, 100)


def test_demand_above_a_hard_budget_is_forecast_from_what_it_would_have_cost_without() -> None:
    """Else the days on which nothing was left would count as days without demand."""
    a_price("1")
    capped = CustomerFactory.create(monthly_budget=Decimal(20), hard_budget=True)
    charged(capped, date(2026, 9, 1), date(2026, 11, 15))

    (found,) = forecast_of([capped], datetime(2026, 11, 16, tzinfo=UTC))

    assert (found.last_month, found.so_far, found.forecast) == (20, 15, 20)


def test_nothing_is_expected_after_the_end_of_a_contract() -> None:
    a_price("1")
    leaving = CustomerFactory.create(contract_to=date(2026, 11, 20))
    charged(leaving, date(2026, 9, 1), date(2026, 11, 10))

    (found,) = forecast_of([leaving], datetime(2026, 11, 11, tzinfo=UTC))

    assert found.forecast == 20


def test_a_customer_of_three_weeks_has_no_forecast_and_counts_with_what_is_charged_so_far() -> None:
    a_price("1")
    fresh = CustomerFactory.create()
    charged(fresh, date(2026, 10, 8), date(2026, 11, 10))

    (found,) = forecast_of([fresh], datetime(2026, 11, 11, tzinfo=UTC))
    _, (total,) = forecasts(datetime(2026, 11, 11, tzinfo=UTC))

    assert (found.forecast, found.low, found.weeks) == (None, None, 3)
    assert (total.forecast, total.without_history) == (10, 1)


def test_a_month_that_is_over_is_forecast_as_it_was() -> None:
    a_price("1")
    customer = CustomerFactory.create()
    charged(customer, date(2026, 9, 1), date(2026, 10, 31))

    (found,) = forecast_of([customer], datetime(2026, 11, 3, tzinfo=UTC), Month(2026, 10))

    assert (found.so_far, found.forecast, found.low, found.high) == (31, 31, 31, 31)


def test_the_month_before_is_shown_as_invoiced_before_tax_once_it_is_billed() -> None:
    a_price("1")
    customer = CustomerFactory.create(tax_rate=Decimal(10), monthly_minimum=Decimal(50))
    charged(customer, date(2026, 10, 1), date(2026, 10, 31))

    before = forecast_of([customer], datetime(2026, 11, 3, tzinfo=UTC))
    billed(BillingPeriod.objects.get(label="2026-10"))
    after = forecast_of([customer], datetime(2026, 11, 3, tzinfo=UTC))

    assert [(each.last_month, each.last_invoiced) for each in (*before, *after)] == [(31, None), (31, 50)]


def test_the_weeks_of_a_customer_billed_weekly_are_unbilled_for_their_days_of_the_month_only() -> None:
    a_price("1")
    weekly = CustomerFactory.create(cycle="weekly")
    for first in (date(2026, 10, 26), date(2026, 11, 2)):
        week = Week.of_day(first)
        period = BillingPeriodFactory.create(customer=weekly, month=week, label=str(week))
        for day in days(first, week.last):
            received(period, 1, at=noon(day))
        rate(period, at=RATED_AT)
    week = BillingPeriod.objects.get(label="2026-W45")
    received(week, 1, at=noon(date(2026, 10, 20)))
    rate(week, at=RATED_AT)

    (found,) = forecast_of([weekly], datetime(2026, 11, 9, tzinfo=UTC))

    assert (found.so_far, found.unbilled, found.late) == (8, 9, 1)  # November 1 to 8, and one of October 20


def test_a_customer_without_any_activity_has_no_forecast_and_no_customers_no_totals() -> None:
    quiet = CustomerFactory.create()

    assert forecast_of([quiet], RATED_AT) == []
    assert forecasts(RATED_AT) == ([], [])
