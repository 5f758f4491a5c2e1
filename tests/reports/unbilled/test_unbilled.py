"""Unbilled activity at the end of a day: equal to the charges, bridged from day to day, and the same when asked later."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from leads.models import Customer
from reports.queries.unbilled.unbilled import Unbilled, unbilled_at
from tests.reports.company_life import DAY, CompanyLife

pytestmark = pytest.mark.django_db

# Written a second time: on actions and charges, with the invoices that a period had at an instant.
CHARGES = """
    SELECT customer.id, customer.currency, action.period_id, charge.action_id IS NOT NULL, COALESCE(charge.reason, ''),
           COALESCE(charge.amount, 0), action.occurred_at, delivery.received_at
      FROM leads_action action
      JOIN leads_billingperiod period ON period.id = action.period_id
      JOIN leads_customer customer ON customer.id = period.customer_id
      JOIN leads_delivery delivery ON delivery.id = action.delivery_id
      LEFT JOIN pricing_charge charge ON charge.action_id = action.id
"""
INVOICES = "SELECT period_id, issued_at, voided_at FROM invoices_invoice WHERE issued_at IS NOT NULL"


class Recount:
    """All charges and invoices, read once; each question goes through all of them."""

    def __init__(self) -> None:
        self.zones = {one.pk: one.zone for one in Customer.objects.all()}
        with connection.cursor() as cursor:
            cursor.execute(CHARGES)
            self.charges = cursor.fetchall()
            cursor.execute(INVOICES)
            self.invoices = cursor.fetchall()

    def end_of(self, day: date, customer: int) -> datetime:
        after = day + DAY
        return datetime(after.year, after.month, after.day, tzinfo=self.zones[customer])

    def is_invoiced(self, period: int, at: datetime) -> bool:
        return any(
            of == period and issued < at and (voided is None or voided >= at) for of, issued, voided in self.invoices
        )

    def unbilled(self, day: date) -> dict[str, Counter[Any]]:
        """By currency: amount, actions, and per period its amount."""
        found: defaultdict[str, Counter[Any]] = defaultdict(Counter)
        for customer, currency, period, is_rated, reason, amount, occurred, received in self.charges:
            end = self.end_of(day, customer)
            if occurred < end and not self.is_invoiced(period, end):
                found[currency]["amount"] += amount
                found[currency]["charged"] += is_rated and not reason
                found[currency]["actions"] += 1
                found[currency]["arrived"] += received >= end
                found[currency]["arrived_amount"] += amount if received >= end else 0
        return dict(found)

    def charged(self, day: date, previous: date) -> Counter[str]:
        found: Counter[str] = Counter()
        for customer, currency, *_, amount, occurred, _ in self.charges:
            if self.end_of(previous, customer) <= occurred < self.end_of(day, customer):
                found[currency] += amount
        return found


def figures(answer: list[Unbilled]) -> dict[str, dict[str, Any]]:
    return {
        one.currency: {
            "amount": one.sum("amount"),
            "charged": one.count("charged"),
            "actions": one.count("actions") + one.count("waiting"),
            "arrived": one.count("arrived"),
            "arrived_amount": one.sum("arrived_amount"),
        }
        for one in answer
        if one.count("actions") + one.count("waiting")
    }


@pytest.mark.parametrize("seed", range(10, 12))
def test_it_is_the_charges_of_random_companies_and_the_bridge_adds_up(seed: int) -> None:
    life = CompanyLife(seed, customers=5)
    list(life.live(60))
    recount = Recount()

    for back in range(0, 50, 12):
        day = life.day - timedelta(days=back)
        for previous in (day - DAY, day - timedelta(days=23)):
            answer = unbilled_at(day, previous=previous)

            expected, opening = recount.unbilled(day), recount.unbilled(previous)
            assert figures(answer) == {name: dict(of) for name, of in expected.items()}, day
            charged = recount.charged(day, previous)
            for one in answer:
                assert one.bridge.adds_up, one.bridge
                assert one.bridge.closing == one.sum("amount")
                assert one.bridge.opening == opening.get(one.currency, Counter())["amount"]
                assert one.bridge.charged == charged[one.currency]
    assert life.done["voided"]
    assert life.done["late"]


def known_then(answer: list[Unbilled]) -> dict[str, tuple[Any, ...]]:
    """What the answer says was known at the end of the day: without what arrived later."""
    return {
        one.currency: (
            one.sum("amount") - one.sum("arrived_amount"),
            one.count("actions") + one.count("waiting") - one.count("arrived"),
        )
        for one in answer
        if one.count("actions") + one.count("waiting") > one.count("arrived")
    }


def test_asked_later_it_is_the_same_but_for_what_arrived_or_was_voided_since() -> None:
    life = CompanyLife(7, steady=True)
    before: dict[date, dict[str, tuple[Any, ...]]] = {}
    for day in life.live(45):
        life.rate()
        if day.day % 6 == 0:
            before[day] = known_then(unbilled_at(day, previous=day - DAY))

    changed = arrived = 0
    for day, then in before.items():
        later = unbilled_at(day, previous=day - DAY)
        undone = {one.currency: one.count("voided") + one.count("waived") for one in later}
        now = known_then(later)
        for currency, (amount, actions) in then.items():
            assert now[currency][1] == actions, day
            if not undone[currency]:
                assert now[currency][0] == amount, day
            elif now[currency][0] != amount:
                assert now[currency][0] < amount
                changed += 1
        arrived += sum(one.count("arrived") for one in later)
    assert (len(before), bool(changed), bool(arrived)) == (7, True, True)
