"""A bill whose worker dies is tried three times; then it fails with the reason, and a person can retry it."""

import signal
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection, transaction

from billing_engine.core.calendar.spans import Month
from invoices.domain.run.billing_run import Progress, bill, progress, retry_failed, start
from invoices.models import BillingRunItem, Invoice
from pricing.domain.simulation.simulate import simulate_customers
from pricing.domain.simulation.simulate import start as simulate
from tests.factories.leads import ActionFactory
from tests.factories.people import UserFactory
from tests.factories.pricing import PriceRuleFactory
from tests.invoices.made import NOVEMBER_3
from tests.processes import empty_broker, fork, until

LATER = datetime(2026, 11, 2, tzinfo=UTC)
BILL = """
from datetime import UTC, datetime
from invoices.domain.run.billing_run import bill
bill({item}, at=datetime(2026, 11, 2, tzinfo=UTC))
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.processes
def test_a_bill_whose_workers_die_is_tried_three_times_and_then_fails():
    empty_broker()
    PriceRuleFactory.create()
    ActionFactory.create()
    run = start(Month(2026, 10), by=None, at=LATER)
    item = run.items.get()

    for attempt in (1, 2, 3):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE invoices_invoice")
            worker = fork(BILL.format(item=item.pk))
            until(_waits_for_invoices)
            worker.kill()
        until(lambda: _is_free(item))
        item.refresh_from_db()
        assert (worker.returncode, item.state, item.attempts) == (-signal.SIGKILL, "waiting", attempt)

    bill(item.pk, at=LATER)
    item.refresh_from_db()
    run.refresh_from_db()
    assert (item.state, item.code, item.message) == (
        "failed",
        "given_up",
        "Started 3 times without finishing. Its worker ended each time. Check the workers' log.",
    )
    assert (run.finished_at, Invoice.objects.count()) == (LATER, 0)

    retry_failed(run, by=None)
    bill(item.pk, at=LATER)
    assert progress(run) == Progress(billed=1, nothing=0, failed=0, waiting=0)
    assert Invoice.objects.count() == 1


def _waits_for_invoices() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE relation = 'invoices_invoice'::regclass AND NOT granted")
        return bool(cursor.fetchone()[0])


def _is_free(item: BillingRunItem) -> bool:
    """PostgreSQL needs a moment to see that the other end is gone."""
    with transaction.atomic():
        return BillingRunItem.objects.select_for_update(skip_locked=True).filter(pk=item.pk).exists()


@pytest.mark.django_db
def test_a_simulation_whose_workers_die_is_tried_three_times():
    PriceRuleFactory.create()
    ActionFactory.create()
    draft = PriceRuleFactory.create(draft=True, unit_price=Decimal(3), priority=1)
    simulation = simulate([draft], months=["2026-10"], by=UserFactory.create(), at=NOVEMBER_3)
    simulation.customers.update(attempts=3)  # and never was it said that one had ended

    simulate_customers([simulation.customers.get().pk], attempt=3, at=NOVEMBER_3)

    customer = simulation.customers.get()
    simulation.refresh_from_db()
    assert (customer.state, customer.message) == (
        "failed",
        "Started 3 times and never finished: the worker or the database died.",
    )
    assert (simulation.finished_at, simulation.sums.count()) == (NOVEMBER_3, 0)
