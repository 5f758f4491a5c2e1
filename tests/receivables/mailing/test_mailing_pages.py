"""The pages of what goes out: a statement by hand, monthly statements, those of a month, and the timetable of reminders."""

from collections.abc import Iterator
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from receivables.domain.reminders.schedule import set_levels
from receivables.domain.reminders.timetable import STARTS, set_timetable
from receivables.models import ReminderTimetable, StatementMail, StatementSchedule
from tests.factories.people import with_role
from tests.invoices.post import PostOffice
from tests.receivables.mailing.made import invoiced
from tests.receivables.mailing.test_statements import DAY, DECEMBER_1, a_customer, send

pytestmark = pytest.mark.django_db

BULK = reverse("admin:receivables_statements_bulk")
LOG = reverse("admin:receivables_statementmail_changelist")
TIMETABLE = reverse("admin:receivables_remindertimetable_changelist")
RUNS = reverse("admin:receivables_reminderrun_changelist")


@pytest.fixture(autouse=True)
def _december_1() -> Iterator[None]:
    with time_machine.travel(DECEMBER_1, tick=False):
        yield


def text_of(answer: HttpResponse) -> str:
    return " ".join(unescape(answer.content.decode()).split())


def dialog(name: str, row: Any) -> str:
    return reverse(f"admin:leads_customer_{name}", args=[row.pk])


def test_a_statement_is_emailed_from_the_account(finance: Client, frank: User, post_office: PostOffice) -> None:
    ash = a_customer()
    invoiced(ash, 100)
    address = dialog("email_statement", ash)
    account = text_of(finance.get(reverse("admin:receivables_account", args=[ash.pk])))
    assert (address in account, "Statements of account: off" in account) == (True, True)

    shown = text_of(finance.get(address))
    assert ("books@ash.example" in shown, "2026-12-01" in shown) == (True, True)
    answers = {
        "account": "USD-0",
        "first": "2026-11-01",
        "last": "2026-12-02",
        "to": "cfo@ash.example",
        "request": str(uuid4()),
    }
    assert "Choose a last day up to December 1, 2026" in text_of(finance.post(address, answers))
    assert StatementMail.objects.count() == 0

    answers["last"] = "2026-11-30"
    for _ in range(2):
        assert "Requested." in text_of(finance.post(address, answers, follow=True))
    send(DECEMBER_1)
    mail = StatementMail.objects.get()
    assert (mail.state, mail.requested_by, post_office.recipients) == ("sent", frank, [["cfo@ash.example"]])
    page = reverse("admin:receivables_statementmail_change", args=[mail.pk])
    assert mail.paper is not None
    assert mail.paper.sha256 in text_of(finance.get(page))
    pdf = finance.get(f"{page.removesuffix('change/')}download_pdf/")
    assert pdf.content == bytes(mail.paper.content or b"")


def test_a_customer_without_an_account_is_sent_nothing(finance: Client) -> None:
    assert "The customer has no account yet" in text_of(finance.get(dialog("email_statement", a_customer())))


def test_monthly_statements_are_switched_on_and_off(finance: Client) -> None:
    ash = a_customer()
    address = dialog("monthly_statements", ash)

    assert "The next one is due on January 1, 2027." in text_of(
        finance.post(address, {"monthly": "monthly"}, follow=True)
    )
    assert StatementSchedule.objects.get().is_monthly
    assert "Monthly statements are off." in text_of(finance.post(address, {"monthly": "off"}, follow=True))


def test_the_statements_of_a_month_are_counted_before_they_are_sent(finance: Client) -> None:
    invoiced(a_customer("ASH"), 100)
    invoiced(a_customer("BIRCH", billing_contacts=[]), 20)
    shown = text_of(finance.get(BULK))
    for words in ("1 statement, $100.00 closing balance", "Send 1 statement", "1 left out", "No billing contacts. (1)"):
        assert words in shown
    assert StatementMail.objects.count() == 0

    assert "1 requested." in text_of(finance.post(BULK, {"month": "2026-11", "company": ""}, follow=True))
    shown = text_of(finance.get(BULK, {"month": "2026-11"}))
    assert ("Requested on December 1, 2026: waiting." in shown, "Send 1" in shown) == (True, False)
    assert finance.get(LOG).context["cl"].result_count == 1


def test_a_viewer_sees_the_dry_run_and_sends_nothing(client: Client) -> None:
    ash = a_customer()
    invoiced(ash, 100)
    client.force_login(with_role("Viewer"))

    assert "Send 1 statement" not in text_of(client.get(BULK))
    assert client.post(BULK, {"month": "2026-11"}).status_code == 403
    assert client.post(dialog("email_statement", ash)).status_code == 403
    assert client.post(dialog("monthly_statements", ash)).status_code == 403
    assert StatementMail.objects.count() == 0


def test_the_timetable_is_set_and_says_how_the_last_run_went(finance: Client, frank: User) -> None:
    new = f"{TIMETABLE}set-timetable/"
    asked = {"seller": "0", "is_on": "on", "hour": "8"}
    assert "This company has no schedule of reminders." in text_of(finance.post(new, asked))
    assert ReminderTimetable.objects.count() == 0

    set_levels(None, {1: 7}, by=frank)
    assert "Each day from 8:00 UTC" in text_of(finance.post(new, asked, follow=True))
    at = DECEMBER_1 + DAY
    for message in STARTS.due(at=at):
        STARTS.work(**message, at=at)
    assert "December 2, 2026: nothing was due" in text_of(finance.get(TIMETABLE))
    runs = text_of(finance.get(RUNS))
    assert ("Nothing was due" in runs, "By itself" in runs) == (True, True)
    set_timetable(None, hour=8, is_on=False, by=frank, at=at)
    assert "Off" in text_of(finance.get(TIMETABLE))
