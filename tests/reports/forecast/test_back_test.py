"""The back-test: both methods on months that are over, and what it says of them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from time_machine import travel

from billing_engine.core.calendar.spans import Month
from reports.domain.forecast import back_test
from reports.domain.forecast.back_test import Errors, PastMonth, at_rank
from reports.queries.back_test import late_share, months_before, past_months
from tests.factories.leads import CustomerFactory
from tests.invoices.made import a_price
from tests.reports.forecast import real_days
from tests.reports.forecast.made import charged, late
from tests.shared import needed

NOVEMBER_11 = datetime(2026, 11, 11, 12, tzinfo=UTC)
MICRO = 1_000_000
WEEKLY = [10, 10, 10, 10, 10, 1, 1]


@pytest.fixture
def _on_the_eleventh_of_november() -> Iterator[None]:
    with travel(NOVEMBER_11, tick=False):
        yield


def month(
    history: list[int], charged: list[int], *, currency: str = "USD", hard_budget: int | None = None
) -> PastMonth:
    return PastMonth(currency, history, charged, charged, len(charged), hard_budget)


def test_a_month_that_repeats_its_weeks_has_no_error_by_weekday_and_one_by_the_run_rate() -> None:
    errors, totals = back_test.tested([[month(WEEKLY * 40, (WEEKLY * 5)[:28])]], 5)

    assert errors == totals["USD"] == Errors([0], [346_153], ranges=1, held=1)  # 10 a day for 28 days, not 208


def test_after_a_jump_of_the_level_the_run_rate_is_better() -> None:
    errors, _ = back_test.tested([[month([MICRO] * 280, [3 * MICRO] * 30)]], 15)

    assert errors.run_rate == [0]
    assert errors.method == [219_696]


def test_totals_are_tested_by_currency_and_errors_of_customers_may_cancel_out() -> None:
    up, down = month([10 * MICRO] * 280, [11 * MICRO] * 28), month([10 * MICRO] * 280, [9 * MICRO] * 28)

    errors, totals = back_test.tested([[up, down, month([1] * 280, [1] * 28, currency="EUR")]], 7)

    assert [each > 0 for each in errors.method] == [True, True, False]
    assert (totals["USD"].method, totals["EUR"].method) == ([0], [0])


def test_a_hard_budget_caps_both_methods() -> None:
    capped = PastMonth("USD", [10] * 280, [10] * 28, [10] * 20 + [0] * 8, 28, hard_budget=200)

    errors, _ = back_test.tested([[capped]], 10)

    assert errors == Errors([0], [0], ranges=1, held=1)


def test_a_customer_without_enough_history_and_a_month_without_charges_are_left_out() -> None:
    errors, totals = back_test.tested([[month([1] * 27, [1] * 28), month([1] * 280, [0] * 28)]], 7)

    assert errors == Errors(without_history=1)
    assert totals["USD"] == Errors()


@pytest.mark.parametrize(("percent", "value"), [(50, 5), (90, 9), (100, 10)])
def test_a_rank_is_the_value_that_so_many_do_not_exceed(percent: int, value: int) -> None:
    assert at_rank(range(1, 11), percent) == value
    assert at_rank([], percent) is None


@pytest.mark.django_db
def test_past_months_are_read_as_they_were_with_what_came_late() -> None:
    a_price("1")
    capped = CustomerFactory.create(monthly_budget=Decimal(20), hard_budget=True)
    charged(capped, date(2026, 9, 1), date(2026, 11, 10))
    late(capped, 2)  # of September, billed with November

    months = months_before(NOVEMBER_11, 2)
    (september,), (october,) = past_months(months)

    assert months == [Month(2026, 9), Month(2026, 10)]
    assert (sum(september.charged), sum(october.charged)) == (22_000_000, 20_000_000)
    assert (sum(october.wanted), october.hard_budget) == (31_000_000, 20_000_000)
    assert late_share(months) == {"USD": Decimal(2) / Decimal(42)}


@pytest.mark.django_db
@pytest.mark.usefixtures("_on_the_eleventh_of_november")
def test_the_command_prints_both_methods_and_what_came_late() -> None:
    a_price("1")
    charged(CustomerFactory.create(), date(2026, 8, 20), date(2026, 11, 10))
    out = StringIO()

    call_command("backtest_forecast", months=1, days=[10], stdout=out)

    assert "Months 2026-10 to 2026-10, each customer's days in its own time zone." in out.getvalue()
    assert "10            1                 0.0%   0.0%                0.0%   0.0%    no range" in out.getvalue()
    assert "USD: 0.0% of it was billed in a later period than it occurred in." in out.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "asked", [["--months=0"], ["--months=1000"], ["--days=0"], ["--days=5,40"], ["--days=five"], ["--months=1"]]
)
def test_the_command_refuses_what_it_cannot_test(asked: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("backtest_forecast", *asked)


# What docs/finance.md says of real data.


@needed
@pytest.mark.parametrize("name", ["otto", "x_education"])
def test_on_real_data_weekdays_beat_the_run_rate_early_and_are_no_worse_later(name: str) -> None:
    months = real_days.months_of(getattr(real_days, name)())

    for day, factor in ((5, "0.7"), (10, "0.9"), (15, "1"), (20, "1"), (25, "1.05")):
        errors, _ = back_test.tested(months, day)
        method, run_rate = at_rank(errors.method, 50), at_rank(errors.run_rate, 50)
        assert method is not None
        assert run_rate is not None
        assert method <= run_rate * Decimal(factor), day


def test_where_the_level_jumps_the_run_rate_is_better() -> None:
    months = real_days.months_of(real_days.jumps())

    for day in (10, 15, 20):
        errors, _ = back_test.tested(months, day)
        method, run_rate = at_rank(errors.method, 50), at_rank(errors.run_rate, 50)
        assert method is not None
        assert run_rate is not None
        assert run_rate < method


@needed
@pytest.mark.parametrize("name", ["otto", "x_education"])
def test_on_real_data_seven_to_nine_months_of_ten_end_within_their_range(name: str) -> None:
    months = real_days.months_of(getattr(real_days, name)())

    tries = [back_test.tested(months, day)[0] for day in (5, 10, 15, 20, 25)]

    assert 0.7 <= sum(each.held for each in tries) / sum(each.ranges for each in tries) <= 0.9
