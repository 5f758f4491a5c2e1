"""A run of reminders: once a day, one email to each customer, read again when it is sent, never twice by itself."""

import os
import signal
from datetime import timedelta

import pytest

from billing_engine.core.models import Deed
from receivables.domain.papers.claimed import LEASE
from receivables.domain.papers.doubt import NotInDoubt, count_as_sent, send_again
from receivables.domain.reminders.letter import BadReminderText, save_text
from receivables.domain.reminders.run import (
    NoLevels,
    RanToday,
    RunIsNotStopped,
    RunIsOver,
    preview,
    progress,
    resume,
    start,
    stop,
)
from receivables.domain.reminders.sending import REMINDERS
from receivables.models import Reminder, ReminderItem, ReminderRun, ReminderSchedule, ReminderText
from tests.factories.people import with_role
from tests.invoices.post import PostOffice
from tests.processes import PROLOGUE, at_once, fork
from tests.receivables.reminders.made import (
    a_schedule,
    an_invoice,
    another_invoice,
    at_day,
    outcomes,
    paid,
    run_at,
    send,
)

pytestmark = pytest.mark.django_db


def test_one_email_has_all_invoices_of_a_customer_and_says_that_nothing_is_charged(post_office: PostOffice) -> None:
    a_schedule()
    another_invoice(an_invoice(4), 8)
    an_invoice(2, name="Birch")
    run_at(at_day(8))

    assert outcomes() == [("Ash", 2, "sent"), ("Birch", 2, "sent")]
    ash, birch = sorted(post_office.arrived, key=lambda mail: str(mail["To"]))
    assert (ash["Subject"], birch["Subject"]) == (
        "Overdue since December 3, 2026: $30.00",
        "Overdue since December 3, 2026: $5.00",
    )
    assert ash.get_body(("plain",)).get_content().replace("\r\n", "\n") == (
        "Hello Ash,\n\n$30.00 is overdue. Is something wrong with it? Tell us, and we stop reminding you of that part.\n\n"
        "INV-2026-000001, due December 3, 2026: $10.00\nINV-2026-000002, due December 3, 2026: $20.00\n\n$30.00 in all.\n\n"
        "If the payment is on its way, there is nothing to do. No fee and no interest is charged for this.\n\n"
        "Lead Billing Engine\n\n-- \n"
        "You get this as a billing contact of Ash. Emails about money owed can’t be switched off.\nLead Billing Engine\n"
    )
    assert sorted(ReminderItem.objects.values_list("amount", flat=True)) == [5, 10, 20]


def test_a_run_is_started_once_a_day_by_whomever(post_office: PostOffice) -> None:
    a_schedule()
    an_invoice()
    run_at(at_day(8))
    with pytest.raises(RanToday):
        start(None, by=with_role("Finance"), at=at_day(8) + timedelta(hours=1))
    run_at(at_day(9))

    assert outcomes() == [("Ash", 2, "sent")]
    assert ReminderRun.objects.count() == 2


def test_without_a_schedule_nothing_starts() -> None:
    an_invoice()
    with pytest.raises(NoLevels):
        start(None, by=with_role("Finance"), at=at_day(8))

    assert ReminderRun.objects.count() == 0


def test_the_preview_is_what_is_sent(post_office: PostOffice) -> None:
    a_schedule()
    an_invoice()
    shown = [(each.customer.name, each.level, each.totals()) for each in preview(None, at=at_day(8))]

    assert shown == [("Ash", 2, {"USD": 10})]
    assert Reminder.objects.count() == 0


def test_what_is_owed_is_read_again_when_the_email_is_sent(post_office: PostOffice) -> None:
    a_schedule()
    ash, birch = an_invoice(name="Ash"), an_invoice(name="Birch")
    start(None, by=with_role("Finance"), at=at_day(8))
    paid(ash, 10, at=at_day(8))
    paid(birch, 4, at=at_day(8))
    send(at_day(8))

    assert outcomes() == [("Ash", 2, "dropped"), ("Birch", 2, "sent")]
    [mail] = post_office.arrived
    assert "INV-2026-000002, due December 3, 2026: $6.00" in mail.get_body(("plain",)).get_content()


def test_a_customer_whose_email_fails_stops_no_other(post_office: PostOffice) -> None:
    a_schedule()
    an_invoice(name="Ash")
    an_invoice(name="Birch")
    an_invoice(name="Cedar", billing_contacts=[])
    post_office.refuses = {"books@ash.example": "550 No such user"}
    run = run_at(at_day(8))

    assert outcomes() == [("Ash", 2, "failed"), ("Birch", 2, "sent"), ("Cedar", 2, "failed")]
    assert progress(run) == {"failed": 2, "sent": 1}


def test_a_run_that_is_stopped_sends_nothing_until_it_goes_on(post_office: PostOffice) -> None:
    a_schedule()
    an_invoice()
    by = with_role("Finance")
    run = start(None, by=by, at=at_day(8))
    stop(run, by=by, at=at_day(8))
    send(at_day(8))
    assert post_office.arrived == []

    resume(run, by=by)
    send(at_day(8))
    assert outcomes() == [("Ash", 2, "sent")]
    run.refresh_from_db()
    with pytest.raises(RunIsOver):
        stop(run, by=by, at=at_day(8))
    with pytest.raises(RunIsNotStopped):
        resume(run, by=by)


def test_an_email_whose_end_nobody_saw_is_perhaps_sent_and_a_person_decides(post_office: PostOffice) -> None:
    a_schedule()
    an_invoice()
    by = with_role("Finance")
    post_office.dies_after = True
    run_at(at_day(8))
    reminder = Reminder.objects.get()
    assert (reminder.state, reminder.may_have_arrived) == ("perhaps", True)
    send(at_day(12))
    assert len(post_office.arrived) == 1

    post_office.dies_after = False
    send_again(reminder, by=by, at=at_day(12))
    send(at_day(12))
    assert outcomes() == [("Ash", 2, "sent")]
    assert [mail["Message-ID"] for mail in post_office.arrived] == [reminder.message_id] * 2
    with pytest.raises(NotInDoubt):
        count_as_sent(reminder, by=by)


def test_a_person_counts_it_as_sent_and_the_level_is_not_told_again(post_office: PostOffice) -> None:
    a_schedule()
    an_invoice()
    post_office.dies_after = True
    run_at(at_day(8))
    assert list(preview(None, at=at_day(9))) == []
    count_as_sent(Reminder.objects.get(), by=with_role("Finance"))

    assert outcomes() == [("Ash", 2, "sent")]
    assert list(preview(None, at=at_day(9))) == []
    assert Deed.objects.filter(verb="email_counted_as_sent").count() == 1


def test_a_level_has_a_text_in_the_customers_language(post_office: PostOffice) -> None:
    a_schedule()
    by, level = with_role("Finance"), ReminderSchedule.objects.get(level=2)
    save_text(level, "de", "Rechnung: {total}", "Guten Tag {customer},\n\n{invoices}", by=by)
    an_invoice(name="Ash")
    an_invoice(name="Birke", locale="de_DE")
    run_at(at_day(8))

    subjects = sorted(str(mail["Subject"]) for mail in post_office.arrived)
    assert subjects == ["Overdue since December 3, 2026: $10.00", "Rechnung: 10,00 $"]


@pytest.mark.parametrize("words", ["{fee}", "{total", "}"])
def test_a_text_with_an_unknown_placeholder_is_refused(words: str) -> None:
    a_schedule()
    with pytest.raises(BadReminderText):
        save_text(ReminderSchedule.objects.get(level=1), "en", words, "Hello", by=with_role("Finance"))

    assert ReminderText.objects.count() == 0


START = f"""
from datetime import datetime
from django.contrib.auth.models import User
from receivables.domain.reminders.run import RanToday, start
try:
    start(None, by=User.objects.latest("pk"), at=datetime.fromisoformat({at_day(8).isoformat()!r}))
    print("started")
except RanToday:
    print("refused")
"""
SEND = f"""
from datetime import datetime
from receivables.domain.reminders.sending import REMINDERS
at = datetime.fromisoformat({at_day(8).isoformat()!r})
for message in REMINDERS.due(at=at):
    REMINDERS.work(**message, at=at)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.processes
def test_a_run_started_twice_at_the_same_time_reminds_once(post_office: PostOffice) -> None:
    a_schedule()
    an_invoice()

    assert sorted(at_once(START, START)) == ["refused", "started"]
    send(at_day(8))
    assert outcomes() == [("Ash", 2, "sent")]
    assert len(post_office.arrived) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.processes
def test_a_worker_killed_while_it_sends_leaves_a_reminder_that_is_perhaps_sent(post_office: PostOffice) -> None:
    a_schedule()
    an_invoice()
    start(None, by=with_role("Finance"), at=at_day(8))
    post_office.hangs_after = True
    worker = fork(PROLOGUE + SEND)
    assert post_office.reached.wait(60)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    post_office.hangs_after = False

    for minutes in (1, 7):
        for message in REMINDERS.due(at=at_day(8) + timedelta(minutes=minutes)):
            REMINDERS.work(**message, at=at_day(8) + LEASE + timedelta(minutes=minutes))
    assert outcomes() == [("Ash", 2, "perhaps")]
    assert len(post_office.arrived) == 1
