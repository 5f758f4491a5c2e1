"""Many at the same work at once, in processes of their own: two runs, eight who issue, deliveries while periods close."""

from datetime import UTC, datetime

import pytest
from django.db.models import Sum
from django.utils.timezone import now

from billing_engine.core.calendar.spans import Month
from invoices.domain.run.billing_run import Progress, bill, progress, start
from invoices.models import BillingRun, Invoice, InvoiceLine
from leads.models import Action, BillingPeriod, Customer
from pricing.models import Charge
from reports.queries.sums.invariants import invariants
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    CustomerFactory,
    ProductFactory,
    SourceFactory,
    agree_all,
)
from tests.factories.people import UserFactory
from tests.factories.pricing import PriceRuleFactory
from tests.processes import at_once, empty_broker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)

RUN = """
from datetime import datetime, UTC
from billing_engine.core.calendar.spans import Month
from invoices.domain.run.billing_run import RunInProgress, bill, start
from invoices.models import BillingRunItem
at = datetime(2026, 11, 2, tzinfo=UTC)
try:
    start(Month(2026, 10), by=None, at=at)
    print("started")
except RunInProgress:
    print("in progress")
items = list(BillingRunItem.objects.order_by("{order}").values_list("pk", flat=True))
for first in range(0, len(items), {together}):
    bill(*items[first : first + {together}], at=at)
"""


def test_two_runs_started_at_the_same_instant_are_one_and_bill_every_customer_once() -> None:
    empty_broker()
    PriceRuleFactory.create()
    ActionTypeFactory.create()
    ActionFactory.create_batch(30)

    answers = at_once(RUN.format(order="pk", together=7), RUN.format(order="-pk", together=11))

    assert "started" in answers
    assert sum(progress(run).billed for run in BillingRun.objects.all()) == 30
    assert Invoice.objects.values("customer").distinct().count() == Invoice.objects.count() == Customer.objects.count()
    assert all(found.holds for found in invariants(OCTOBER))


ISSUE = """
from random import Random
from django.contrib.auth.models import User
from invoices.domain.life.transitions import issue_all
from invoices.models import Invoice
person, at, done = User.objects.get(), now(), 0
invoices = list(Invoice.objects.order_by("pk"))[{seed} % 4 :: 4]  # each of them is wanted by two
Random({seed}).shuffle(invoices)
while invoices:
    some, invoices = invoices[:{together}], invoices[{together}:]
    batch = issue_all(some, by=person, at=at)
    assert {{refusal.code for refusal in batch.refused.values()}} <= {{"wrong_state"}}
    done += len(batch.passing)
print(done)
"""


def test_five_hundred_issued_by_eight_at_once_alone_and_in_batches_get_numbers_without_a_gap_or_a_double() -> None:
    empty_broker()
    person, span = UserFactory.create(), OCTOBER.span(Customer().zone)
    customers = Customer.objects.bulk_create(
        Customer(code=f"C{number}", name="Acme", billed_from=OCTOBER.first) for number in range(500)
    )
    agree_all(customers)
    periods = BillingPeriod.objects.bulk_create(
        BillingPeriod(
            customer=one, label="2026-10", start_at=span.start, end_at=span.end, state="closed", closed_at=now()
        )
        for one in customers
    )
    Invoice.objects.bulk_create(
        Invoice(
            customer=one.customer, period=one, currency="USD", state="approved", approved_at=now(), approved_by=person
        )
        for one in periods
    )

    answers = at_once(*(ISSUE.format(seed=seed, together=(1, 7)[seed % 2]) for seed in range(8)), seconds=120)

    numbers = sorted(Invoice.objects.values_list("number", flat=True))
    prefix = numbers[0].rsplit("-", 1)[0]
    assert numbers == [f"{prefix}-{number:06d}" for number in range(1, 501)]
    assert sum(map(int, answers)) == 500
    assert sum(int(answer) > 0 for answer in answers) > 1  # more than one of them was at it


SEND = """
import json
from datetime import datetime, UTC
from leads.domain.intake.receive import receive
from leads.models import BillingPeriod, Product, Source
source, at = Source.objects.get(), datetime(2026, 11, 2, tzinfo=UTC)
skus = list(Product.objects.order_by("pk").values_list("sku", flat=True))
number, more = 0, {more}  # until every period is closed, and some more
while more:
    number, more = number + 1, more - (number > 1 and not BillingPeriod.objects.filter(label="2026-10", state="open").exists())
    body = [
        {{
            "id": f"L-{sender}-{{number}}-{{sku}}",
            "product": {{"sku": sku}},
            "actions": [
                {{"id": f"A-{{n}}", "type": "sample_order", "occurred_at": f"2026-10-{{1 + (number + n) % 31:02d}}T12:00:00Z"}}
                for n in range(3)
            ],
        }}
        for sku in skus
    ]
    counts = receive(source, body=json.dumps(body).encode(), content_type="application/json", received_at=at).counts()
    assert counts["actions_created"] == 3 * len(skus), counts
print(number * 3 * len(skus))
"""
CLOSE = """
import time
from datetime import datetime, UTC
from billing_engine.core.calendar.spans import Month
from invoices.domain.run.billing_run import bill, start
from leads.models import Action
at = datetime(2026, 11, 2, tzinfo=UTC)
while not Action.objects.exists():
    time.sleep(0.01)
items = list(start(Month(2026, 10), by=None, at=at).items.order_by("pk").values_list("pk", flat=True))
for first in range(0, len(items), {together}):
    time.sleep({pause})
    bill(*items[first : first + {together}], at=at)
print(Action.objects.count())
"""


@pytest.mark.parametrize("together", [1, 4])
def test_what_is_delivered_while_its_period_closes_is_on_exactly_one_invoice(together: int) -> None:
    empty_broker()
    customers, senders = 8, 3
    SourceFactory.create()
    ActionTypeFactory.create()
    PriceRuleFactory.create()
    for _ in range(customers):
        ProductFactory.create(customer=CustomerFactory.create())
    sending = [SEND.format(sender=sender, more=3) for sender in range(senders)]

    *counts, before_the_end = map(int, at_once(*sending, CLOSE.format(pause=0.02, together=together)))

    late = start(NOVEMBER, by=None, at=datetime(2026, 12, 2, tzinfo=UTC))
    for item in late.items.all():
        bill(item.pk, at=datetime(2026, 12, 2, tzinfo=UTC))
    sent = sum(counts)
    on_invoices = (
        Invoice.objects.filter(period__label="2026-10").count(),
        Invoice.objects.filter(period__label="2026-11").count(),
    )
    assert progress(late) == Progress(billed=customers, nothing=0, failed=0, waiting=0)
    assert on_invoices == (customers, customers)
    assert 0 < before_the_end < sent  # they did meet
    assert Action.objects.count() == Charge.objects.count() == sent
    lines = InvoiceLine.objects.filter(kind="charges")
    assert lines.aggregate(actions=Sum("actions"))["actions"] == sent
    assert not Action.objects.filter(period__state="open").exists()
    assert all(found.holds for found in invariants())
