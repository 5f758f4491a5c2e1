"""An issued invoice is sent by email once: the recipient gets the requested text and the stored PDF."""

import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from pypdf import PdfReader

from invoices.domain.document.store import InvoiceIsNotIssued, document_of
from invoices.domain.mail.delivery import MAILS, deliver
from invoices.domain.mail.outcome import MAX_INTERRUPTED
from invoices.domain.mail.request import BadRecipients, EmailTooLong, EmptyEmail, send, send_again
from invoices.domain.mail.server import NoMailServer
from invoices.domain.mail.template import MAX_CHARACTERS
from invoices.models import Invoice, InvoiceMail
from tests.factories.invoices import InvoiceMailFactory
from tests.invoices.made import NOVEMBER_3, a_draft, approved, issued, posted, printed
from tests.invoices.post import PostOffice

pytestmark = pytest.mark.django_db

NOVEMBER_4 = datetime(2026, 11, 4, 9, tzinfo=UTC)
TO = ["books@acme.example", "ceo@acme.example"]
WHO_TAKES_MAILS = """
import django; django.setup()
from django.conf import settings
from invoices.domain.mail.server import NoMailServer, check_server, server_name
try:
    check_server()
    print(server_name(), settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
except NoMailServer as refusal:
    print(refusal)
"""


@pytest.fixture
def invoice(frank: User) -> Invoice:
    return issued(a_draft(3, legal_name="Acme GmbH", billing_contacts=TO), frank)


def test_the_email_that_arrives_has_the_stored_pdf(invoice: Invoice, frank: User, post_office: PostOffice) -> None:
    mail = send(invoice, by=frank, at=NOVEMBER_4)
    posted(mail, at=NOVEMBER_4)

    [message] = post_office.arrived
    [pdf] = message.iter_attachments()
    kept = document_of(invoice)
    subject = f"Invoice {invoice.number}, October 2026: $7.50 USD due December 3, 2026"
    assert (message["Subject"], message["To"]) == (subject, ", ".join(TO))
    assert post_office.recipients == [TO]
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "$7.50 USD</td>" in html.get_content()
    assert (message["List-Unsubscribe"], message["Message-ID"]) == (None, mail.message_id)
    assert text.get_content().splitlines() == [
        "Dear Acme GmbH,",
        "",
        f"Invoice {invoice.number} for October 2026 is attached.",
        "",
        "Total due: $7.50 USD",
        "Due date: December 3, 2026",
        "",
        "Lead Billing Engine",
        "",
        "-- ",
        f"You get this as a billing contact of {invoice.customer}. Emails about money owed can’t be switched off.",
        "Lead Billing Engine",
    ]
    assert (pdf.get_filename(), pdf.get_content_type()) == (f"{invoice.number}.pdf", "application/pdf")
    content = pdf.get_payload(decode=True)
    assert content == bytes(kept.content)
    assert f"{invoice.number}" in PdfReader(BytesIO(content)).pages[0].extract_text()
    assert (mail.state, mail.attempts, mail.settled_at, mail.requested_by) == ("sent", 1, NOVEMBER_4, frank)
    assert (mail.outcome, mail.accepted, mail.rejected, mail.next_attempt_at) == ("Sent", TO, {}, None)
    assert mail.sha256 == kept.sha256 == hashlib.sha256(content).hexdigest()


def test_the_first_email_marks_an_invoice_as_sent_and_changes_nothing_else(
    invoice: Invoice, frank: User, post_office: PostOffice
) -> None:
    before = Invoice.objects.values().get(pk=invoice.pk)

    for at in (NOVEMBER_4, NOVEMBER_4.replace(day=5)):
        posted(send(invoice, by=frank, at=at), at=at)

    assert Invoice.objects.values().get(pk=invoice.pk) == before | {"sent_at": NOVEMBER_4}
    assert len(post_office.arrived) == 2
    for change in ({"sent_at": None}, {"sent_at": NOVEMBER_3}, {"sent_at": NOVEMBER_3, "total": 1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Invoice.objects.filter(pk=invoice.pk).update(**change)


def test_only_sent_at_may_be_noted_on_what_is_issued(invoice: Invoice) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(sent_at=NOVEMBER_4, due_on=NOVEMBER_4.date())

    assert Invoice.objects.get(pk=invoice.pk).sent_at is None


def test_asked_twice_with_one_request_it_goes_out_once(invoice: Invoice, frank: User, post_office: PostOffice) -> None:
    request = uuid4()

    mails = [send(invoice, by=frank, at=NOVEMBER_4, request=request) for _ in range(2)]
    for mail in mails:
        posted(mail, at=NOVEMBER_4)

    assert mails[0] == mails[1]
    assert len(post_office.arrived) == 1


def test_only_issued_invoices_are_sent(frank: User) -> None:
    draft = a_draft()
    for invoice in (draft, approved(draft, frank)):
        with pytest.raises(InvoiceIsNotIssued):
            send(invoice, by=frank, at=NOVEMBER_4)
    assert not InvoiceMail.objects.exists()


@pytest.mark.parametrize("to", [[], [""], ["acme"], ["a@b.example\nBcc: c@d.example"], ["a@b.example"] * 0])
def test_an_email_needs_valid_addresses(invoice: Invoice, frank: User, to: list[str]) -> None:
    with pytest.raises(BadRecipients):
        send(invoice, by=frank, at=NOVEMBER_4, to=to)
    assert not InvoiceMail.objects.exists()


@pytest.mark.parametrize("text", [("", "Hello"), ("Hello", " \n")])
def test_an_email_needs_a_subject_and_a_message(invoice: Invoice, frank: User, text: tuple[str, str]) -> None:
    with pytest.raises(EmptyEmail):
        send(invoice, by=frank, at=NOVEMBER_4, text=text)


def test_a_subject_of_several_lines_becomes_one(invoice: Invoice, frank: User, post_office: PostOffice) -> None:
    posted(
        send(invoice, by=frank, at=NOVEMBER_4, text=("Your invoice\r\nBcc: all@acme.example", "Hello")), at=NOVEMBER_4
    )

    [message] = post_office.arrived
    assert (message["Subject"], message["Bcc"]) == ("Your invoice Bcc: all@acme.example", None)


def test_an_email_fails_after_its_last_worker_ended(invoice: Invoice, frank: User, post_office: PostOffice) -> None:
    mail = send(invoice, by=frank, at=NOVEMBER_4)
    printed(invoice)
    InvoiceMail.objects.update(is_being_sent=True, interrupted=MAX_INTERRUPTED - 1, attempts=MAX_INTERRUPTED)
    posted(mail, at=NOVEMBER_4)

    assert (mail.state, mail.reason) == ("failed", "5 workers ended while sending it.")
    assert mail.outcome == "Failed; may have arrived"
    assert post_office.arrived == []


def test_what_was_sent_stays_on_record(invoice: Invoice, frank: User, post_office: PostOffice) -> None:
    mail = send(invoice, by=frank, at=NOVEMBER_4)
    assert MAILS.sweep(at=NOVEMBER_4) == 1
    posted(mail, at=NOVEMBER_4)

    assert MAILS.sweep(at=NOVEMBER_4 + timedelta(days=1)) == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        InvoiceMail.objects.filter(pk=mail.pk).update(to=["other@acme.example"])
    with pytest.raises(IntegrityError), transaction.atomic():
        mail.delete()


def test_a_waiting_email_is_queued_once_a_minute_for_any_number_of_sweeps(invoice: Invoice, frank: User) -> None:
    send(invoice, by=frank, at=NOVEMBER_4)

    asked = [MAILS.sweep(at=NOVEMBER_4 + timedelta(seconds=seconds)) for seconds in range(0, 125, 5)]

    assert [place for place, count in enumerate(asked) if count] == [0, 12, 24]


def test_without_a_mail_server_nothing_is_called_sent(
    invoice: Invoice, frank: User, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    mail = posted(send(invoice, by=frank, at=NOVEMBER_4), at=NOVEMBER_4)

    assert f"Subject: Invoice {invoice.number}" in capsys.readouterr().out
    assert (mail.state, mail.outcome, mail.via) == ("written", "Not sent: no mail server", "console, not a mail server")
    assert mail.reason == "Recorded by console, not a mail server. It was not delivered."
    assert Invoice.objects.get(pk=invoice.pk).sent_at is None
    again = send_again(mail, by=frank, at=NOVEMBER_4)
    assert (again.state, again.to) == ("waiting", TO)


def test_a_public_server_writes_no_email_to_its_log(invoice: Invoice, frank: User, settings: LazySettings) -> None:
    settings.HTTPS = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

    with pytest.raises(NoMailServer, match="Set EMAIL_URL"):
        send(invoice, by=frank, at=NOVEMBER_4)
    assert not InvoiceMail.objects.exists()


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        ("", "No mail server is configured. Set EMAIL_URL."),  # as AWS's secret begins
        ("filemail:///tmp/mails", "No mail server is configured. Set EMAIL_URL."),
        ("smtp+tls://us%2Fer:p%40ss@mail.example:587", "mail.example:587 us/er p@ss"),
    ],
)
def test_an_empty_address_of_the_mail_server_is_no_mail_server(told: str, answer: str) -> None:
    environ = os.environ | {
        "DJANGO_SETTINGS_MODULE": "billing_engine.settings",
        "HTTPS": "1",
        "DEBUG": "0",
        "SECRET_KEY": "0123456789" * 5,
        "ALLOWED_HOSTS": "billing.example.com",
        "DATABASE_URL": "postgres://engine:secret@db.example/engine",
        "REDIS_URL": "redis://:secret@redis.example/0",
        "EMAIL_URL": told,
    }

    done = subprocess.run(
        [sys.executable, "-c", WHO_TAKES_MAILS], env=environ, capture_output=True, text=True, check=False
    )

    assert (done.stdout.strip(), done.returncode) == (answer, 0), done.stderr


def test_what_is_no_issued_invoice_when_its_turn_comes_does_not_go_out(frank: User, post_office: PostOffice) -> None:
    mail = posted(InvoiceMailFactory.create(invoice=a_draft()), at=NOVEMBER_4)

    assert (mail.state, mail.reason) == ("failed", "This invoice is not issued yet. You can preview its PDF.")
    assert post_office.arrived == []


def test_an_email_waits_for_its_pdf_without_an_attempt(invoice: Invoice, frank: User, post_office: PostOffice) -> None:
    mail = send(invoice, by=frank, at=NOVEMBER_4)

    deliver(mail.pk, attempt=0, at=NOVEMBER_4)
    mail.refresh_from_db()

    assert (mail.state, mail.attempts, mail.reason) == ("waiting", 0, "Waiting for its PDF.")
    assert posted(mail, at=NOVEMBER_4).state == "sent"


def test_an_email_whose_pdf_could_not_be_made_says_so(invoice: Invoice, frank: User, post_office: PostOffice) -> None:
    mail = send(invoice, by=frank, at=NOVEMBER_4)
    invoice.documents.update(state="failed", reason="Making it takes longer than 300 seconds.", next_attempt_at=None)

    posted(mail, at=NOVEMBER_4)

    assert (mail.state, mail.attempts) == ("failed", 0)
    assert mail.reason == "The PDF could not be made. Making it takes longer than 300 seconds."


@pytest.mark.parametrize("which", ["subject", "message"])
def test_an_email_has_the_same_limits_everywhere(invoice: Invoice, frank: User, which: str) -> None:
    most = MAX_CHARACTERS[which]
    fits, too_long = "x" * most, "x" * (most + 1)

    def text(words: str) -> tuple[str, str]:
        return (words, "Hello") if which == "subject" else ("Invoice", words)

    with pytest.raises(EmailTooLong, match=f"the limit is {most:,}"):
        send(invoice, by=frank, at=NOVEMBER_4, text=text(too_long))
    assert send(invoice, by=frank, at=NOVEMBER_4, text=text(fits)).state == "waiting"
