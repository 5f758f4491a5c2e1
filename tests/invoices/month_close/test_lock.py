"""A locked month stays locked when one of its invoices is voided: the same actions are billed again, without new ones."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from billing_engine.core.calendar.spans import Month
from invoices.domain.life.adjustments import adjust, withdraw
from invoices.domain.life.close import AlreadyClosed
from invoices.domain.life.reopen import NothingToBillAgain, bill_again, regenerate, void
from invoices.domain.life.reopen import reopen as reopen_period
from invoices.domain.life.transitions import approve, issue
from invoices.domain.month_close.close_month import (
    CycleNotReady,
    bill_cycle,
    close_cycle,
    create_missing_months,
    lock,
    reopen,
)
from invoices.domain.month_close.unfinished import remaining_in
from invoices.domain.month_lock import CycleLocked
from invoices.domain.run.billing_run import start
from invoices.domain.run.schedule import start_due_runs
from invoices.models import BillingCycle, BillingRun, BillingSchedule, Invoice
from leads.domain.body.decode import as_json
from leads.domain.intake.receive import receive
from leads.domain.voiding import void as void_action
from leads.models import Action, BillingPeriod, Source
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory
from tests.factories.people import UserFactory, with_role
from tests.invoices.made import IN_OCTOBER, NOVEMBER_3, OCTOBER, a_draft, an_open_period, approved, billed, issued
from tests.processes import at_once

pytestmark = pytest.mark.django_db
LATER = datetime(2026, 11, 9, tzinfo=UTC)
LOCKED = "2026-10 is locked. A second person can reopen it."

SINCE = OCTOBER.first  # from when on the customers here are billed


@pytest.fixture
def vera(db: None) -> User:
    """A second person of finance."""
    return with_role("Finance")


def october() -> BillingCycle:
    create_missing_months()
    return BillingCycle.objects.get(label="2026-10")


def locked(frank: User, *invoices: Invoice) -> None:
    """Lock October; these invoices of it are issued."""
    for invoice in invoices:
        issued(invoice, frank)
    lock(october(), by=frank, at=NOVEMBER_3)


def voided(invoice: Invoice, by: User) -> BillingPeriod:
    """Void the invoice and return its period, which is open again."""
    return void(invoice, reason="Wrong address", by=by, at=LATER).period


def send_late(invoice: Invoice, source: Source, quantity: int = 100) -> None:
    """An action of October that comes in November."""
    kind = ActionTypeFactory.create(code="sample_order")
    product = invoice.customer.products.first() or ProductFactory.create(customer=invoice.customer)
    sent = {"id": "late", "type": kind.code, "occurred_at": IN_OCTOBER.isoformat(), "quantity": quantity}
    body = as_json({"id": "L-late", "product": {"sku": product.sku}, "actions": [sent]}).encode()
    receive(source, body=body, content_type="application/json", received_at=LATER)


def test_a_period_opened_by_a_void_in_a_locked_month_takes_nothing_new(frank: User, vera: User) -> None:
    invoice = a_draft(4)
    locked(frank, invoice)
    period = voided(invoice, vera)

    send_late(invoice, SourceFactory.create())

    late = Action.objects.get(external_id="late")
    assert (period.is_open, period.is_sealed, late.period.label) == (True, True, "2026-11")
    with pytest.raises(IntegrityError, match="it gets no new actions"), transaction.atomic():
        Action.objects.create(
            lead=late.lead,
            external_id="by hand",
            action_type=late.action_type,
            period=period,
            delivery=late.delivery,
            occurred_at=IN_OCTOBER,
        )
    assert period.actions.count() == 1


def test_what_comes_late_after_a_void_in_an_open_month_joins_it(frank: User, vera: User) -> None:
    invoice = issued(a_draft(4), frank)
    period = voided(invoice, vera)

    send_late(invoice, SourceFactory.create())

    assert (period.is_sealed, Action.objects.get(external_id="late").period) == (False, period)


def test_the_same_actions_are_billed_again_without_voided_ones(frank: User, vera: User) -> None:
    invoice, other = a_draft(4, 6), a_draft(3)
    locked(frank, invoice, other)
    period = voided(invoice, vera)
    void_action(Action.objects.get(period=period, quantity=6), reason="Canceled", by=UserFactory.create(), at=LATER)
    send_late(invoice, SourceFactory.create())

    again = bill_again(period, by=vera, at=LATER)

    assert again is not None
    assert (again.total, again.state) == (10, "draft")
    issue(approve(again, by=frank, at=LATER), by=frank, at=LATER)
    assert close_cycle(october(), by=frank, at=LATER).state == "closed"
    with pytest.raises((AlreadyClosed, NothingToBillAgain)):
        bill_again(period, by=vera, at=LATER)


def test_a_draft_that_was_billed_again_is_regenerated_while_the_others_of_the_month_stay(
    frank: User, vera: User
) -> None:
    invoice, other = a_draft(4), a_draft(3)
    locked(frank, invoice)
    again = bill_again(voided(invoice, vera), by=vera, at=LATER)
    assert again is not None

    fresh = regenerate(again, by=UserFactory.create(), at=LATER)

    assert fresh is not None
    assert (fresh.total, BillingPeriod.objects.get(pk=fresh.period_id).is_sealed) == (10, True)
    with pytest.raises(CycleLocked, match=LOCKED):
        regenerate(other, by=UserFactory.create(), at=LATER)


def test_in_a_locked_month_no_run_starts_and_nothing_is_adjusted_with_one_sentence(frank: User, vera: User) -> None:
    draft, invoice = a_draft(3, billed_from=SINCE), a_draft(4, billed_from=SINCE)
    line = adjust(draft, amount=Decimal(-1), text="Less", reason="Agreed", by=frank, at=NOVEMBER_3)
    locked(frank, invoice)
    voided(invoice, vera)
    BillingSchedule.objects.create(cycle="monthly", grace_days=0, is_active=True)
    before = list(Invoice.objects.values())

    for act in (
        lambda: bill_cycle(october(), by=vera, at=LATER),
        lambda: start(OCTOBER, by=vera, at=LATER),
        lambda: adjust(draft, amount=Decimal(1), text="More", reason="Agreed", by=vera, at=LATER),
        lambda: withdraw(line, by=vera),
        lambda: reopen_period(draft.period, reason="Wrong", by=vera, at=LATER),
    ):
        with pytest.raises(CycleLocked) as refusal:
            act()
        assert str(refusal.value) == LOCKED
    assert start_due_runs(at=LATER) == []

    assert (list(Invoice.objects.values()), BillingRun.objects.count()) == (before, 0)


def test_the_schedule_leaves_a_locked_month_and_bills_the_next(frank: User, vera: User) -> None:
    invoice = a_draft(4, billed_from=SINCE)
    locked(frank, invoice)
    voided(invoice, vera)
    send_late(invoice, SourceFactory.create())
    BillingSchedule.objects.create(cycle="monthly", grace_days=0, is_active=True)

    assert [run.cycle for run in start_due_runs(at=datetime(2026, 12, 3, tzinfo=UTC))] == ["2026-11"]


def test_a_month_with_something_to_bill_again_is_not_closed_and_says_whose(frank: User, vera: User) -> None:
    invoice = a_draft(4, name="Ash")
    locked(frank, invoice)
    voided(invoice, vera)

    with pytest.raises(CycleNotReady, match=r"Still open: 1 billing period \(Ash\)\. Use Bill again to close it\."):
        close_cycle(october(), by=frank, at=LATER)

    assert (october().state, remaining_in("2026-10").periods.sealed) == ("locked", 1)


def test_when_the_month_is_opened_again_its_periods_take_what_is_new(frank: User, vera: User) -> None:
    invoice = a_draft(4)
    locked(frank, invoice)
    period = voided(invoice, vera)

    reopen(october(), by=vera, at=LATER, reason="More to come")
    send_late(invoice, SourceFactory.create())

    period.refresh_from_db()
    assert (period.is_sealed, Action.objects.get(external_id="late").period) == (False, period)
    with pytest.raises(NothingToBillAgain):
        bill_again(period, by=vera, at=LATER)
    assert bill_cycle(october(), by=vera, at=LATER)


def test_the_open_period_of_an_inactive_customer_takes_nothing_new_once_its_month_is_locked(frank: User) -> None:
    draft = a_draft(4)
    period = an_open_period(is_active=False)
    lock(october(), by=frank, at=NOVEMBER_3, reason="They left")

    period.refresh_from_db()
    assert (period.is_open, period.is_sealed, draft.period.is_sealed) == (True, True, False)


def buttons(browser: Client, model: str, pk: int) -> set[str]:
    answer = browser.get(reverse(f"admin:{model}_change", args=[pk]))
    return {str(button["title"]) for button in answer.context["actions_detail"]}


def test_the_function_that_refuses_hides_the_button(finance: Client, frank: User, vera: User) -> None:
    draft, invoice = a_draft(3), issued(a_draft(4), frank)
    before = buttons(finance, "invoices_invoice", draft.pk)
    assert {"Adjust", "Regenerate", "Approve"} <= before
    lock(october(), by=frank, at=NOVEMBER_3)
    period = voided(invoice, vera)

    assert buttons(finance, "invoices_invoice", draft.pk) == before - {"Adjust", "Regenerate", "Reopen period"}
    assert "Start billing run" not in buttons(finance, "invoices_billingcycle", october().pk)
    assert "Bill again" in buttons(finance, "invoices_invoice", invoice.pk)
    assert "Reopen" not in buttons(finance, "leads_billingperiod", draft.period_id)
    finance.post(reverse("admin:leads_billingperiod_bill_again", args=[period.pk]))

    again = Invoice.objects.get(period=period, state="draft")
    assert {"Adjust", "Regenerate"} & buttons(finance, "invoices_invoice", again.pk) == {"Regenerate"}
    assert "Bill again" not in buttons(finance, "invoices_invoice", invoice.pk)


SEND = """
import json
from leads.domain.intake.receive import receive
from leads.models import Source
from tests.invoices.made import IN_OCTOBER
source = Source.objects.get()
for number in range(40):
    sent = {"id": f"{number}", "type": "sample_order", "occurred_at": IN_OCTOBER.isoformat()}
    body = json.dumps({"id": f"L-%(sender)s-{number}", "product": {"sku": "%(sku)s"}, "actions": [sent]}).encode()
    receive(source, body=body, content_type="application/json", received_at=now())
"""
VOID = """
from django.contrib.auth.models import User
from invoices.domain.life.reopen import void
from invoices.models import Invoice
void(Invoice.objects.get(), reason="Wrong", by=User.objects.get(username="vera"), at=now())
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.processes
def test_deliveries_at_the_very_moment_of_the_void_join_the_next_month() -> None:
    frank = UserFactory.create(username="frank")
    UserFactory.create(username="vera")
    invoice = a_draft(4)
    source, sku = SourceFactory.create(), invoice.customer.products.get().sku
    Source.objects.exclude(pk=source.pk).update(is_active=False)
    locked(frank, invoice)

    only = SEND.replace("Source.objects.get()", f"Source.objects.get(pk={source.pk})")
    at_once(only % {"sender": 1, "sku": sku}, only % {"sender": 2, "sku": sku}, VOID)

    period = BillingPeriod.objects.get(label=str(Month(2026, 10)))
    assert (period.is_sealed, period.actions.count()) == (True, 1)
    assert Action.objects.exclude(period=period).count() == 80
    assert billed(period).total == 10


def test_an_approved_draft_is_still_issued_in_a_locked_month(frank: User) -> None:
    invoice = approved(a_draft(4), frank)
    lock(october(), by=frank, at=NOVEMBER_3)

    assert issue(invoice, by=frank, at=LATER).state == "issued"
