"""An issued invoice goes out by e-mail: what arrives is what was said, with the PDF that is kept; nothing goes out twice."""

import hashlib
import socket
from datetime import UTC, datetime
from io import BytesIO
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from pypdf import PdfReader

from invoices.domain.document import InvoiceIsNotIssued, document_of
from invoices.domain.mail import MOST_ATTEMPTS, BadRecipients, MailNotFailed, NothingWritten, deliver, send, send_again
from invoices.domain.sweep import ask_for_waiting_mails
from invoices.models import Invoice, InvoiceMail
from tests.invoices.made import NOVEMBER_3, a_draft, approved, issued
from tests.invoices.post import PostOffice

pytestmark = pytest.mark.django_db

NOVEMBER_4 = datetime(2026, 11, 4, 9, tzinfo=UTC)
TO = ["books@acme.example", "ceo@acme.example"]


@pytest.fixture
def invoice(frank: User) -> Invoice:
    return issued(a_draft(3, legal_name="Acme GmbH", billing_contacts=TO), frank)


def test_the_mail_that_arrives_has_the_pdf_that_is_kept(invoice: Invoice, frank: User, post_office: PostOffice) -> None:
    mail = send(invoice, by=frank, at=NOVEMBER_4)
    deliver(mail.pk, at=NOVEMBER_4)

    [message] = post_office.arrived
    [pdf] = message.iter_attachments()
    kept = document_of(invoice, at=NOVEMBER_4)
    assert (message["Subject"], message["To"]) == (f"Invoice {invoice.number} from Lead Billing Engine", ", ".join(TO))
    assert post_office.recipients == [TO]
    text = message.get_body()
    assert text is not None
    assert text.get_content().splitlines() == [
        "Dear Acme GmbH,",
        "",
        f"please find attached our invoice {invoice.number} for October 2026.",
        "",
        "Total due: $7.50 USD",
        "Due date: December 3, 2026",
        "",
        "Lead Billing Engine",
    ]
    assert (pdf.get_filename(), pdf.get_content_type()) == (f"{invoice.number}.pdf", "application/pdf")
    content = pdf.get_payload(decode=True)
    assert content == bytes(kept.content)
    assert f"{invoice.number}" in PdfReader(BytesIO(content)).pages[0].extract_text()
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.settled_at, mail.asked_by) == ("sent", 1, NOVEMBER_4, frank)
    assert mail.sha256 == kept.sha256 == hashlib.sha256(content).hexdigest()


def test_from_its_first_mail_on_an_invoice_is_sent_and_nothing_else_of_it_changes(
    invoice: Invoice, frank: User, post_office: PostOffice
) -> None:
    before = Invoice.objects.values().get(pk=invoice.pk)

    for at in (NOVEMBER_4, NOVEMBER_4.replace(day=5)):
        deliver(send(invoice, by=frank, at=at).pk, at=at)

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
        deliver(mail.pk, at=NOVEMBER_4)

    assert mails[0] == mails[1]
    assert len(post_office.arrived) == 1


@pytest.mark.parametrize("refusal", ["550 Nobody of that name", "451 Come again later"])
def test_what_the_server_refuses_is_noted_with_its_reason_and_sent_again_by_hand(
    invoice: Invoice, frank: User, post_office: PostOffice, refusal: str
) -> None:
    post_office.refusal = refusal
    mail = send(invoice, by=frank, at=NOVEMBER_4)
    deliver(mail.pk, at=NOVEMBER_4)
    deliver(mail.pk, at=NOVEMBER_4)
    mail.refresh_from_db()

    assert (mail.state, mail.attempts, Invoice.objects.get(pk=invoice.pk).sent_at) == ("failed", 1, None)
    assert refusal[4:] in mail.reason
    post_office.refusal = ""
    again = send_again(mail, by=frank, at=NOVEMBER_4)
    deliver(again.pk, at=NOVEMBER_4)

    again.refresh_from_db()
    assert (again.state, again.to, again.subject, again.body) == ("sent", mail.to, mail.subject, mail.body)
    with pytest.raises(MailNotFailed):
        send_again(again, by=frank, at=NOVEMBER_4)


def test_where_no_server_answers_that_is_the_reason(invoice: Invoice, frank: User, settings: LazySettings) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = nobody.getsockname()
        mail = send(invoice, by=frank, at=NOVEMBER_4)
        deliver(mail.pk, at=NOVEMBER_4)

    mail.refresh_from_db()
    assert (mail.state, mail.reason.split(":")[0]) == ("failed", "ConnectionRefusedError")


def test_nobody_is_written_to_about_what_is_not_issued(frank: User) -> None:
    draft = a_draft()
    for invoice in (draft, approved(draft, frank)):
        with pytest.raises(InvoiceIsNotIssued):
            send(invoice, by=frank, at=NOVEMBER_4)
    assert not InvoiceMail.objects.exists()


@pytest.mark.parametrize("to", [[], [""], ["acme"], ["a@b.example\nBcc: c@d.example"], ["a@b.example"] * 0])
def test_a_mail_goes_to_addresses_only(invoice: Invoice, frank: User, to: list[str]) -> None:
    with pytest.raises(BadRecipients):
        send(invoice, by=frank, at=NOVEMBER_4, to=to)
    assert not InvoiceMail.objects.exists()


@pytest.mark.parametrize("text", [("", "Hello"), ("Hello", " \n")])
def test_a_mail_says_something(invoice: Invoice, frank: User, text: tuple[str, str]) -> None:
    with pytest.raises(NothingWritten):
        send(invoice, by=frank, at=NOVEMBER_4, text=text)


def test_a_subject_of_several_lines_becomes_one(invoice: Invoice, frank: User, post_office: PostOffice) -> None:
    mail = send(invoice, by=frank, at=NOVEMBER_4, text=("Your invoice\r\nBcc: all@acme.example", "Hello"))
    deliver(mail.pk, at=NOVEMBER_4)

    [message] = post_office.arrived
    assert (message["Subject"], message["Bcc"]) == ("Your invoice Bcc: all@acme.example", None)


def test_after_so_many_workers_died_sending_it_a_mail_is_a_person_s_turn(
    invoice: Invoice, frank: User, post_office: PostOffice
) -> None:
    mail = send(invoice, by=frank, at=NOVEMBER_4)
    InvoiceMail.objects.filter(pk=mail.pk).update(attempts=MOST_ATTEMPTS)

    deliver(mail.pk, at=NOVEMBER_4)

    mail.refresh_from_db()
    assert (mail.state, mail.reason) == ("failed", "5 workers ended while they were sending it.")
    assert post_office.arrived == []


def test_what_was_sent_stays_on_record(invoice: Invoice, frank: User, post_office: PostOffice) -> None:
    mail = send(invoice, by=frank, at=NOVEMBER_4)
    assert ask_for_waiting_mails() == 1
    deliver(mail.pk, at=NOVEMBER_4)

    assert ask_for_waiting_mails() == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        InvoiceMail.objects.filter(pk=mail.pk).update(to=["other@acme.example"])
    with pytest.raises(IntegrityError), transaction.atomic():
        mail.delete()


def test_a_machine_without_a_mail_server_says_so(
    invoice: Invoice, frank: User, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    mail = send(invoice, by=frank, at=NOVEMBER_4)
    deliver(mail.pk, at=NOVEMBER_4)

    mail.refresh_from_db()
    assert (mail.state, mail.via) == ("sent", "console, not a mail server")
    assert f"Subject: Invoice {invoice.number}" in capsys.readouterr().out
