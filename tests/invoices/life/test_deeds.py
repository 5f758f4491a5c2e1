"""Every step of an invoice is one deed that names the person, also where a worker carries it out."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from billing_engine.core import log_context
from billing_engine.core.models import Deed
from invoices.domain.life.adjustments import adjust, withdraw
from invoices.domain.life.reopen import regenerate, reopen, void
from invoices.domain.life.transitions import approve, issue, send_back
from invoices.domain.mail.request import send
from invoices.domain.month_close.bulk_action import BULK_ACTIONS, start_bulk_action
from invoices.domain.month_close.close_month import create_missing_months
from invoices.domain.run.billing_run import BILLS, pause, resume, start
from invoices.models import BillingCycle, Invoice
from tests.factories.people import UserFactory
from tests.invoices.made import NOVEMBER_3, OCTOBER, a_draft, a_price, an_open_period, issued, posted, received

pytestmark = pytest.mark.django_db


@pytest.fixture
def vera(db: None) -> User:
    return UserFactory.create(username="vera")


def told(*verbs: str) -> list[tuple[str, User | None, str, dict[str, Any], dict[str, Any]]]:
    found = Deed.objects.order_by("pk")
    found = found.filter(verb__in=verbs) if verbs else found
    return [(deed.verb, deed.person, deed.reason, deed.before, deed.after) for deed in found]


def test_the_steps_of_an_invoice_each_with_who_why_before_and_after(accountant: User, vera: User) -> None:
    draft = a_draft(4)
    line = adjust(draft, amount=Decimal(-2), text="Goodwill", reason="Asked", by=accountant, at=NOVEMBER_3)
    withdraw(line, by=accountant)
    approve(draft, by=vera, at=NOVEMBER_3)
    send_back(draft, by=accountant)
    fresh = regenerate(draft, by=accountant, at=NOVEMBER_3)
    assert fresh is not None
    approve(fresh, by=vera, at=NOVEMBER_3)
    number = issue(fresh, by=vera, at=NOVEMBER_3).number
    void(fresh, reason="Wrong address", by=accountant, at=NOVEMBER_3)

    found = told()

    assert [(verb, person, reason) for verb, person, reason, *_ in found] == [
        ("invoice_adjusted", accountant, "Asked"),
        ("adjustment_withdrawn", accountant, ""),
        ("invoice_approved", vera, ""),
        ("invoice_sent_back", accountant, ""),
        ("invoice_regenerated", accountant, ""),
        ("invoice_approved", vera, ""),
        ("invoice_issued", vera, ""),
        ("invoice_voided", accountant, "Wrong address"),
    ]
    assert found[0][3:] == ({"total": "$10.00"}, {"adjustment": "Goodwill", "amount": "-2", "total": "$8.00"})
    assert found[6][3:] == (
        {"state": "approved"},
        {
            "state": "issued",
            "number": number,
            "issued_on": "2026-11-03",
            "due_on": "2026-12-03",
            "total": "$10.00",
        },
    )
    touched = {"leads.billingperiod", "leads.customer", "invoices.invoice"}
    assert all(touched <= {each.partition(":")[0] for each in deed.objects_touched} for deed in Deed.objects.all())


def test_a_reopened_period_names_the_draft_that_was_deleted(accountant: User, vera: User) -> None:
    draft = a_draft(4)
    name = str(draft)

    reopen(draft.period, reason="Wrong price", by=vera, at=NOVEMBER_3)

    [(verb, person, reason, before, after)] = told()
    assert (verb, person, reason, after) == ("period_reopened", vera, "Wrong price", {})
    assert (before["draft"], before["total"]) == (name, "$10.00")


def test_what_a_worker_does_for_a_person_names_the_person_and_the_task(accountant: User) -> None:
    accountant.is_superuser = True
    accountant.save()
    draft = a_draft()
    create_missing_months()
    month = BillingCycle.objects.get(label="2026-10")
    start_bulk_action(month, BillingCycle.BulkAction.APPROVE, by=accountant, at=NOVEMBER_3)

    log_context.begin(task="invoices.bulk_action")
    while BULK_ACTIONS.work(month.pk, at=NOVEMBER_3):
        pass
    log_context.end()

    approved = Deed.objects.on(draft).get()
    assert (approved.verb, approved.person, approved.actor, approved.task) == (
        "invoice_approved",
        accountant,
        "person",
        "invoices.bulk_action",
    )
    assert told("approve_all_started") == [("approve_all_started", accountant, "", {}, {"invoices": 1})]


def test_a_run_and_each_period_that_it_bills_are_deeds_of_who_started_it(accountant: User, vera: User) -> None:
    a_price()
    received(an_open_period(), 4)
    run = start(OCTOBER, by=accountant, at=NOVEMBER_3)
    pause(run, by=vera, at=NOVEMBER_3)
    resume(run, by=vera)
    resume(run, by=vera)
    BILLS.work([run.items.get().pk], at=NOVEMBER_3)

    draft = Invoice.objects.get()
    assert told() == [
        ("billing_run_started", accountant, "", {}, {"cycle": "2026-10", "periods": 1}),
        ("billing_run_paused", vera, "", {}, {}),
        ("billing_run_resumed", vera, "", {}, {}),
        ("period_billed", accountant, "", {}, {"draft": str(draft), "total": "$10.00"}),
    ]
    assert Deed.objects.about(draft).get().verb == "period_billed"


def test_an_email_is_asked_for_by_a_person_and_sent_by_the_engine(accountant: User) -> None:
    invoice = issued(a_draft(billing_contacts=["ap@example.com"]), accountant)
    mail = send(invoice, by=accountant, at=NOVEMBER_3)

    posted(mail, at=NOVEMBER_3)

    asked, settled = told("email_requested", "email_sent", "email_not_sent")
    assert (asked[1], asked[4]["to"]) == (accountant, ["ap@example.com"])
    # Tests have no mail server, and what is only written is not called sent.
    assert (settled[0], settled[1], settled[4]["state"]) == ("email_not_sent", None, "written")
