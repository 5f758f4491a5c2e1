"""One customer's fault never stops the others that are billed with it, and what is busy is billed alone."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg2
import pytest
from django.db import connection, transaction

from billing_engine.core.calendar.spans import Month
from invoices.domain.run.billing_run import Progress, bill, progress, start
from invoices.domain.run.bills import TOGETHER, Bills
from invoices.domain.run.free_periods import free_to_close, free_to_rate
from invoices.models import BillingRunItem, Invoice, InvoiceLine
from leads.models import BillingPeriod
from pricing.domain.rate.rate import rate
from pricing.models import PeriodTally
from receivables.models import LedgerDocument
from tests.factories.leads import ActionFactory, ActionTypeFactory, BillingPeriodFactory
from tests.factories.pricing import PriceRuleFactory
from tests.invoices.made import a_draft
from tests.processes import environ
from tests.receivables.made import a_document

OCTOBER, AT = Month(2026, 10), datetime(2026, 11, 2, tzinfo=UTC)


@pytest.mark.django_db
def test_an_unexpected_fault_fails_its_customer_and_bills_the_others(caplog: pytest.LogCaptureFixture):
    PriceRuleFactory.create()
    broken, *others = ActionFactory.create_batch(4)
    run = start(OCTOBER, by=None, at=AT)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "ALTER TABLE invoices_invoice ADD CONSTRAINT broken CHECK (customer_id <> %s)", [broken.period.customer_id]
        )

    bill(*run.items.values_list("pk", flat=True), at=AT)

    failed = run.items.get(state="failed")
    assert (failed.period, failed.code, failed.attempts) == (broken.period, "unexpected", 1)
    assert progress(run) == Progress(billed=3, nothing=0, failed=1, waiting=0)
    assert set(Invoice.objects.values_list("period", flat=True)) == {one.period_id for one in others}
    assert InvoiceLine.objects.count() == 3
    assert list(BillingPeriod.objects.open()) == [broken.period]
    assert len([record for record in caplog.records if "failed" in record.message]) == 2  # together, and alone


@pytest.mark.django_db
def test_refused_customers_do_not_stop_the_others_and_nobody_is_tried_twice(caplog: pytest.LogCaptureFixture):
    PriceRuleFactory.create(action_type=ActionTypeFactory.create())
    billed = ActionFactory.create()
    unpriced = ActionFactory.create(action_type=ActionTypeFactory.create(code="page_view"))
    closed = BillingPeriodFactory.create()
    run = start(OCTOBER, by=None, at=AT)
    BillingPeriod.objects.filter(pk=closed.pk).update(state="closed", closed_at=AT)

    bill(*run.items.values_list("pk", flat=True), at=AT)

    found = set(run.items.values_list("period", "state", "code", "attempts"))
    assert found == {
        (billed.period_id, "billed", "", 1),
        (unpriced.period_id, "failed", "unrated_actions", 1),
        (closed.pk, "failed", "period_is_closed", 1),
    }
    assert caplog.records == []
    assert PeriodTally.objects.get(period=unpriced.period).unrated == 1  # so the list of unrated actions shows it


@pytest.mark.django_db
def test_what_was_tried_before_is_tried_alone_after_the_others():
    PriceRuleFactory.create()
    ActionFactory.create_batch(4)
    run = start(OCTOBER, by=None, at=AT)
    tried = list(run.items.order_by("pk"))[1:3]
    run.items.filter(pk__in=[item.pk for item in tried]).update(attempts=1)
    batches = list[list[int]]()

    class Watched(Bills):
        def act(self, items: Any, *, at: datetime) -> Any:
            batches.append([item.pk for item in items])
            return super().act(items, at=at)

    Watched().work(list(run.items.values_list("pk", flat=True)), at=AT)

    fresh = [item.pk for item in run.items.order_by("pk") if item not in tried]
    assert batches == [fresh, [tried[0].pk], [tried[1].pk]]
    assert progress(run) == Progress(billed=4, nothing=0, failed=0, waiting=0)


@pytest.mark.django_db
def test_a_message_names_fifty_customers_of_one_run_or_fewer_large_ones_and_those_tried_before_alone():
    BillingPeriodFactory.create_batch(TOGETHER + 4)
    run = start(OCTOBER, by=None, at=AT)
    items = list(run.items.order_by("pk").values_list("pk", flat=True))
    for item in run.items.filter(pk__in=items[:2]):
        PeriodTally.objects.create(
            period=item.period, actions=40_000, charged=40_000, excluded=0, unrated=0, amount=0, rated_at=AT
        )
    run.items.filter(pk=items[-1]).update(attempts=1)

    messages = [message["item_ids"] for message in Bills().due(at=datetime(2026, 11, 3, tzinfo=UTC))]

    assert messages == [items[:1], items[1 : TOGETHER + 1], [items[-1]], items[TOGETHER + 1 : -1]]


@pytest.fixture
def other() -> Iterator[Any]:
    """Another worker's transaction."""
    theirs = psycopg2.connect(environ()["DATABASE_URL"])
    try:
        yield theirs.cursor()
    finally:
        theirs.rollback()
        theirs.close()


@pytest.mark.django_db(transaction=True)
def test_what_others_have_locked_is_left_without_waiting(other: Any):
    free, delivered, rated, used = (BillingPeriodFactory.create() for _ in range(4))
    later = BillingPeriodFactory.create(customer=used.customer, label="2026-11", month=Month(2026, 11))
    other.execute("SELECT FROM leads_billingperiod WHERE id = %s FOR KEY SHARE", [delivered.pk])
    other.execute("SELECT FROM leads_billingperiod WHERE id = %s FOR NO KEY UPDATE", [rated.pk])
    other.execute("SELECT FROM leads_billingperiod WHERE id = %s FOR UPDATE", [later.pk])

    with transaction.atomic():
        to_rate = free_to_rate([free, delivered, rated, used])
        to_close = free_to_close(to_rate)

    assert (to_rate, to_close) == ({free.pk, delivered.pk}, {free.pk})


@pytest.mark.django_db(transaction=True)
def test_a_customer_whose_credit_is_in_use_is_left_without_waiting(other: Any):
    draft = a_draft(3)
    a_document(draft.customer, LedgerDocument.Kind.CREDIT_NOTE, 5)
    november = BillingPeriodFactory.create(customer=draft.customer, label="2026-11", month=Month(2026, 11))
    other.execute("SELECT FROM leads_customer WHERE id = %s FOR NO KEY UPDATE", [draft.customer_id])

    with transaction.atomic():
        assert free_to_rate([november]) == set()
    other.connection.rollback()
    with transaction.atomic():
        assert free_to_rate([november]) == {november.pk}


@pytest.mark.django_db(transaction=True)
def test_busy_customers_are_billed_after_the_others():
    PriceRuleFactory.create()
    for action in ActionFactory.create_batch(3):
        rate(action.period, at=AT)
    run = start(OCTOBER, by=None, at=AT)
    busy = run.items.order_by("pk")[1]

    class Crowded(Bills):
        """As if a delivery were writing to a period while several are billed."""

        def act(self, items: Any, *, at: datetime) -> Any:
            if len(items) == 1:
                return super().act(items, at=at)
            assert super().act([item for item in items if item.pk != busy.pk], at=at) == []
            return [item for item in items if item.pk == busy.pk]

    Crowded().work(list(run.items.values_list("pk", flat=True)), at=AT)

    assert progress(run) == Progress(billed=3, nothing=0, failed=0, waiting=0)
    assert list(BillingRunItem.objects.values_list("attempts", flat=True)) == [1, 1, 1]
