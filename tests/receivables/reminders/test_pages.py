"""The pages of reminders: levels, preview and start, the run, the log with what is in doubt, and pauses."""

from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from receivables.models import Reminder, ReminderPause, ReminderRun, ReminderSchedule
from tests.factories.people import with_role
from tests.invoices.post import PostOffice
from tests.receivables.reminders.made import a_schedule, an_invoice, at_day, run_at

pytestmark = pytest.mark.django_db

PREVIEW = reverse("admin:receivables_reminder_preview")
LEVELS = reverse("admin:receivables_reminderschedule_changelist")
PAUSES = reverse("admin:receivables_reminderpause_changelist")
RUNS = reverse("admin:receivables_reminderrun_changelist")
LOG = reverse("admin:receivables_reminder_changelist")


@pytest.fixture
def frank(client: Client) -> User:
    frank = with_role("Finance")
    client.force_login(frank)
    return frank


@pytest.fixture(autouse=True)
def _eight_days_late() -> Iterator[None]:
    with time_machine.travel(at_day(8), tick=False):
        yield


def text_of(answer: HttpResponse) -> str:
    return unescape(answer.content.decode())


def press(client: Client, name: str, row: Any, /, **answers: str) -> str:
    address = reverse(f"admin:receivables_{row._meta.model_name}_{name}", args=[row.pk])
    return text_of(client.post(address, answers, follow=True))


def test_the_levels_of_a_company_are_set_with_their_texts(frank: User, client: Client) -> None:
    answer = client.post(f"{LEVELS}set-levels/", {"seller": "0", "days": "-3, 7, 30"}, follow=True)
    assert "3 days before due" in text_of(answer)
    assert list(ReminderSchedule.objects.order_by("level").values_list("days", flat=True)) == [-3, 7, 30]

    answer = client.post(f"{LEVELS}set-levels/", {"seller": "0", "days": "7, 3"})
    assert "Each level must come later" in text_of(answer)
    level = ReminderSchedule.objects.get(level=2)
    text = {"language": "en", "subject": "{fee}", "body": "{invoices}"}
    assert "Unknown: {fee}." in press(client, "edit_text", level, **text)
    assert "Pay {total}" in press(client, "edit_text", level, **text | {"subject": "Pay {total}"})


def test_a_run_is_previewed_started_and_followed(frank: User, client: Client, post_office: PostOffice) -> None:
    a_schedule()
    an_invoice()
    shown = text_of(client.get(PREVIEW))
    assert ("1 email, $10.00 to pay" in shown, "INV-2026-000001" in shown) == (True, True)

    assert "Started." in text_of(client.post(PREVIEW, {"seller": "0"}, follow=True))
    run = ReminderRun.objects.get()
    assert "Stopped." in press(client, "stop", run)
    assert "Resumed." in press(client, "resume", run)
    assert "Reminders of today were already started." in text_of(client.post(PREVIEW, {"seller": "0"}, follow=True))
    for address in (RUNS, LOG):
        assert client.get(address).context["cl"].result_count == 1


def test_a_person_decides_what_was_perhaps_sent(frank: User, client: Client, post_office: PostOffice) -> None:
    a_schedule()
    an_invoice()
    post_office.dies_after = True
    run_at(at_day(8))
    reminder = Reminder.objects.get()
    page = text_of(client.get(reverse("admin:receivables_reminder_change", args=[reminder.pk])))
    assert ("Perhaps sent" in page, reminder.message_id in page) == (True, True)

    assert "Counted as sent." in press(client, "it_arrived", reminder)
    reminder.refresh_from_db()
    assert (reminder.state, reminder.decided_by) == ("sent", frank)


def test_a_customer_is_paused_and_resumed(frank: User, client: Client) -> None:
    code = an_invoice().customer.code
    new = f"{PAUSES}pause-reminders/"
    assert "No invoice has this number." in text_of(
        client.post(new, {"customer": code, "document": "X", "reason": "Y"})
    )
    entered = {"customer": code, "document": "INV-2026-000001", "reason": "We check it", "until": "2027-01-01"}
    assert "Paused." in text_of(client.post(new, entered, follow=True))
    assert "Resumed." in press(client, "resume", ReminderPause.objects.get())


def test_a_viewer_sees_the_preview_and_starts_nothing(client: Client) -> None:
    a_schedule()
    an_invoice()
    client.force_login(with_role("Viewer"))

    assert "Send 1 reminder" not in text_of(client.get(PREVIEW))
    assert client.post(PREVIEW, {"seller": "0"}).status_code == 403
    assert client.get(f"{LEVELS}set-levels/").status_code == 403
    assert ReminderRun.objects.count() == 0
