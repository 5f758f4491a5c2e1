"""A billing run: which customers it bills, what fails and why, and that it can be started twice and resumed."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.auth.models import User

from billing_engine.core.calendar.spans import Month
from invoices.domain.run.billing_run import (
    CycleNotOver,
    Progress,
    RunInProgress,
    bill,
    progress,
    retry_failed,
    start,
)
from invoices.domain.run.bills import BILLS, QUIET
from invoices.models import BillingRun, BillingRunItem, Invoice
from leads.domain.periods import mark_unrated
from leads.models import Customer
from tests.factories.leads import ActionFactory, ActionTypeFactory, BillingPeriodFactory, CustomerFactory
from tests.factories.pricing import PriceRuleFactory
from tests.processes import at_once

OCTOBER = Month(2026, 10)
NOW = datetime(2026, 11, 2, tzinfo=UTC)


def bill_all(run: BillingRun) -> Progress:
    for item in run.items.all():
        bill(item.pk, at=NOW)
    return progress(run)


@pytest.mark.django_db
def test_a_run_bills_every_active_customers_open_period_of_the_month(accountant: User):
    PriceRuleFactory.create()
    ActionTypeFactory.create()
    ActionFactory.create_batch(3)
    september = BillingPeriodFactory.create(month=Month(2026, 9))
    BillingPeriodFactory.create(customer__is_active=False)
    empty = BillingPeriodFactory.create()
    CustomerFactory.create(billed_from=date(2026, 11, 1))

    run = start(OCTOBER, by=accountant, at=NOW)

    assert bill_all(run) == Progress(billed=3, nothing=2, failed=0, waiting=0)
    assert Invoice.objects.count() == 3
    # Of whom nothing came in, the period is closed too: none is left out.
    nothing = BillingRunItem.objects.filter(state="nothing").values_list("period__customer", "period__label")
    assert set(nothing) == {(empty.customer_id, "2026-10"), (september.customer_id, "2026-10")}
    run.refresh_from_db()
    assert run.finished_at == NOW


@pytest.mark.django_db
def test_a_customer_with_a_minimum_is_billed_without_any_action(accountant: User):
    CustomerFactory.create(monthly_minimum=50)

    run = start(OCTOBER, by=accountant, at=NOW)

    assert bill_all(run) == Progress(billed=1, nothing=0, failed=0, waiting=0)
    assert Invoice.objects.get().total == 50


@pytest.mark.django_db
def test_a_month_is_billed_for_customers_whose_month_has_ended(accountant: User):
    CustomerFactory.create(name="Hula", time_zone="Pacific/Honolulu")
    morning = datetime(2026, 11, 1, 9, tzinfo=UTC)
    with pytest.raises(CycleNotOver, match=r"^Not ended yet: Hula: October 2026 ends November 1, 2026, 00:00 Pacific/"):
        start(OCTOBER, by=accountant, at=morning)
    assert not BillingRun.objects.exists()

    here = CustomerFactory.create()
    run = start(OCTOBER, by=accountant, at=morning)

    assert [item.period.customer for item in run.items.all()] == [here]


@pytest.mark.django_db
def test_a_period_that_has_not_ended_by_a_workers_clock_waits_and_does_not_fail(accountant: User):
    CustomerFactory.create()
    run = start(OCTOBER, by=accountant, at=NOW)

    bill(run.items.get().pk, at=datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC))

    assert progress(run) == Progress(billed=0, nothing=0, failed=0, waiting=1)
    assert bill_all(run) == Progress(billed=0, nothing=1, failed=0, waiting=0)


@pytest.mark.django_db
def test_a_failure_says_why_blocks_no_other_customer_and_can_be_retried(accountant: User):
    kind = ActionTypeFactory.create()
    PriceRuleFactory.create(action_type=kind)
    ActionFactory.create()
    unpriced = ActionFactory.create(action_type=ActionTypeFactory.create(code="page_view"))
    run = start(OCTOBER, by=accountant, at=NOW)

    assert bill_all(run) == Progress(billed=1, nothing=0, failed=1, waiting=0)
    failed = BillingRunItem.objects.get(state="failed")
    assert (failed.period, failed.code) == (unpriced.period, "unrated_actions")
    assert failed.message == "1 action is unrated. Operations must add a price rule for it, or waive it with a reason."

    PriceRuleFactory.create(priority=1)
    mark_unrated([unpriced.period], reason="rules")  # as an activation does
    assert retry_failed(run, by=None) == 1
    run.refresh_from_db()
    assert run.finished_at is None
    assert bill_all(run) == Progress(billed=2, nothing=0, failed=0, waiting=0)


@pytest.mark.django_db
def test_a_run_started_twice_is_refused_while_the_first_is_in_progress(accountant: User):
    BillingPeriodFactory.create()
    start(OCTOBER, by=accountant, at=NOW)

    with pytest.raises(RunInProgress):
        start(OCTOBER, by=accountant, at=NOW)

    assert BillingRun.objects.count() == 1


@pytest.mark.django_db
def test_a_second_run_of_a_month_bills_only_what_the_first_left(accountant: User):
    PriceRuleFactory.create()
    ActionFactory.create()
    bill_all(start(OCTOBER, by=accountant, at=NOW))

    assert bill_all(start(OCTOBER, by=accountant, at=NOW)) == Progress(billed=0, nothing=0, failed=0, waiting=0)
    assert Invoice.objects.count() == 1


@pytest.mark.django_db
def test_an_item_is_billed_once_however_often_it_is_asked_for(accountant: User):
    PriceRuleFactory.create()
    ActionFactory.create()
    run = start(OCTOBER, by=accountant, at=NOW)
    assert BILLS.sweep(at=NOW + QUIET * 2) == 1

    bill_all(run), bill_all(run)

    assert Invoice.objects.count() == 1
    assert BILLS.sweep(at=NOW + QUIET * 2) == 0


BILL = """
from invoices.domain.run.billing_run import bill
from invoices.models import BillingRunItem
for item in list(BillingRunItem.objects.order_by("pk")):
    bill(item.pk, at=now())
"""


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_the_same_items_at_once_bill_every_customer_once():
    PriceRuleFactory.create()
    ActionTypeFactory.create()
    ActionFactory.create_batch(30)
    run = start(OCTOBER, by=None, at=NOW)

    at_once(BILL, BILL)

    assert progress(run) == Progress(billed=30, nothing=0, failed=0, waiting=0)
    assert Invoice.objects.values("customer").distinct().count() == Invoice.objects.count() == Customer.objects.count()
