"""The workers approve, issue and send all invoices of a month; a bulk action can be stopped and started again."""

from decimal import Decimal
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from billing_engine.core.calendar.spans import Month
from invoices.domain.life.adjustments import adjust
from invoices.domain.life.reopen import bill_again, reopen, void
from invoices.domain.life.transitions import approve
from invoices.domain.mail.request import send
from invoices.domain.month_close.bulk_action import (
    BULK_ACTIONS,
    BulkActionInProgress,
    BulkActions,
    NothingToDo,
    count_waiting,
    last_bulk_actions,
    start_bulk_action,
    stop_bulk_action,
    without_contacts,
)
from invoices.domain.month_close.close_month import create_missing_months, lock
from invoices.domain.run.billing_run import bill, start
from invoices.models import BillingCycle, CycleStep, Invoice, InvoiceMail
from tests.factories.people import UserFactory, with_role
from tests.invoices.made import NOVEMBER_3, a_draft, a_price, an_open_period, billed, issued, posted, received
from tests.invoices.post import PostOffice
from tests.processes import at_once

BulkAction = BillingCycle.BulkAction


def october() -> BillingCycle:
    create_missing_months()
    return BillingCycle.objects.get(label="2026-10")


def work(cycle: BillingCycle) -> None:
    while BULK_ACTIONS.work(cycle.pk, at=NOVEMBER_3):
        pass


def states() -> list[tuple[str, str]]:
    return list(Invoice.objects.order_by("customer__name").values_list("state", "customer__name"))


@pytest.mark.django_db
def test_all_drafts_are_approved_and_then_issued_in_the_order_of_the_customers_names(frank: User):
    for name in ("Cedar", "Ash", "Birch"):
        a_draft(name=name)

    assert start_bulk_action(october(), BulkAction.APPROVE, by=frank, at=NOVEMBER_3) == 3
    work(october())
    assert start_bulk_action(october(), BulkAction.ISSUE, by=frank, at=NOVEMBER_3) == 3
    work(october())

    assert list(Invoice.objects.order_by("number").values_list("customer__name", "state", "issued_by")) == [
        ("Ash", "issued", frank.pk),
        ("Birch", "issued", frank.pk),
        ("Cedar", "issued", frank.pk),
    ]
    assert october().bulk_action == ""


@pytest.mark.django_db
def test_all_issued_invoices_are_sent_once_and_who_has_no_address_is_named(frank: User):
    sent = issued(a_draft(name="Ash", billing_contacts=["books@ash.example"]), frank)
    issued(a_draft(name="Birch"), frank)

    assert without_contacts(october()) == ["Birch"]
    assert start_bulk_action(october(), BulkAction.SEND, by=frank, at=NOVEMBER_3) == 1
    work(october())

    assert list(InvoiceMail.objects.values_list("invoice", "to")) == [(sent.pk, ["books@ash.example"])]
    assert october().bulk_action == ""
    assert count_waiting(october(), BulkAction.SEND) == 0  # one is on its way, the other has no contacts
    with pytest.raises(NothingToDo):
        start_bulk_action(october(), BulkAction.SEND, by=frank, at=NOVEMBER_3)


@pytest.mark.django_db
def test_send_all_is_what_is_issued_and_not_sent_what_failed_included(frank: User, post_office: PostOffice):
    post_office.refuses = {"old@birch.example": "550 No such box"}
    for name in ("Ash", "Birch"):
        contacts = [f"{'old' if name == 'Birch' else 'books'}@{name.lower()}.example"]
        posted(
            send(issued(a_draft(name=name, billing_contacts=contacts), frank), by=frank, at=NOVEMBER_3), at=NOVEMBER_3
        )
    assert list(InvoiceMail.objects.order_by("pk").values_list("state", flat=True)) == ["sent", "failed"]

    assert start_bulk_action(october(), BulkAction.SEND, by=frank, at=NOVEMBER_3) == 1
    work(october())

    assert [mail.to for mail in InvoiceMail.objects.waiting()] == [["old@birch.example"]]


class OneAtATime(BulkActions):
    """Batches of one, so that a few invoices make several."""

    batch_size = 1


@pytest.mark.django_db
def test_a_bulk_action_is_stopped_between_two_batches_and_started_again(frank: User):
    a_draft(name="Ash")
    a_draft(name="Birch")
    start_bulk_action(october(), BulkAction.APPROVE, by=frank, at=NOVEMBER_3)

    OneAtATime().work(october().pk, at=NOVEMBER_3)
    stop_bulk_action(october(), by=UserFactory.create())
    work(october())

    assert states() == [("approved", "Ash"), ("draft", "Birch")]
    assert start_bulk_action(october(), BulkAction.APPROVE, by=frank, at=NOVEMBER_3) == 1
    work(october())
    assert states() == [("approved", "Ash"), ("approved", "Birch")]


@pytest.mark.django_db
def test_one_bulk_action_of_a_month_at_a_time_and_only_where_something_waits(frank: User):
    a_draft()

    with pytest.raises(NothingToDo, match="No invoice of this month is waiting for this"):
        start_bulk_action(october(), BulkAction.ISSUE, by=frank, at=NOVEMBER_3)
    start_bulk_action(october(), BulkAction.APPROVE, by=frank, at=NOVEMBER_3)
    with pytest.raises(BulkActionInProgress, match="Approving is in progress"):
        start_bulk_action(october(), BulkAction.APPROVE, by=frank, at=NOVEMBER_3)


WORK = """
from invoices.domain.month_close.bulk_action import BULK_ACTIONS
from tests.factories.people import UserFactory
from invoices.models import BillingCycle
import time
deadline = time.monotonic() + 20
while BillingCycle.objects.exclude(bulk_action="").exists() and time.monotonic() < deadline:
    BULK_ACTIONS.work(BillingCycle.objects.get().pk, at=now())
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.processes
def test_two_workers_at_one_bulk_action_issue_each_invoice_once_and_without_a_gap(frank: User):
    for _ in range(20):
        a_draft()
    start_bulk_action(october(), BulkAction.APPROVE, by=frank, at=NOVEMBER_3)
    work(october())
    start_bulk_action(october(), BulkAction.ISSUE, by=frank, at=NOVEMBER_3)

    at_once(WORK, WORK)

    numbers = sorted(Invoice.objects.values_list("number", flat=True))
    assert numbers == [f"INV-{number[4:8]}-{place:06d}" for place, number in enumerate(numbers, start=1)]
    assert october().bulk_action == ""


@pytest.mark.django_db
def test_a_draft_that_stands_out_is_left_for_a_person_who_looks_at_it(frank: User):
    plain = a_draft(name="Ash")
    empty = an_open_period(name="Birch", excluded_domains=["birch.example"])
    received(empty, 3, email="own@birch.example")
    flagged = billed(empty)

    start_bulk_action(october(), BulkAction.APPROVE, by=frank, at=NOVEMBER_3)
    work(october())

    plain.refresh_from_db()
    flagged.refresh_from_db()
    assert (plain.state, flagged.state, flagged.total) == ("approved", "draft", 0)
    assert october().bulk_action == ""


@pytest.mark.django_db
def test_what_a_bulk_action_skips_is_listed_with_the_refusal_until_it_is_done(frank: User, finance: Client) -> None:
    for name in ("Ash", "Birch", "Cedar"):
        a_draft(name=name)
    adjusted = Invoice.objects.get(customer__name="Birch")
    adjust(adjusted, amount=Decimal(-1), text="Goodwill", reason="Agreed", by=frank, at=NOVEMBER_3)

    start_bulk_action(october(), BulkAction.APPROVE, by=frank, at=NOVEMBER_3)
    work(october())
    work(october())  # a worker that comes late finds nothing to do

    act = last_bulk_actions(CycleStep.objects.order_by("pk"))["approve"]
    assert (act.kind, act.by, act.done) == ("approve", frank, 2)
    why = "You worked on this adjusted invoice, so another person must approve it."
    assert list(act.skipped.values_list("invoice", "name", "code", "message")) == [
        (adjusted.pk, f"Draft {adjusted.pk}, Birch", "adjuster_approves", why)
    ]
    start_bulk_action(october(), BulkAction.ISSUE, by=frank, at=NOVEMBER_3)
    work(october())
    assert "Skipped by “Approve all”, 1 of 3" in page_of_october(finance)
    assert why in page_of_october(finance)

    approve(adjusted, by=UserFactory.create(), at=NOVEMBER_3)

    assert why not in page_of_october(finance)


def page_of_october(browser: Client) -> str:
    answer = browser.get(reverse("admin:invoices_billingcycle_change", args=[october().pk]))
    return unescape(answer.content.decode())


@pytest.mark.django_db
def test_who_did_what_of_a_month_lists_every_act(frank: User, finance: Client) -> None:
    vera = with_role("Finance")
    a_price()
    received(an_open_period(name="Ash", billing_contacts=["books@ash.example"]), 1)
    run = start(Month(2026, 10), by=frank, at=NOVEMBER_3)
    bill(run.items.get().pk, at=NOVEMBER_3)
    reopen(Invoice.objects.get().period, reason="Wrong price", by=vera, at=NOVEMBER_3)
    run = start(Month(2026, 10), by=None, at=NOVEMBER_3)
    bill(run.items.get().pk, at=NOVEMBER_3)
    for action in (BulkAction.APPROVE, BulkAction.ISSUE, BulkAction.SEND):
        start_bulk_action(october(), action, by=frank, at=NOVEMBER_3)
        work(october())
    lock(october(), by=frank, at=NOVEMBER_3)
    invoice = void(Invoice.objects.get(), reason="Wrong address", by=vera, at=NOVEMBER_3)
    bill_again(invoice.period, by=vera, at=NOVEMBER_3)

    told = CycleStep.objects.order_by("pk").values_list("kind", "by", "about", "reason", "done")
    assert list(told) == [
        ("run", frank.pk, "October 2026", "", 0),
        ("period", vera.pk, "Ash 2026-10", "Wrong price", 0),
        ("run", None, "October 2026", "", 0),
        ("approve", frank.pk, "", "", 1),
        ("issue", frank.pk, "", "", 1),
        ("send", frank.pk, "", "", 1),
        ("locked", frank.pk, "", "", 0),
        ("void", vera.pk, "INV-2026-000001, Ash", "Wrong address", 0),
        ("rebill", vera.pk, "Ash 2026-10", "", 0),
    ]
    text = " ".join(page_of_october(finance).split())
    for words in (
        f"<b>Billing run started</b> <em>October 2026</em> <span>by {frank}</span>",
        "<b>Billing run started</b> <em>October 2026</em> <span>by its schedule</span>",
        f"<b>Issue all</b> <em>1 done</em> <span>by {frank}</span>",
        f"<b>Invoice voided</b> <em>INV-2026-000001, Ash</em> <span>by {vera}</span>",
    ):
        assert words in text


@pytest.mark.django_db
def test_what_an_act_on_chosen_rows_skips_stays_on_the_list_until_the_next_one(frank: User, finance: Client) -> None:
    drafts = [a_draft(name=name) for name in ("Ash", "Birch", "Cedar", "Dogwood", "Elm")]
    for draft in drafts[1:]:
        adjust(draft, amount=Decimal(-1), text="Goodwill", reason="Agreed", by=frank, at=NOVEMBER_3)
    address, chosen = reverse("admin:invoices_invoice_changelist"), [draft.pk for draft in drafts]

    answer = finance.post(address, {"action": "approve_chosen", "_selected_action": chosen}, follow=True)

    told = [str(message) for message in answer.context["messages"]]
    assert told == ["Skipped: 4. See the list for the reasons.", "Approved: 1"]
    for shown in (answer.content.decode(), finance.get(address).content.decode()):
        assert "Approved: 1. Skipped: 4" in shown
        assert shown.count("You worked on this adjusted invoice, so another person must approve it.") == 4
    finance.post(address, {"action": "issue_chosen", "_selected_action": [drafts[0].pk]})
    assert "Skipped" not in finance.get(address).content.decode()
