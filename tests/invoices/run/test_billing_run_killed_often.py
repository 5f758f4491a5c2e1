"""kill -9 at random points of a run, a hundred times: every customer is billed once, whole, and the run comes to its end."""

import json
from datetime import UTC, datetime

import pytest

from billing_engine.core.calendar.spans import Month
from invoices.domain.run.billing_run import Progress, progress, start
from invoices.models import Invoice, InvoiceLine
from leads.models import BillingPeriod
from reports.queries.sums.invariants import invariants
from tests.factories.leads import ActionFactory, ActionTypeFactory
from tests.factories.pricing import PriceRuleFactory
from tests.processes import at_once, empty_broker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

CUSTOMERS, KILLS = 150, 100
OCTOBER = Month(2026, 10)

# Two processes bill the waiting items, three at a time, each in its own order; both are killed after a random part of
# their usual time.
# If no items are waiting before there were enough kills, the next kills hit processes that look for waiting items.
PROGRAM = """
import json, os, signal, time
from datetime import datetime, UTC
from random import Random
from django.db import connection
from invoices.domain.run.billing_run import BILLS, bill, retry_failed
from invoices.models import BillingRun, BillingRunItem

AT, draw = datetime(2026, 11, 2, tzinfo=UTC), Random({seed})

def waiting():
    if BillingRunItem.objects.filter(code="given_up").exists():  # killed three times: a person lets it be tried again
        retry_failed(BillingRun.objects.get(), by=None)
    return list(BillingRunItem.objects.waiting().order_by("pk").values_list("pk", flat=True))

def child(seed, pipe):
    items = waiting()
    Random(seed).shuffle(items)
    os.write(pipe, b".")
    while True:
        for first in range(0, len(items), 3):
            bill(*items[first : first + 3], at=AT)

items = waiting()
started = time.perf_counter()
for first in range(0, 9, 3):
    bill(*items[first : first + 3], at=AT)
usual = (time.perf_counter() - started) / 3
kills, while_waiting = 0, 0
while kills < {kills}:
    while_waiting += 2 * bool(waiting())
    connection.close()
    there, pids = os.pipe(), []
    for seed in draw.random(), draw.random():
        pid = os.fork()
        if pid == 0:
            child(seed, there[1])
        pids.append(pid)
    ready = b""
    while len(ready) < 2:
        ready += os.read(there[0], 2)
    time.sleep(draw.random() * usual)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        kills += os.WTERMSIG(status) == signal.SIGKILL
    os.close(there[0]), os.close(there[1])
left = waiting()
while items := waiting():
    for item in items:
        bill(item, at=AT)
BILLS.tidy(at=AT)
print(json.dumps([kills, while_waiting, len(left)]))
"""


def test_a_run_survives_a_hundred_kills_at_random_points() -> None:
    empty_broker()
    PriceRuleFactory.create()
    ActionTypeFactory.create()
    ActionFactory.create_batch(CUSTOMERS)
    run = start(OCTOBER, by=None, at=datetime(2026, 11, 2, tzinfo=UTC))

    [output] = at_once(PROGRAM.format(seed=20_261_102, kills=KILLS), seconds=60)

    kills, while_waiting, _ = json.loads(output)
    assert kills == KILLS
    assert while_waiting >= KILLS // 2  # the others hit workers that had nothing left to do
    assert progress(run) == Progress(billed=CUSTOMERS, nothing=0, failed=0, waiting=0)
    assert Invoice.objects.count() == CUSTOMERS == Invoice.objects.values("customer").distinct().count()
    assert set(Invoice.objects.values_list("total", flat=True)) == {2.5}
    assert set(InvoiceLine.objects.values_list("actions", "amount")) == {(1, 2.5)}
    assert InvoiceLine.objects.count() == CUSTOMERS == BillingPeriod.objects.closed().count()
    run.refresh_from_db()
    assert run.finished_at is not None
    assert all(found.holds for found in invariants(OCTOBER))
