"""The method of the forecast: what it must give for months whose rest is certain, and what it never does."""

from hypothesis import given
from hypothesis import strategies as st

from reports.domain.forecast.outlook import OfMonth, Rest, outlook_of, rest_of
from reports.domain.forecast.profile import WEEK, Profile, rest_by_run_rate, rest_of_month
from reports.domain.forecast.trials import Spread, Trial

AMOUNTS = st.integers(0, 10**12)
WEEK_OF_AMOUNTS = st.lists(AMOUNTS, min_size=WEEK, max_size=WEEK)
MONTHS = st.integers(28, 31)


def forecast(
    history: list[int], elapsed: list[int], days: int, *, today: int = 0, most: int | None = None
) -> Rest | None:
    """The rest of a month after this history."""
    outlook, _ = outlook_of(history, days, [len(elapsed)])
    return rest_of(outlook, OfMonth(elapsed, today, days), most=most)


def repeated(week: list[int], days: int) -> list[int]:
    return [week[day % WEEK] for day in range(days)]


@given(WEEK_OF_AMOUNTS, st.integers(4, 30), MONTHS, st.data())
def test_a_month_that_repeats_its_weeks_is_forecast_exactly(
    week: list[int], weeks: int, days: int, data: st.DataObject
):
    past = data.draw(st.integers(0, days))
    found = forecast(repeated(week, weeks * WEEK), repeated(week, days)[:past], days)

    assert found is not None
    assert found.expected == sum(repeated(week, days)[past:])
    assert found.low in (None, found.expected)
    assert found.high in (None, found.expected)


@given(AMOUNTS, MONTHS, st.data())
def test_a_customer_who_is_charged_the_same_every_day_has_the_run_rate(amount: int, days: int, data: st.DataObject):
    elapsed = [amount] * data.draw(st.integers(1, days))
    profile = Profile.of([amount] * 8 * WEEK)

    assert rest_of_month(profile, elapsed, days) == rest_by_run_rate(elapsed, days)


@given(
    st.lists(AMOUNTS, max_size=240), st.lists(AMOUNTS, max_size=31), AMOUNTS, st.none() | st.integers(-(10**12), 10**13)
)
def test_a_forecast_is_never_below_what_is_charged_nor_above_what_a_hard_budget_leaves(
    history: list[int], elapsed: list[int], today: int, most: int | None
):
    found = forecast(history, elapsed, 31, today=today, most=most)

    if found is not None:
        assert found.expected >= 0
        assert most is None or found.expected <= max(0, most)
        if found.low is not None and found.high is not None:
            assert 0 <= found.low <= found.expected <= found.high
            assert most is None or found.high <= max(0, most)


@given(st.lists(AMOUNTS, max_size=27))
def test_less_than_four_whole_weeks_are_not_enough_history(history: list[int]):
    assert forecast(history, [1] * 10, 30) is None


@given(WEEK_OF_AMOUNTS, st.integers(0, 30), AMOUNTS)
def test_today_counts_as_a_whole_day_unless_more_is_charged_already(week: list[int], past: int, today: int):
    profile, month = Profile.of(repeated(week, 8 * WEEK)), repeated(week, 31)

    found = rest_of_month(profile, month[:past], 31, today=today)

    assert today + found == max(today, month[past]) + sum(month[past + 1 :])


def test_one_bulk_import_is_not_expected_again():
    usual = [1_000] * 8 * WEEK
    with_import = [*usual[:20], 1_000_000, *usual[21:]]

    assert rest_of_month(Profile.of(usual), [1_000] * 10, 30) == 20_000
    assert rest_of_month(Profile.of(with_import), [1_000] * 10, 30) <= 22_500
    assert rest_of_month(Profile.of(usual), [1_000] * 9 + [1_000_000], 30) <= 22_500


def test_a_month_that_runs_at_twice_the_usual_level_moves_the_forecast_half_way_after_a_week():
    assert rest_of_month(Profile.of([100] * 56), [200] * 7, 30) == 23 * 150


def test_without_charges_in_the_history_the_run_rate_decides():
    assert rest_of_month(Profile.of([0] * 56), [30] * 10, 30) == 600
    assert rest_of_month(Profile.of([0] * 56), [], 30) == 0


def test_the_range_leaves_out_one_trial_in_ten_on_each_side():
    trials = [Trial(100, charged) for charged in (10, 90, *[100] * 15, 110, 400)]

    spread = Spread.of(trials)

    assert spread == Spread(900_000, 1_100_000)
    assert spread.around(1_000) == (900, 1_100)


def test_fewer_than_nine_trials_give_no_range():
    assert Spread.of([Trial(100, 100)] * 8) is None
    assert Spread.of([Trial(100, 100)] * 9) == Spread(1_000_000, 1_000_000)


def test_the_range_of_a_customer_whose_forecasts_were_always_too_low_still_contains_the_forecast():
    spread = Spread.of([Trial(100, 150)] * 9)

    assert spread is not None
    assert spread.around(10) == (10, 15)


def test_a_customer_of_half_a_year_has_a_range_and_one_of_two_months_has_none():
    assert forecast([5] * 16 * WEEK, [5] * 10, 30) == Rest(100, None, None)
    assert forecast([5] * 17 * WEEK, [5] * 10, 30) == Rest(100, 100, 100)
