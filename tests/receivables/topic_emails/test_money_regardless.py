"""Emails about money owed go to the billing contacts whatever they switched off; monthly statements don't."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.auth.models import User

from billing_engine.core.calendar.spans import Month
from invoices.domain.mail.request import send
from leads.domain.memberships.emails import Reader, choose
from leads.models import Customer, EmailTopic
from receivables.domain.reminders.run import start
from receivables.domain.reminders.schedule import set_levels
from receivables.domain.reminders.sending import REMINDERS
from receivables.domain.statements.requesting import request_month
from receivables.domain.statements.sending import STATEMENTS
from receivables.models import StatementMail
from tests.factories.leads import CustomerFactory
from tests.invoices.made import a_draft, issued, posted
from tests.invoices.post import PostOffice
from tests.receivables.mailing.made import invoiced

pytestmark = pytest.mark.django_db

DECEMBER_10 = datetime(2026, 12, 10, 12, tzinfo=UTC)
BOOKS, CHIEF = "books@ash.example", "chief@ash.example"


def switch_off(customer: Customer, *emails: str) -> None:
    for topic in EmailTopic:
        for email in emails:
            choose(Reader(customer, email, topic), is_wanted=False, by=customer, at=DECEMBER_10)


def statements_sent(customer: Customer) -> None:
    invoiced(customer, 100, on=date(2026, 11, 3))
    request_month(Month(2026, 11), by=None, at=DECEMBER_10)
    for message in STATEMENTS.due(at=DECEMBER_10):
        STATEMENTS.work(**message, at=DECEMBER_10)


def test_an_invoice_and_a_reminder_go_to_who_switched_everything_off(frank: User, post_office: PostOffice) -> None:
    invoice = issued(a_draft(3, name="Ash", billing_contacts=[BOOKS]), frank)
    switch_off(invoice.customer, BOOKS)
    posted(send(invoice, by=frank, at=DECEMBER_10), at=DECEMBER_10)
    set_levels(None, {1: 5}, by=frank)
    start(None, by=frank, at=DECEMBER_10)
    for message in REMINDERS.due(at=DECEMBER_10):
        REMINDERS.work(**message, at=DECEMBER_10)

    assert post_office.recipients == [[BOOKS], [BOOKS]]
    assert [mail["Subject"].partition(":")[0] for mail in post_office.arrived] == [
        f"Invoice {invoice}, October 2026",
        "Overdue since December 3, 2026",
    ]
    for mail in post_office.arrived:
        html = mail.get_body(("html",))
        assert html is not None
        assert "Emails about money owed can’t be switched off." in html.get_content()
        assert mail["List-Unsubscribe"] is None


def test_each_contact_gets_a_monthly_statement_of_their_own_that_only_they_can_stop(post_office: PostOffice) -> None:
    customer = CustomerFactory.create(billing_contacts=[BOOKS, CHIEF, "off@ash.example"])
    switch_off(customer, "off@ash.example")
    statements_sent(customer)

    assert post_office.recipients == [[BOOKS], [CHIEF]]
    assert [mail["To"] for mail in post_office.arrived] == [BOOKS, CHIEF]
    assert len({mail["List-Unsubscribe"] for mail in post_office.arrived}) == 2
    assert len({mail["Message-ID"] for mail in post_office.arrived}) == 1
    mail = StatementMail.objects.get()
    assert (mail.state, mail.accepted) == ("sent", [BOOKS, CHIEF])


def test_a_statement_that_all_contacts_switched_off_says_so(post_office: PostOffice) -> None:
    customer = CustomerFactory.create(billing_contacts=[BOOKS])
    switch_off(customer, BOOKS)
    statements_sent(customer)

    assert post_office.arrived == []
    mail = StatementMail.objects.get()
    assert (mail.state, mail.reason) == ("dropped", "All of the customer's contacts switched monthly statements off.")
