"""The reminder as a letter: three tones, all overdue invoices, what is disputed left out and said; stored, and attached."""

import io
import re
from datetime import timedelta
from email.message import EmailMessage
from hashlib import sha256

import pytest
from pypdf import PdfReader

from receivables.domain.reminders.schedule import set_levels
from receivables.models import LedgerDocument, Paper, Reminder
from tests.factories.people import with_role
from tests.invoices.post import PostOffice
from tests.receivables.disputes.made import a_dispute, of_charges
from tests.receivables.made import a_document
from tests.receivables.mailing.made import invoiced, with_two_charges
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


def pdf_in(mail: EmailMessage) -> bytes:
    [attached] = mail.iter_attachments()
    content = attached.get_content()
    assert isinstance(content, bytes)
    return content


def text_of(pdf: bytes) -> str:
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))


def test_the_letter_says_what_is_overdue_for_how_long_and_what_is_not_part_of_it(post_office: PostOffice) -> None:
    a_schedule()
    first = with_two_charges()
    assert first.invoice is not None
    another_invoice(first, 8)
    paid(first, 3, at=at_day(-5))
    a_dispute(of_charges(first.invoice.period, 1))
    run_at(at_day(8))

    [mail] = post_office.arrived
    paper = Paper.objects.get()
    assert (pdf_in(mail), paper.sha256, paper.kind) == (
        bytes(paper.content or b""),
        sha256(pdf_in(mail)).hexdigest(),
        "reminder",
    )
    source = paper.source
    assert (source["title"], source["number"], source["headline"], source["subline"]) == (
        *("Reminder", "first, of December 11, 2026"),
        *("$24.50 overdue for 8 days", "2 invoices; please pay by December 18, 2026"),
    )
    shown = ("total", "credited", "paid", "disputed", "to_pay")
    assert [[row[name] for name in shown] for row in source["rows"]] == [
        ["$10.00", "–", "$3.00", "$2.50", "$4.50"],
        ["$20.00", "–", "–", "–", "$20.00"],
    ]
    assert source["notes"] == [
        "Set aside because of your dispute, and not part of this reminder: $2.50 of INV-2026-000001."
    ]
    assert source["totals"] == ["$24.50"]
    text = text_of(pdf_in(mail))
    for words in (
        source["headline"],
        *source["words"],
        "What you dispute is set aside",
        "INV-2026-000002, September 2026",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("days", "title", "number", "headline", "said"),
    [
        (-3, "Payment due soon", "of November 30, 2026", "$10.00 due December 3, 2026", "a note before the day"),
        (7, "Reminder", "first, of December 10, 2026", "$10.00 overdue for 7 days", "$10.00 is overdue."),
        (
            30,
            "Reminder",
            "first, of January 2, 2027",
            "$10.00 overdue for 30 days",
            "Ash, Please pay by January 9, 2027",
        ),
    ],
)
def test_each_level_has_its_tone(
    post_office: PostOffice, days: int, title: str, number: str, headline: str, said: str
) -> None:
    a_schedule()
    an_invoice()
    run_at(at_day(days))

    source = Paper.objects.get().source
    assert (source["title"], source["number"], source["headline"]) == (title, number, headline)
    assert said in " ".join(source["words"])
    assert not any("INV-" in words or "in all" in words for words in source["words"])


def test_the_second_letter_says_when_the_first_went_out_and_what_else_is_open(post_office: PostOffice) -> None:
    set_levels(None, {1: 7, 2: 30}, by=with_role("Finance"))
    first = an_invoice()
    run_at(at_day(8))
    later = invoiced(first.customer, 5, due=at_day(31).date())
    run_at(at_day(31))

    source = Paper.objects.latest("pk").source
    assert {each["label"]: each["value"] for each in source["details"]}["First reminder"] == "December 11, 2026"
    assert source["number"] == "second, of January 3, 2027"
    assert source["words"][1].startswith("We wrote on December 11, 2026 and have heard nothing. Please pay by")
    assert source["notes"] == [
        f"For your overview, not part of this reminder: {later.reference}, $5.00 due January 3, 2027."
    ]


def test_a_note_before_the_due_day_and_a_reminder_of_what_is_overdue_do_not_mix(post_office: PostOffice) -> None:
    a_schedule()
    first = an_invoice()
    young = invoiced(first.customer, 5, due=at_day(10).date())
    overdue = invoiced(first.customer, 7, due=at_day(5).date())
    run_at(at_day(8))
    run_at(at_day(9))

    told = [
        [item["invoice"].partition(",")[0] for item in paper.source["rows"]] for paper in Paper.objects.order_by("pk")
    ]
    assert told == [["INV-2026-000001", overdue.reference], [young.reference]]
    assert outcomes() == [("Ash", 2, "sent"), ("Ash", 1, "sent")]


def test_credit_that_was_not_used_is_taken_off_and_named(post_office: PostOffice) -> None:
    a_schedule()
    first = an_invoice()
    a_document(first.customer, LedgerDocument.Kind.PAYMENT, 4, at=at_day(0))
    run_at(at_day(8))

    source = Paper.objects.get().source
    assert (source["rows"][0]["credited"], source["rows"][0]["to_pay"]) == ("$4.00", "$6.00")
    assert source["notes"] == ["Unused credit is taken off: $4.00 of INV-2026-000001."]


def test_a_second_attempt_carries_the_stored_letter_or_a_new_one_if_what_is_owed_changed(
    post_office: PostOffice,
) -> None:
    a_schedule()
    first = an_invoice()
    post_office.refuses = {"books@ash.example": "450 Busy"}
    run_at(at_day(8))
    send(at_day(8) + timedelta(minutes=5))
    assert (outcomes(), Paper.objects.count()) == ([("Ash", 2, "waiting")], 1)

    paid(first, 4, at=at_day(8))
    post_office.refuses = {}
    send(at_day(8) + timedelta(minutes=30))
    [mail] = post_office.arrived
    reminder = Reminder.objects.get()
    assert (reminder.state, Paper.objects.count(), reminder.paper) == ("sent", 2, Paper.objects.latest("pk"))
    assert "$6.00 overdue" in text_of(pdf_in(mail))


def test_a_letter_that_cannot_be_made_is_no_doubt_about_its_email(
    post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_schedule()
    an_invoice()
    monkeypatch.setattr("receivables.domain.papers.claimed.SECONDS", 0)
    run_at(at_day(8))

    reminder = Reminder.objects.get()
    assert (reminder.state, reminder.may_have_arrived, reminder.paper, post_office.arrived) == (
        "waiting",
        False,
        None,
        [],
    )
    assert reminder.reason

    monkeypatch.undo()
    send(at_day(8) + timedelta(minutes=5))
    assert outcomes() == [("Ash", 2, "sent")]
