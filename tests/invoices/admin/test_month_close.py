"""The page of the month close: the sums that must agree, the blockers, and the amounts to the cent."""

from collections import Counter
from datetime import datetime
from decimal import Decimal
from html import unescape

import pytest
import time_machine
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Count
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from invoices.domain.month_close.close_month import create_missing_months, lock
from invoices.domain.run.billing_run import bill, start
from invoices.domain.run.blockers import BILLED, SETTLED
from invoices.models import BillingCycle, Invoice
from invoices.queries.cycle import excluded_in, money_of
from leads.models import Action
from pricing.domain.rate.rate import rate
from pricing.domain.waive import waive
from pricing.models import Charge, PeriodTally
from tests.factories.invoices import InvoiceMailFactory
from tests.factories.leads import DeliveryFactory, QuarantinedItemFactory
from tests.factories.people import with_role
from tests.invoices.made import (
    IN_OCTOBER,
    NOVEMBER_3,
    OCTOBER,
    a_draft,
    a_price,
    an_open_period,
    approved,
    billed,
    issued,
    received,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _on_the_third_of_november() -> object:
    with time_machine.travel(NOVEMBER_3, tick=False):
        yield


@pytest.fixture
def frank() -> User:
    return with_role("Finance")


def october() -> BillingCycle:
    create_missing_months()
    return BillingCycle.objects.get(label="2026-10")


def page(browser: Client) -> str:
    answer = browser.get(reverse("admin:invoices_billingcycle_change", args=[october().pk]))
    assert answer.status_code == 200
    return " ".join(unescape(answer.content.decode()).split())


def test_a_tally_says_how_many_were_excluded_for_which_reason_also_when_it_goes_on():
    a_price()
    period = an_open_period(excluded_domains=["acme.example"])
    received(period, 1, 2, email="own@acme.example")
    received(period, 3, is_test=True)
    rate(period, at=NOVEMBER_3)
    received(period, 4, email="more@acme.example", at=datetime(2026, 10, 16, tzinfo=IN_OCTOBER.tzinfo))
    received(period, 5)
    rate(period, at=NOVEMBER_3)

    counted = dict(Charge.objects.exclude(reason="").values_list("reason").annotate(Count("pk")))
    assert counted == {"excluded_contact": 3, "test_lead": 1}
    assert PeriodTally.objects.get().excluded_by == counted
    assert excluded_in("2026-10") == Counter(counted)


def test_what_is_charged_is_on_invoices_by_their_state_or_not_billed_yet_to_the_last_digit(frank: User):
    a_price("0.333333")
    open_period = an_open_period()
    received(open_period, 1)
    rate(open_period, at=NOVEMBER_3)
    for step, quantity in ((None, 2), (approved, 3), (issued, 4)):
        period = an_open_period(monthly_minimum=Decimal(2), tax_rate=10)
        received(period, quantity)
        invoice = billed(period)
        if step:
            step(invoice, frank)

    [money] = money_of("2026-10")

    assert (money.charged, money.unaccounted, money.adds_up) == (Decimal("3.333330"), 0, True)
    assert {what: dict(amounts) for what, amounts in money.parts.items()} == {
        "charges": {
            "unbilled": Decimal("0.333333"),
            "draft": Decimal("0.666666"),
            "approved": Decimal("0.999999"),
            "issued": Decimal("1.333332"),
        },
        "rounding": {"draft": Decimal("0.003334"), "approved": Decimal("0.000001"), "issued": Decimal("-0.003332")},
        "minimum": {"draft": Decimal("1.330"), "approved": Decimal("1.000"), "issued": Decimal("0.670")},
        "tax": {"draft": Decimal("0.200"), "approved": Decimal("0.200"), "issued": Decimal("0.200")},
        "total": {"draft": Decimal("2.200"), "approved": Decimal("2.200"), "issued": Decimal("2.200")},
    }


def test_unaccounted_money_is_shown_on_the_page(finance: Client):
    a_draft(4)
    PeriodTally.objects.update(amount=11)

    text = page(finance)

    assert "does not add up: +$1.00" in text
    assert "charged $11.00" in text


def test_the_page_shows_the_sums_and_the_blockers(finance: Client):
    DeliveryFactory.create(
        received_at=IN_OCTOBER, actions_received=9, actions_created=6, actions_duplicate=2, actions_quarantined=1
    )
    QuarantinedItemFactory.create(received_at=IN_OCTOBER)
    a_draft(3, name="Acme")
    period = an_open_period(name="Borg", currency="EUR")
    received(period, 1)
    rate(period, at=NOVEMBER_3)

    text = page(finance)

    for words in (
        "October 2026",
        "1 of 2 periods billed",
        "1 draft to go",
        "<b>1</b> <strong>in quarantine</strong>",
        "<b>1</b> <strong>unrated</strong>",
        "adds up",
        "charged $7.50, by state",
    ):
        assert words in text
    assert "does not add up" not in text


def test_failed_emails_are_shown_by_reason_and_link_to_the_list(finance: Client, frank: User):
    for name in ("Acme", "Borg", "Cedar", "Dune"):
        contacts = [] if name == "Dune" else [f"books@{name.lower()}.example"]
        invoice = issued(a_draft(1, name=name, billing_contacts=contacts), frank)
        if contacts:
            words = "451 Later" if name == "Cedar" else f"550 <{contacts[0]}>: no such box"
            facts = {"state": "failed", "settled_at": NOVEMBER_3, "requested_at": NOVEMBER_3}
            InvoiceMailFactory.create(invoice=invoice, to=contacts, reason=words, **facts)
    failed_document = Invoice.objects.get(customer__name="Acme").documents
    failed_document.update(state="failed", reason="Too large", next_attempt_at=None)

    told = page(finance)

    for words in (
        "<b>3</b> <strong>could not be sent</strong></a> <span>2 × 550 …: no such box, 1 × 451 Later</span>",
        "<b>1</b> <strong>without their PDF</strong>",
        "<b>1</b> <strong>without billing contacts</strong></a> <span>Send all skips them: Dune</span>",
        "4 issued invoices to go",
    ):
        assert words in told
    mails = finance.get(reverse("admin:invoices_invoicemail_changelist"), {"month": "2026-10", "attention": "yes"})
    assert len(mails.context["cl"].result_list) == 3
    no_contacts = finance.get(reverse("admin:invoices_invoice_changelist"), {"month": "2026-10", "sent": "no_contacts"})
    assert [row.customer.name for row in no_contacts.context["cl"].result_list] == ["Dune"]
    without = finance.get(reverse("admin:invoices_invoice_changelist"), {"month": "2026-10", "document": "failed"})
    assert [row.customer.name for row in without.context["cl"].result_list] == ["Acme"]


def test_send_all_lists_skipped_customers_and_says_where_emails_go(
    finance: Client, frank: User, settings: LazySettings
):
    issued(a_draft(1, name="Acme", billing_contacts=["books@acme.example"]), frank)
    issued(a_draft(1, name="Dune"), frank)
    address = reverse("admin:invoices_billingcycle_send_all", args=[october().pk])

    dialog = unescape(finance.get(address).content.decode())

    assert "Send 1 invoice of October 2026 by email?" in dialog
    assert "Skipped, without billing contacts: Dune." in dialog
    assert "They will not be delivered: emails are only recorded here (locmem, not a mail server)." in dialog
    settings.HTTPS = True
    assert "send_all" not in page(finance)


def test_finance_locks_the_month_from_its_page_and_a_refusal_is_shown_in_the_dialog(finance: Client):
    a_draft()
    an_open_period(name="Ash")
    address = reverse("admin:invoices_billingcycle_lock", args=[october().pk])

    refused = finance.post(address, {"reason": ""})

    assert "Still open: 1 billing period (Ash)." in refused.content.decode()
    assert october().state == "open"


def test_a_viewer_sees_the_page_and_no_button(viewer_client: Client):
    a_draft()

    text = page(viewer_client)

    assert "Approve all" not in text
    assert "1 draft to go" in text
    refused = viewer_client.post(reverse("admin:invoices_billingcycle_lock", args=[october().pk]), {"reason": ""})
    assert (refused.status_code, october().state) == (403, "open")


@pytest.fixture
def viewer_client(db: None) -> Client:
    browser = Client()
    browser.force_login(with_role("Viewer"))
    return browser


def test_the_page_costs_the_same_number_of_queries_however_much_the_month_holds(finance: Client, frank: User):
    a_draft()
    page(finance)
    with CaptureQueriesContext(
        connection,
    ) as few:
        page(finance)
    for _ in range(5):
        a_draft()
    with CaptureQueriesContext(connection) as many:
        page(finance)

    assert len(many) == len(few) <= 56  # each card, sum, step, name and guard asks once


def test_the_page_says_who_locked_the_month(finance: Client, frank: User):
    a_draft()
    lock(october(), by=frank, at=NOVEMBER_3)

    text = page(finance)

    assert f"<b>Locked</b> <span>by {frank}</span>" in text


def test_a_resolved_cause_blocks_nothing_and_the_page_says_what_is_next(finance: Client, frank: User) -> None:
    period = an_open_period(name="Ash")
    received(period, 1)
    run = start(OCTOBER, by=frank, at=NOVEMBER_3)
    bill(run.items.get().pk, at=NOVEMBER_3)
    address = reverse("admin:invoices_billingrun_change", args=[run.pk])
    words = "1 action is unrated. Operations must add a price rule for it, or waive it with a reason."
    before = page(finance)
    assert "<b>1</b> <strong>could not be billed</strong>" in before
    assert words in before
    assert words in unescape(finance.get(address).content.decode())

    waive(Action.objects.get(), note="A gift", by=frank, at=NOVEMBER_3)
    rate(period, at=NOVEMBER_3)

    after = page(finance)
    assert "could not be billed" not in after
    assert "Start billing run" in after
    assert "0 of 1 periods billed" in after
    assert SETTLED in unescape(finance.get(address).content.decode())
    bill(start(OCTOBER, by=frank, at=NOVEMBER_3).items.get().pk, at=NOVEMBER_3)
    assert BILLED in unescape(finance.get(address).content.decode())
