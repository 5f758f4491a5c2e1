"""A billing run survives whatever happens to its workers: every customer is billed once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from billing_engine.core.calendar.spans import Month
from invoices.domain.run.billing_run import Progress, progress, start
from invoices.models import BillingRunItem, Invoice
from leads.domain.periods import mark_unrated
from leads.models import BillingPeriod
from tests.factories.leads import ActionFactory, ActionTypeFactory
from tests.factories.pricing import PriceRuleFactory
from tests.processes import empty_broker, until, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

CUSTOMERS = 110  # more than are billed together
LATER = datetime(2026, 11, 2, tzinfo=UTC)


def test_a_worker_killed_in_the_middle_of_a_run_and_started_again_bills_every_customer_once(tmp_path: Path):
    PriceRuleFactory.create()
    ActionTypeFactory.create()
    ActionFactory.create_batch(CUSTOMERS)
    mark_unrated(BillingPeriod.objects.all(), reason="intake")
    empty_broker()
    run = start(Month(2026, 10), by=None, at=LATER)

    with worker(tmp_path, "first") as first:
        until(lambda: BillingRunItem.objects.exclude(state="waiting").count() >= 5)
        first.kill()
    assert BillingRunItem.objects.waiting().exists()
    with worker(tmp_path, "second"):
        # Those that were being billed together are tried alone, once the sweep asks for them.
        until(lambda: not BillingRunItem.objects.waiting().exists(), seconds=180)

    assert progress(run) == Progress(billed=CUSTOMERS, nothing=0, failed=0, waiting=0)
    assert Invoice.objects.count() == CUSTOMERS == Invoice.objects.values("customer").distinct().count()
    assert set(Invoice.objects.values_list("total", flat=True)) == {2.5}
    assert BillingPeriod.objects.closed().count() == CUSTOMERS
