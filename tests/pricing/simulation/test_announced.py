"""What last month would have cost under announced prices: rated by the billing function, kept for large customers."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine

from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wall_clock import read
from leads.models import BillingPeriod
from pricing.domain.rate.rate import rate
from pricing.domain.simulation import announced
from pricing.domain.simulation.announced import ANNOUNCED_COSTS, ProductCost, announced_cost, rated_by_prices_of
from pricing.models import AnnouncedCost, Charge, PriceRule
from tests.factories.pricing import PriceRuleFactory, retired
from tests.invoices.made import NOVEMBER_3, an_open_period, received

pytestmark = pytest.mark.django_db
OCTOBER, JANUARY_1 = Month(2026, 10), date(2027, 1, 1)


@pytest.fixture(autouse=True)
def _november() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 10, 12, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def october() -> BillingPeriod:
    """Six samples of $2.50, four of them of one product; from January the 3rd of a month on they cost $1."""
    PriceRuleFactory.create(name="Now", wall_to=read("2027-01-01"))
    announce()
    period = an_open_period(name="Northlight")
    received(period, 3, 1, product="Oak")
    received(period, 2, product="Ash")
    rate(period, at=NOVEMBER_3)
    return period


def announce(price: str = "4.00", day: str = "2027-01-01", **facts: object) -> PriceRule:
    return PriceRuleFactory.create(name="Then", unit_price=Decimal(price), wall_from=read(day), **facts)


def costs(period: BillingPeriod, day: date = JANUARY_1) -> dict[str, tuple[str, str, int]]:
    names = dict(period.customer.products.values_list("pk", "name"))
    found = rated_by_prices_of(day, period.customer, OCTOBER)
    return {
        names[each.product]: (f"{each.now / 1_000_000:.2f}", f"{each.then / 1_000_000:.2f}", each.unpriced)
        for each in found
    }


def test_each_product_costs_what_the_announced_prices_say(october: BillingPeriod) -> None:
    before = list(Charge.objects.order_by("pk").values_list("pk", "amount"))

    assert costs(october) == {"Oak": ("10.00", "16.00", 0), "Ash": ("5.00", "8.00", 0)}
    assert list(Charge.objects.order_by("pk").values_list("pk", "amount")) == before


def test_the_price_of_a_day_before_the_change_is_the_price_in_force(october: BillingPeriod) -> None:
    assert costs(october, date(2026, 12, 31)) == {"Oak": ("10.00", "10.00", 0), "Ash": ("5.00", "5.00", 0)}


def test_limits_and_free_units_count_over_the_whole_month_as_they_would(october: BillingPeriod) -> None:
    announce("1.00", day="2027-02-01", free_units=Decimal(5), priority=1)

    found = costs(october, date(2027, 2, 1))

    assert sorted(then for _, then, _ in found.values()) == ["0.00", "1.00"]  # 6 samples, the first 5 free


def test_an_action_without_a_price_then_is_counted_and_costs_nothing(october: BillingPeriod) -> None:
    retired(PriceRule.objects.filter(name="Then"), until=read("2027-03-01"))

    assert costs(october, date(2027, 3, 1)) == {"Oak": ("10.00", "0.00", 2), "Ash": ("5.00", "0.00", 1)}


def test_few_actions_are_rated_at_once_and_nothing_is_kept(october: BillingPeriod) -> None:
    found = announced_cost(october.customer, OCTOBER, prices_of=JANUARY_1, at=NOVEMBER_3)

    assert found is not None
    assert (found.state, sum(each.then for each in found.products)) == ("done", 24_000_000)
    assert not AnnouncedCost.objects.exists()


def test_many_actions_are_rated_by_a_worker_once_until_something_changes(
    october: BillingPeriod, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announced, "AT_ONCE", 2)
    customer, rated = october.customer, []
    monkeypatch.setattr(
        announced, "compare", lambda *args, _real=announced.compare, **of: rated.append(1) or _real(*args, **of)
    )

    def asked() -> AnnouncedCost:
        found = announced_cost(customer, OCTOBER, prices_of=JANUARY_1, at=NOVEMBER_3)
        assert found is not None
        return found

    assert [asked().state, asked().state, rated] == ["waiting", "waiting", []]
    [message] = ANNOUNCED_COSTS.due(at=NOVEMBER_3)
    ANNOUNCED_COSTS.work(**message, at=NOVEMBER_3)  # type: ignore[arg-type]  # item and attempt
    assert [asked().state, asked().state, rated] == ["done", "done", [1]]
    assert sum(ProductCost(*each).then for each in asked().products) == 24_000_000

    PriceRuleFactory.create(wall_from=read("2030-01-01"), priority=9)  # any change of a rule

    assert asked().state == "waiting"


def test_a_result_for_prices_that_changed_meanwhile_is_not_written(
    october: BillingPeriod, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announced, "AT_ONCE", 2)
    announced_cost(october.customer, OCTOBER, prices_of=JANUARY_1, at=NOVEMBER_3)
    act = announced.AnnouncedCosts.act

    def overtaken(self: announced.AnnouncedCosts, item: AnnouncedCost, *, at: datetime) -> list[ProductCost]:
        AnnouncedCost.objects.update(version="a later one", attempts=1)
        return act(self, item, at=at)

    monkeypatch.setattr(announced.AnnouncedCosts, "act", overtaken)
    [message] = ANNOUNCED_COSTS.due(at=NOVEMBER_3)
    ANNOUNCED_COSTS.work(**message, at=NOVEMBER_3)  # type: ignore[arg-type]  # item and attempt

    assert list(AnnouncedCost.objects.values_list("state", "products")) == [("waiting", [])]


def test_a_month_that_was_never_rated_has_no_cost_to_compare_with() -> None:
    period = an_open_period(name="New")
    received(period, 1)

    assert announced_cost(period.customer, OCTOBER, prices_of=JANUARY_1, at=NOVEMBER_3) is None
    assert announced_cost(period.customer, Month(2026, 9), prices_of=JANUARY_1, at=NOVEMBER_3) is None
