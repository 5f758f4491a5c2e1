"""A month is locked once everything is drafted, reopened by a second person, and closed once everything is issued."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.auth.models import User

from billing_engine.core.calendar.spans import Week
from billing_engine.core.errors import Refused
from invoices.domain.life.reopen import regenerate
from invoices.domain.life.transitions import issue
from invoices.domain.month_close.close_month import (
    AlreadyIssued,
    CycleNotReady,
    ReasonRequired,
    SecondPersonReopens,
    StartedRuns,
    WrongCycleState,
    bill_cycle,
    close_cycle,
    create_missing_months,
    has_something_to_bill,
    lock,
    reopen,
)
from invoices.domain.month_lock import CycleLocked
from invoices.domain.run.billing_run import CycleNotOver, RunInProgress, bill, start
from invoices.domain.wording import unfinished_in_words
from invoices.models import BillingCycle, CycleStep, Invoice
from leads.domain.body.decode import as_json
from leads.domain.intake.receive import receive
from leads.models import Action, BillingPeriod
from pricing.domain.audit.prove import prove
from tests.factories.leads import (
    ActionTypeFactory,
    BillingPeriodFactory,
    CustomerFactory,
    ProductFactory,
    QuarantinedItemFactory,
    SourceFactory,
)
from tests.factories.people import UserFactory, with_role
from tests.invoices.made import (
    IN_OCTOBER,
    NOVEMBER_3,
    OCTOBER,
    a_draft,
    a_price,
    an_open_period,
    approved,
    issued,
    received,
)

pytestmark = pytest.mark.django_db

State = BillingCycle.State


@pytest.fixture
def fay() -> User:
    """Finance too."""
    return with_role("Finance")


def october() -> BillingCycle:
    create_missing_months()
    return BillingCycle.objects.get(label="2026-10")


def state() -> str:
    return BillingCycle.objects.get(label="2026-10").state


def test_a_month_with_all_its_periods_billed_is_locked_and_says_by_whom(frank: User):
    a_draft()

    lock(october(), by=frank, at=NOVEMBER_3)

    assert (state(), list(CycleStep.objects.values_list("kind", "by", "at", "reason"))) == (
        "locked",
        [("locked", frank.pk, NOVEMBER_3, "")],
    )


def test_a_month_with_an_open_period_or_one_that_is_not_over_is_not_locked(frank: User):
    cycle = BillingCycle.objects.create(label="2026-10")
    CustomerFactory.create(time_zone="Pacific/Honolulu", name="Hula")
    with pytest.raises(
        CycleNotReady, match=r"^Not ended yet: Hula: October 2026 ends November 1, 2026, 00:00 Pacific/Hon"
    ):
        lock(cycle, by=frank, at=datetime(2026, 11, 1, 9, tzinfo=UTC))
    an_open_period(name="Ash")
    with pytest.raises(
        CycleNotReady, match=r"Still open: 1 billing period \(Ash\)\. Start a billing run to close it\."
    ):
        lock(cycle, by=frank, at=NOVEMBER_3)

    assert (state(), CycleStep.objects.count(), BillingPeriod.objects.closed().count()) == ("open", 0, 0)


def test_what_stays_behind_in_quarantine_or_with_an_inactive_customer_needs_a_reason(frank: User):
    a_draft()
    QuarantinedItemFactory.create(received_at=IN_OCTOBER)
    an_open_period(is_active=False)

    with pytest.raises(
        ReasonRequired, match="1 item in quarantine and 1 open period of inactive customers will be left"
    ):
        lock(october(), by=frank, at=NOVEMBER_3)
    assert state() == "open"
    lock(october(), by=frank, at=NOVEMBER_3, reason=" Both are settled with the customer. ")

    assert CycleStep.objects.get().reason == "Both are settled with the customer."


def test_what_arrives_for_a_locked_month_goes_to_the_next_also_of_a_customer_who_had_nothing_in_it(frank: User):
    a_draft()
    product = ProductFactory.create(sku="TILE-9")
    ActionTypeFactory.create(code="sample_order")
    lock(october(), by=frank, at=NOVEMBER_3)

    sent = {"id": "1", "type": "sample_order", "occurred_at": IN_OCTOBER.isoformat()}
    body = as_json({"id": "L", "product": {"sku": product.sku}, "actions": [sent]}).encode()
    receive(SourceFactory.create(), body=body, content_type="application/json", received_at=NOVEMBER_3)

    assert Action.objects.get(lead__product=product).period.label == "2026-11"
    assert set(BillingPeriod.objects.labeled("2026-10").values_list("state", flat=True)) == {"closed"}


def test_a_draft_of_a_locked_month_cannot_be_regenerated(frank: User):
    invoice = a_draft()
    lock(october(), by=frank, at=NOVEMBER_3)

    with pytest.raises(CycleLocked, match="2026-10 is locked"):
        regenerate(invoice, by=UserFactory.create(), at=NOVEMBER_3)

    invoice.refresh_from_db()
    assert (invoice.state, invoice.period.state) == ("draft", "closed")


def test_only_a_second_person_opens_a_locked_month_again_and_only_for_a_reason(frank: User, fay: User):
    invoice = a_draft()
    cycle = lock(october(), by=frank, at=NOVEMBER_3)

    refusals: list[tuple[type[Refused], User, str]] = [(SecondPersonReopens, frank, "Why"), (ReasonRequired, fay, "  ")]
    for refusal, by, reason in refusals:
        with pytest.raises(refusal):
            reopen(cycle, by=by, at=NOVEMBER_3, reason=reason)
    assert state() == "locked"
    reopen(cycle, by=fay, at=NOVEMBER_3, reason="The price was wrong")

    assert (state(), list(CycleStep.objects.values_list("kind", "by", "reason"))) == (
        "open",
        [("locked", frank.pk, ""), ("reopened", fay.pk, "The price was wrong")],
    )
    assert regenerate(invoice, by=UserFactory.create(), at=NOVEMBER_3) is not None


def test_a_month_of_which_something_is_issued_is_never_opened_again(frank: User, fay: User):
    issued(a_draft(), frank)
    a_draft(5)
    cycle = lock(october(), by=frank, at=NOVEMBER_3)

    with pytest.raises(AlreadyIssued, match="1 invoice of this month is already issued"):
        reopen(cycle, by=fay, at=NOVEMBER_3, reason="The price was wrong")

    assert state() == "locked"


def test_a_month_is_closed_when_all_of_it_is_issued_and_then_for_good(frank: User, fay: User):
    issued(a_draft(), frank)
    late = approved(a_draft(5), frank)
    cycle = lock(october(), by=frank, at=NOVEMBER_3)

    with pytest.raises(CycleNotReady, match="Not issued yet: 1 invoice"):
        close_cycle(cycle, by=frank, at=NOVEMBER_3)
    assert state() == "locked"
    issue(late, by=frank, at=NOVEMBER_3)
    close_cycle(cycle, by=frank, at=NOVEMBER_3)

    assert state() == "closed"
    for act in (lock, close_cycle, reopen):
        with pytest.raises(WrongCycleState):
            act(cycle, by=fay, at=NOVEMBER_3, reason="Why")


def test_a_month_is_known_as_soon_as_it_has_a_billing_period():
    a_price()
    received(an_open_period(), 1)

    create_missing_months()
    create_missing_months()

    assert list(BillingCycle.objects.values_list("label", "state")) == [("2026-10", "open")]


def test_a_month_is_closed_with_the_weeks_that_end_in_it(frank: User):
    a_price()
    weekly = CustomerFactory.create(cycle="weekly")
    product = ProductFactory.create(customer=weekly, sku="TILE-9")
    ActionTypeFactory.create(code="sample_order")
    sent = {"id": "1", "type": "sample_order", "occurred_at": IN_OCTOBER.isoformat()}
    body = as_json({"id": "L", "product": {"sku": product.sku}, "actions": [sent]}).encode()
    receive(SourceFactory.create(), body=body, content_type="application/json", received_at=IN_OCTOBER)

    with pytest.raises(CycleNotReady, match="Still open: 1 billing period"):
        lock(october(), by=frank, at=NOVEMBER_3)
    for run in bill_cycle(october(), by=frank, at=NOVEMBER_3).runs:
        for item in run.items.all():
            bill(item.pk, at=NOVEMBER_3)
    lock(october(), by=frank, at=NOVEMBER_3)

    assert list(BillingCycle.objects.values_list("label", "state")) == [("2026-10", "locked")]
    weeks = ["2026-W40", "2026-W41", "2026-W42", "2026-W43"]
    closed = BillingPeriod.objects.closed().filter(customer=weekly).order_by("start_at")
    assert [period.label for period in closed] == weeks


# --- Ended periods are billed, locked and closed; the rest is listed -----------------------------


def bill_all(started: StartedRuns) -> None:
    for run in started.runs:
        for item in run.items.all():
            bill(item.pk, at=NOVEMBER_3)


def test_a_weekly_customer_with_activity_in_the_current_week_delays_no_other_customer(frank: User):
    a_price()
    received(an_open_period(), 3)
    weekly = CustomerFactory.create(cycle="weekly", name="WEEKLY Ltd", billed_from=date(2026, 10, 26))
    running = BillingPeriodFactory.create(customer=weekly, month=Week(2026, 45))  # November 2 – 8
    received(running, 1, at=NOVEMBER_3)

    started = bill_cycle(october(), by=frank, at=NOVEMBER_3)
    bill_all(started)
    lock(october(), by=frank, at=NOVEMBER_3)

    assert ([run.cycle for run in started.runs], started.unfinished) == (["2026-10"], [])
    assert state() == "locked"
    running.refresh_from_db()
    assert running.is_open


def test_what_is_over_is_billed_and_who_is_not_over_is_named_with_the_end(frank: User):
    a_price()
    received(an_open_period(billed_from=OCTOBER.first), 3)
    CustomerFactory.create(name="Hula", time_zone="Pacific/Honolulu")
    CustomerFactory.create(name="Kiwi", time_zone="Pacific/Auckland", billed_from=date(2026, 12, 1))
    CustomerFactory.create(name="Away", time_zone="Pacific/Honolulu", is_active=False)
    at = datetime(2026, 11, 1, 9, tzinfo=UTC)

    started = bill_cycle(october(), by=frank, at=at)

    assert [run.items.count() for run in started.runs] == [1]
    assert unfinished_in_words(started.unfinished) == "Hula: October 2026 ends November 1, 2026, 00:00 Pacific/Honolulu"
    with pytest.raises(CycleNotOver, match=r"^Not ended yet: Acme.*; Hula: November 2026 ends December 1"):
        bill_cycle(BillingCycle.objects.create(label="2026-11"), by=frank, at=at)


def test_a_run_of_one_week_in_progress_does_not_keep_the_month_from_being_billed(frank: User):
    an_open_period(billed_from=OCTOBER.first)
    BillingPeriodFactory.create(
        customer__cycle="weekly", month=Week(2026, 42), customer__billed_from=date(2026, 10, 12)
    )
    start(Week(2026, 42), by=frank, at=NOVEMBER_3)

    started = bill_cycle(october(), by=frank, at=NOVEMBER_3)

    assert [run.cycle for run in started.runs] == ["2026-10", "2026-W43"]
    with pytest.raises(RunInProgress):
        bill_cycle(october(), by=frank, at=NOVEMBER_3)


def test_a_lock_leaves_no_minimum_out(frank: User):
    CustomerFactory.create(monthly_minimum=500, billed_from=date(2026, 10, 31), name="Small")
    cycle = BillingCycle.objects.create(label="2026-10")

    with pytest.raises(CycleNotReady, match="Still open: 1 billing period"):
        lock(cycle, by=frank, at=NOVEMBER_3)
    assert has_something_to_bill(cycle, at=NOVEMBER_3)
    bill_all(bill_cycle(cycle, by=frank, at=NOVEMBER_3))
    lock(cycle, by=frank, at=NOVEMBER_3)

    assert [str(invoice.total) for invoice in Invoice.objects.all()] == ["16.1300"]  # one of October's 31 days
    assert not has_something_to_bill(cycle, at=NOVEMBER_3)


def test_a_period_that_a_lock_closes_empty_keeps_its_terms_and_is_proven_without_a_warning(frank: User):
    a_draft()
    for is_active in (True, False):
        CustomerFactory.create(is_active=is_active, monthly_minimum=None if is_active else 500)

    lock(october(), by=frank, at=NOVEMBER_3)

    empty = BillingPeriod.objects.filter(actions=None)
    assert [(period.state, period.closed_at, period.tally.actions) for period in empty] == [
        ("closed", NOVEMBER_3, 0)
    ] * 2
    assert [(proof.actions, proof.differing, proof.doubts) for proof in map(prove, empty)] == [(0, 0, ())] * 2
    assert Invoice.objects.count() == 1
