"""From the customer's first billed day, every period is billed once, and none before it, whenever runs start."""

import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_engine.core.calendar.spans import Cycle, Week, midnight
from billing_engine.operations.schedule import ensure_schedule
from invoices.domain.run.billing_run import bill
from invoices.domain.run.schedule import Due, next_due, start_due_runs
from invoices.models import BillingRunItem, BillingSchedule, Invoice
from leads.domain.cycles import SameCycle, change_cycle
from leads.domain.intake.receive import receive
from leads.models import BillingPeriod, Customer
from tests.factories.leads import (
    ActionTypeFactory,
    BillingPeriodFactory,
    CustomerFactory,
    ProductFactory,
    SourceFactory,
)
from tests.invoices.made import a_price

pytestmark = pytest.mark.django_db

KINDS = Customer.Cycle.values
DAY = timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def scheduled(*kinds: str, grace_days: int = 0) -> None:
    ensure_schedule()
    BillingSchedule.objects.filter(cycle__in=kinds).update(is_active=True, grace_days=grace_days)


def look(when: datetime) -> list[str]:
    """What the schedule starts, and the workers bill at once."""
    runs = start_due_runs(at=when)
    for item in BillingRunItem.objects.filter(run__in=runs):
        bill(item.pk, at=when)
    return [run.cycle for run in runs]


def sent(sku: str, **occurred: str) -> bytes:
    actions = [{"id": id_, "type": "sample_order", "occurred_at": when} for id_, when in occurred.items()]
    return json.dumps([{"id": f"L-{'-'.join(occurred)}", "product": {"sku": sku}, "actions": actions}]).encode()


def billed() -> dict[str, list[tuple[str, str]]]:
    """By customer: each invoice's period and total."""
    found = dict[str, list[tuple[str, str]]]()
    for invoice in Invoice.objects.select_related("customer", "period").order_by("period__start_at"):
        found.setdefault(invoice.customer.code, []).append((invoice.period.label, f"{invoice.total:.2f}"))
    return found


def test_an_action_of_long_ago_bills_its_own_customer_alone_and_no_month_before_the_first_day() -> None:
    scheduled("monthly")
    a_price("2.50")
    ActionTypeFactory.create()
    first = date(2026, 11, 1)
    ProductFactory.create(sku="TILE-9", customer__code="A", customer__billed_from=first)
    CustomerFactory.create(code="B", monthly_minimum=500, billed_from=date(2026, 11, 28))
    body = sent("TILE-9", old="2024-02-29T12:00:00Z")
    receive(SourceFactory.create(), body=body, content_type="application/json", received_at=at("2026-11-28T12:00"))

    assert look(at("2026-11-28T13:05")) == []
    assert look(at("2026-12-01T00:05")) == ["2026-11"]

    # B owes three of November's thirty days, from the day it is billed.
    assert billed() == {"A": [("2026-11", "2.50")], "B": [("2026-11", "50.00")]}
    assert set(BillingPeriod.objects.values_list("label", flat=True)) == {"2026-11"}


def test_a_schedule_that_slept_three_weeks_bills_all_three() -> None:
    scheduled("weekly")
    CustomerFactory.create(
        code="W", cycle="weekly", monthly_minimum=310, billed_from=date(2026, 11, 30), contract_from=date(2026, 11, 30)
    )

    assert look(at("2026-12-21T00:05")) == ["2026-W49", "2026-W50", "2026-W51"]
    assert look(at("2026-12-21T01:05")) == []

    # One of November's thirty days and six of December's 31; then seven of December.
    assert billed() == {"W": [("2026-W49", "70.33"), ("2026-W50", "70.00"), ("2026-W51", "70.00")]}


def test_a_change_of_cycle_loses_no_period_of_the_cycle_before_wherever_the_customer_is() -> None:
    scheduled("weekly", "monthly")
    first = date(2026, 11, 23)
    zones = ("Pacific/Auckland", "America/Los_Angeles")
    customers = [
        CustomerFactory.create(code=zone, cycle="weekly", time_zone=zone, billed_from=first, monthly_minimum=300)
        for zone in zones
    ]
    for customer in customers:
        BillingPeriodFactory.create(customer=customer, month=Week(2026, 48))
        change_cycle(customer, to=Customer.Cycle.MONTHLY, by=None, at=at("2026-11-24T12:00"))

    assert look(at("2026-11-29T12:05")) == ["2026-W48"]
    assert look(at("2026-11-30T08:05")) == ["2026-W48"]
    assert look(at("2026-12-03T12:05")) == ["2026-11"]

    assert billed() == {zone: [("2026-W48", "70.00"), ("2026-11", "10.00")] for zone in zones}
    assert not BillingRunItem.objects.filter(state="failed").exists()


def test_a_schedule_says_what_it_bills_next_and_when() -> None:
    scheduled("monthly", grace_days=3)
    monthly, weekly = (BillingSchedule.objects.get(cycle=kind) for kind in ("monthly", "weekly"))
    CustomerFactory.create(billed_from=date(2026, 10, 1), time_zone="America/New_York")
    CustomerFactory.create(billed_from=date(2026, 10, 1), time_zone="Europe/Berlin", is_active=False)

    def told(when: str) -> tuple[str, datetime] | None:
        due = next_due(monthly, at=at(when))
        return (str(due.cycle), due.at) if isinstance(due, Due) else None

    assert told("2026-10-15T00:00") == ("2026-10", at("2026-11-04T04:00"))
    assert told("2026-11-05T00:00") == ("2026-10", at("2026-11-04T04:00"))  # due, and not looked at yet
    look(at("2026-11-05T00:00"))
    assert told("2026-11-05T00:00") == ("2026-11", at("2026-12-04T05:00"))
    assert next_due(weekly, at=at("2026-10-15T00:00")) is None


# --- Whatever the mix ---------------------------------------------------------------------------

ZONES = ("UTC", "Pacific/Auckland", "Pacific/Honolulu", "America/Havana", "Africa/Cairo", "America/New_York")
START = date(2026, 3, 1)
days = st.integers(0, 90).map(lambda day: START + day * DAY)
hours = st.integers(0, 24 * 100).map(lambda hour: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hour))
customers = st.fixed_dictionaries(
    {"cycle": st.sampled_from(KINDS), "time_zone": st.sampled_from(ZONES), "billed_from": days}
)
deeds = st.one_of(
    st.tuples(st.just("look"), hours, st.none()),
    st.tuples(st.just("change"), hours, st.tuples(st.integers(0, 2), st.sampled_from(KINDS))),
    st.tuples(st.just("send"), hours, st.tuples(st.integers(0, 2), st.integers(-60, 0))),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(customers, min_size=1, max_size=3), st.lists(deeds, max_size=12), st.integers(0, 5))
def test_from_the_first_day_on_every_instant_is_in_one_period_and_each_is_billed_once_when_it_is_over(
    mix: list[dict[str, Any]], story: list[tuple[str, datetime, Any]], grace_days: int
) -> None:
    with transaction.atomic():
        _play(mix, sorted(story, key=lambda deed: deed[1]), grace_days)
        transaction.set_rollback(True)


def _play(mix: list[dict[str, Any]], story: Iterable[tuple[str, datetime, Any]], grace_days: int) -> None:
    scheduled(*KINDS, grace_days=grace_days)
    ActionTypeFactory.create()
    a_price()
    source = SourceFactory.create()
    there = [ProductFactory.create(customer__monthly_minimum=100, **_of_customer(facts)) for facts in mix]
    for number, (deed, when, facts) in enumerate(story):
        if deed == "look":
            look(when)
            _check(when, grace_days)
        elif deed == "change":
            _change(there[facts[0] % len(there)].customer, facts[1], when)
        else:
            occurred = {f"A{number}": (when + facts[1] * DAY).isoformat()}
            body = sent(there[facts[0] % len(there)].sku, **occurred)
            receive(source, body=body, content_type="application/json", received_at=when)
    last = datetime(2026, 6, 20, tzinfo=UTC)
    look(last)
    _check(last, grace_days)


def _of_customer(facts: dict[str, Any]) -> dict[str, Any]:
    return {f"customer__{name}": value for name, value in facts.items()}


def _change(customer: Customer, to: str, when: datetime) -> None:
    with suppress(SameCycle):
        change_cycle(customer, to=Customer.Cycle(to), by=None, at=when)


def _check(when: datetime, grace_days: int) -> None:
    ended = when - grace_days * DAY
    for customer in Customer.objects.all():
        begin = midnight(customer.billed_from, customer.zone)
        periods = list(customer.periods.order_by("start_at"))
        over = [period for period in periods if period.end_at <= ended]
        # No gap, no overlap, nothing before the first day, and nothing that is over left out.
        covered = [begin, *(period.end_at for period in over)]
        assert [period.start_at for period in over] == covered[:-1]
        assert customer.calendar.containing(covered[-1])[1].end > ended
        assert all(period.start_at >= covered[-1] for period in periods[len(over) :])
        for period in periods:
            items = list(period.run_items.values_list("state", flat=True))
            is_over = period.end_at <= ended
            assert (period.state, items) == (("closed", ["billed"]) if is_over else ("open", [])), (period, when)
            assert Invoice.objects.filter(period=period).count() == is_over
            assert Cycle.parse(period.label).span(customer.zone).end == period.end_at
