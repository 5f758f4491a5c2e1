"""What a process keeps of the rules and the catalog is never older than the last commit before it was asked for."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, cast

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from billing_engine.core.calendar.wall_clock import read
from leads.domain.catalog.facts import first_facts
from leads.domain.periods import mark_unrated
from leads.models import ActionType, BillingPeriod, Customer, ProductRevision
from pricing.domain.rate.book.books import book_of, books_of
from pricing.domain.rule_book.rules import activate
from pricing.models import BookStamp, PriceRule
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    BillingPeriodFactory,
    CustomerFactory,
    ProductFactory,
    SourceFactory,
)
from tests.factories.people import UserFactory
from tests.factories.pricing import PriceRuleFactory
from tests.processes import environ

CHECKOUT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 11, 2, tzinfo=UTC)
# Keeps the book, and says on each line what it charges for the period now.
WORKER = """
import django; django.setup()
import sys
from datetime import UTC, datetime
from leads.models import BillingPeriod
from pricing.domain.rate.rate import rate
for line in sys.stdin:
    period = BillingPeriod.objects.get(pk=int(line))
    print(rate(period, at=datetime(2026, 11, 2, tzinfo=UTC)).amount, flush=True)
"""


@contextmanager
def worker() -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        cwd=CHECKOUT,
        env=environ() | {"DJANGO_SETTINGS_MODULE": "billing_engine.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def charged_by(process: "subprocess.Popen[str]", period: BillingPeriod) -> Decimal:
    print(period.pk, file=cast("IO[str]", process.stdin), flush=True)
    return Decimal(cast("IO[str]", process.stdout).readline().strip())


def prices(customer: Customer) -> dict[int, str]:
    return {cast("int", rule.id): repr(rule.price) for rule in book_of(customer).rules}


@pytest.mark.django_db
def test_a_book_is_read_once_until_something_changes() -> None:
    customers = CustomerFactory.create_batch(3)
    ProductFactory.create(customer=customers[0])
    rule = PriceRuleFactory.create(unit_price=2)
    PriceRuleFactory.create(unit_price=3, customer=customers[0])
    first = books_of(customers)

    with CaptureQueriesContext(connection) as queries:
        again = books_of(customers)

    assert (len(queries), again) == (1, first)
    assert rule.pk in prices(customers[2])


@pytest.mark.django_db
@pytest.mark.parametrize("at_once", [True, False])
def test_many_customers_together_get_the_books_that_each_gets_alone(at_once: bool) -> None:
    zones = ("UTC", "America/New_York", "Asia/Kolkata")
    customers = [CustomerFactory.create(time_zone=zone, currency=code) for zone in zones for code in ("USD", "EUR")]
    for customer in customers:
        product = ProductFactory.create(customer=customer, category="tiles")
        PriceRuleFactory.create(
            customer=customer, product=product, currency=customer.currency, wall_to=read("2026-12-01")
        )
    for code in ("USD", "EUR"):
        PriceRuleFactory.create(currency=code, wall_from=read("2026-01-01"))
    later = ProductRevision(
        product=product, category="stone", first_day=date(2026, 10, 5), written_at=NOW, in_force_at=NOW
    )
    later.save()
    SourceFactory.create()

    together = books_of(customers if at_once else customers[:2])
    alone = {customer.pk: book_of(customer) for customer in customers}

    assert {pk: alone[pk] for pk in together} == together
    assert {len(book.rules) for book in alone.values()} == {2}
    assert {pk: list(book.catalog.products) for pk, book in alone.items()} == {
        customer.pk: list(customer.products.values_list("pk", flat=True)) for customer in customers
    }
    assert [len(alone[customer.pk].catalog.products_later) for customer in customers] == [0, 0, 0, 0, 0, 1]


@pytest.mark.django_db
def test_every_statement_that_changes_a_rule_a_tier_or_a_fact_replaces_a_stamp() -> None:
    draft = PriceRuleFactory.create(state="draft", activated_at=None)
    revisions = {
        name: f"UPDATE leads_{name} SET withdrawn_at = withdrawn_at WHERE FALSE"
        for name in ("productrevision", "sourcerevision", "actiontyperevision")
    }
    statements = [
        "UPDATE pricing_pricerule SET name = name WHERE FALSE",
        f"INSERT INTO pricing_pricetier (rule_id, unit_price, flat_fee) VALUES ({draft.pk}, 1, 0)",
        "DELETE FROM pricing_pricetier WHERE FALSE",
        *revisions.values(),
    ]

    for statement in statements:
        before = stamps()
        with connection.cursor() as cursor:
            cursor.execute(statement)
        assert stamps() != before, statement


@pytest.mark.django_db
def test_what_is_tried_and_rolled_back_is_seen_inside_only() -> None:
    customer, rule = CustomerFactory.create(), PriceRuleFactory.create(unit_price=2)
    before = prices(customer)
    for price in (5, 7):
        with transaction.atomic():
            tried = PriceRuleFactory.create(unit_price=price, customer=customer)
            inside = prices(customer)
            transaction.set_rollback(True)
        assert inside.keys() == {rule.pk, tried.pk}
        assert f"{price}000000" in inside[tried.pk]
        assert prices(customer) == before


@pytest.mark.django_db(transaction=True)
def test_a_worker_never_rates_by_an_old_book_once_a_change_is_committed() -> None:
    """Two workers that have kept the book; after each commit, both charge by the new rules at once."""
    user, period = UserFactory.create(), BillingPeriodFactory.create(customer__time_zone="UTC")
    kind = ActionTypeFactory.create(code="sample_order")
    ActionFactory.create(period=period, lead__product__customer=period.customer, action_type=kind)
    rule = PriceRuleFactory.create(unit_price=2, action_type=kind, wall_from=read("2020-01-01"))
    asked: list[Decimal] = []

    with worker() as one, worker() as two:

        def ask() -> None:
            asked.extend(charged_by(each, period) for each in (one, two))

        ask()
        draft = PriceRuleFactory.create(
            unit_price=3, action_type=kind, customer=period.customer, state="draft", activated_at=None
        )
        ask()
        activate(draft, by=user, at=NOW, reason="Agreed")
        ask()
        with transaction.atomic():  # changed, seen by no other transaction, and rolled back
            PriceRule.objects.filter(pk=rule.pk).update(state="retired", retired_at=NOW)
            ask()
            transaction.set_rollback(True)
        ask()
        first_not_billable(kind)
        ask()

    assert asked == [2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 0, 0]


@pytest.mark.django_db(transaction=True)
def test_changes_made_at_the_same_time_never_wait_for_each_other_and_each_is_seen_when_it_commits() -> None:
    """Two transactions change the book; the one that began last commits first."""
    customer, other = CustomerFactory.create(), connection.copy()
    PriceRuleFactory.create(unit_price=1)
    before, seen = prices(customer), list[set[int]]()
    draft = "UPDATE pricing_pricerule SET state = 'active', activated_at = now() WHERE id = %s"
    late, early = (
        PriceRuleFactory.create(unit_price=price, state="draft", activated_at=None, customer=customer, priority=price)
        for price in (2, 3)
    )
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
            cursor.execute(draft, [late.pk])
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
            cursor.execute(draft, [early.pk])
        seen.append(set(prices(customer)))
        other.commit()
        seen.append(set(prices(customer)))
    finally:
        other.close()

    assert seen == [{*before, early.pk}, {*before, early.pk, late.pk}]


def stamps() -> set[object]:
    return set(BookStamp.objects.values_list("stamp", flat=True))


def first_not_billable(kind: ActionType) -> None:
    revision = first_facts(kind, at=NOW, by=None, facts={"is_billable": False})
    revision.save()
    mark_unrated(BillingPeriod.objects.open(), reason="rules")
