"""Emails in the admin: templates, sending, and the record."""

import re
from html import unescape
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from invoices.domain.mail.request import send
from invoices.domain.mail.template import MAX_CHARACTERS, PLACEHOLDERS, BadTemplate, check_template, email_text, fill_in
from invoices.models import Invoice, InvoiceMail, MailTemplate
from tests.invoices.made import a_draft, issued, posted
from tests.invoices.mail.test_request import NOVEMBER_4, TO
from tests.invoices.post import PostOffice

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice(frank: User) -> Invoice:
    return issued(a_draft(3, name="Acme", billing_contacts=TO), frank)


def page(row: Model, act: str = "change") -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{act}", args=[row.pk])


def words(response: HttpResponse) -> str:
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", unescape(response.content.decode())).split())


def answers(**changed: object) -> dict[str, object]:
    return {"to": ", ".join(TO), "subject": "Invoice", "body": "Please.", "request": str(uuid4())} | changed


def test_the_dialog_shows_the_email_before_it_is_sent(finance: Client, invoice: Invoice) -> None:
    html = unescape(finance.get(page(invoice, "send")).content.decode())

    subject, body = email_text(invoice)
    assert ", ".join(TO) in html
    assert f'value="{subject}"' in html
    assert body.strip() in html
    assert f"{invoice.number}.pdf is attached." in html
    assert not InvoiceMail.objects.exists()


def test_sent_from_its_page_and_pressed_twice_it_goes_out_once(
    finance: Client, frank: User, invoice: Invoice, post_office: PostOffice
) -> None:
    pressed = answers(to="one@acme.example;\n two@acme.example", body="Changed by hand.")
    for _ in range(2):
        assert finance.post(page(invoice, "send"), pressed).status_code == 302
    mail = InvoiceMail.objects.get()
    posted(mail, at=NOVEMBER_4)

    [message] = post_office.arrived
    text = message.get_body(("plain",))
    assert text is not None
    assert (message["To"], text.get_content().partition("\r\n")[0]) == (
        "one@acme.example, two@acme.example",
        "Changed by hand.",
    )
    told = words(finance.get(page(invoice)))
    assert "one@acme.example, two@acme.example" in told
    assert f"by {frank}" in told
    record = words(finance.get(page(mail)))
    assert [part for part in (str(mail.invoice), "Sent", "Changed by hand.", "127.0.0.1:") if part not in record] == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"to": "books"}, "“books” is not a valid email address."),
        ({"to": ","}, "Enter an address."),
        ({"subject": ""}, "This field is required."),
    ],
)
def test_a_refused_email_is_explained_in_the_dialog(
    finance: Client, invoice: Invoice, wrong: dict[str, str], says: str
) -> None:
    assert says in words(finance.post(page(invoice, "send"), answers(**wrong)))
    assert not InvoiceMail.objects.exists()


def test_who_may_only_look_sends_nothing(viewer: Client, invoice: Invoice) -> None:
    assert viewer.post(page(invoice, "send"), answers()).status_code == 403
    assert not InvoiceMail.objects.exists()


def test_many_are_sent_from_the_list_and_drafts_are_refused(
    finance: Client, invoice: Invoice, post_office: PostOffice
) -> None:
    draft = a_draft(1, name="Later")
    chosen = {"action": "send_chosen", "_selected_action": [invoice.pk, draft.pk]}

    told = words(finance.post(reverse("admin:invoices_invoice_changelist"), chosen, follow=True))

    assert "On their way: 1" in told
    assert "Only an issued invoice can be sent." in told
    assert [mail.invoice for mail in InvoiceMail.objects.all()] == [invoice]


def test_pressed_twice_the_list_sends_one_email_and_sending_again_needs_the_invoice_page(
    finance: Client, frank: User, invoice: Invoice, post_office: PostOffice
) -> None:
    address, chosen = reverse("admin:invoices_invoice_changelist"), {"action": "send_chosen"}

    first, second = [
        words(finance.post(address, chosen | {"_selected_action": [invoice.pk]}, follow=True)) for _ in range(2)
    ]
    posted(InvoiceMail.objects.get(), at=NOVEMBER_4)
    third = words(finance.post(address, chosen | {"_selected_action": [invoice.pk]}, follow=True))

    assert "On their way: 1" in first
    assert "An email of this invoice is already on its way." in second
    assert "This invoice was already sent. To send it again, open it." in third
    assert (InvoiceMail.objects.count(), len(post_office.arrived)) == (1, 1)


def test_what_failed_is_sent_again_from_its_page(
    finance: Client, frank: User, invoice: Invoice, post_office: PostOffice
) -> None:
    post_office.refusal = "550 No such box"
    mail = send(invoice, by=frank, at=NOVEMBER_4)
    posted(mail, at=NOVEMBER_4)
    assert "No such box" in words(finance.get(page(invoice)))

    assert finance.post(page(mail, "send_again")).status_code == 302

    assert [(each.state, each.to) for each in InvoiceMail.objects.order_by("pk")] == [("failed", TO), ("waiting", TO)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{amount}", "Unknown: {amount}. Valid names: {number}"),
        ("{total.real}", "Unknown: {total.real}."),
        ("{}", "Unknown: {}."),
        ("{number", "A brace is unmatched"),
        ("{{number}}", "A brace is unmatched"),
    ],
)
def test_a_template_names_only_what_there_is(finance: Client, text: str, says: str) -> None:
    template = MailTemplate.objects.get()

    answer = finance.post(page(template), {"customer": "", "subject": "Invoice", "body": text})

    assert says in words(answer)
    assert MailTemplate.objects.get().body == template.body
    with pytest.raises(BadTemplate):
        check_template(text)


def test_a_customer_s_own_template_is_used_for_it_and_the_one_for_all_for_the_others(
    finance: Client, frank: User, invoice: Invoice
) -> None:
    other = issued(a_draft(1, name="Other"), frank)
    own = {"customer": str(invoice.customer_id), "subject": "Rechnung {number}", "body": "{total}"}
    assert finance.post(reverse("admin:invoices_mailtemplate_add"), own).status_code == 302

    assert email_text(invoice) == (f"Rechnung {invoice.number}", "$7.50 USD\n")
    assert email_text(other)[0] == f"Invoice {other.number}, October 2026: $2.50 USD due December 3, 2026"


def test_every_name_says_something_of_an_issued_invoice(invoice: Invoice, frank: User) -> None:
    full = issued(a_draft(2, name="x", legal_name="Full GmbH", purchase_order="PO-7"), frank)
    full.seller |= {"pay_to": "IBAN 1\nBIC 2", "email": "us@engine.example"}

    said = fill_in(MailTemplate(subject="-", body="\n".join(f"{name}={{{name}}}" for name in PLACEHOLDERS)), full)[1]

    assert said.splitlines() == [
        f"number={full.number}",
        "customer=Full GmbH",
        "period=October 2026",
        "total=$5.00 USD",
        "issued_on=November 3, 2026",
        "due_on=December 3, 2026",
        "purchase_order=PO-7",
        "pay_to=IBAN 1",
        "BIC 2",
        "seller=Lead Billing Engine",
        "seller_email=us@engine.example",
    ]


def test_the_template_is_previewed_with_the_latest_invoice(finance: Client, viewer: Client, invoice: Invoice) -> None:
    template = MailTemplate.objects.get()

    shown = words(finance.post(page(template, "preview")))

    subject, _ = email_text(invoice)
    assert subject in shown
    assert f"To: {', '.join(TO)}" in shown
    assert f"Attachment: {invoice.number}.pdf" in shown
    assert not InvoiceMail.objects.exists()


def test_a_preview_without_an_invoice_says_what_it_needs(finance: Client) -> None:
    assert "No invoice has been issued yet" in words(finance.post(page(MailTemplate.objects.get(), "preview")))


def test_the_latest_failed_emails_are_sent_again_together(
    finance: Client, frank: User, invoice: Invoice, post_office: PostOffice
) -> None:
    post_office.refuses = {TO[1]: "550 No such box"}
    other = issued(a_draft(1, name="Other", billing_contacts=[TO[1]]), frank)
    early = posted(send(invoice, by=frank, at=NOVEMBER_4), at=NOVEMBER_4)
    mails = [posted(send(one, by=frank, at=NOVEMBER_4), at=NOVEMBER_4) for one in (invoice, other)]
    chosen = {"action": "send_chosen_again", "_selected_action": [mail.pk for mail in (early, *mails)]}
    of_a_person = finance.get(reverse("admin:invoices_invoicemail_changelist"), {"attention": "yes"})
    assert {mail.pk for mail in of_a_person.context["cl"].result_list} == {mail.pk for mail in mails}

    told = words(finance.post(reverse("admin:invoices_invoicemail_changelist"), chosen, follow=True))

    assert "On their way: 2" in told
    assert "This invoice has a newer email. See that one." in told
    waiting = InvoiceMail.objects.waiting().order_by("pk")
    assert {(mail.invoice_id, *mail.to) for mail in waiting} == {(invoice.pk, TO[1]), (other.pk, TO[1])}


def test_an_email_that_was_only_recorded_is_never_called_sent(
    finance: Client, frank: User, invoice: Invoice, settings: LazySettings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    pressed = finance.post(page(invoice, "send"), answers(), follow=True)
    assert "not sent: no mail server is configured" in words(pressed)
    mail = posted(InvoiceMail.objects.get(), at=NOVEMBER_4)

    for address in (page(invoice), page(mail), reverse("admin:invoices_invoicemail_changelist")):
        told = words(finance.get(address))
        assert "Not sent: no mail server" in told
    assert "Issued" in words(finance.get(reverse("admin:invoices_invoice_changelist"), {"sent": "no"}))
    assert (
        list(finance.get(reverse("admin:invoices_invoice_changelist"), {"sent": "yes"}).context["cl"].result_list) == []
    )


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ("no", ["Failed", "Never", "Waits"]),
        ("failed", ["Failed", "Partly"]),
        ("on_the_way", ["Waits"]),
        ("yes", ["Done", "Partly"]),
    ],
)
def test_invoices_are_filtered_by_the_outcome_of_their_emails(
    finance: Client, frank: User, post_office: PostOffice, sent: str, found: list[str]
) -> None:
    post_office.refuses = {TO[1]: "550 No such box"}
    contacts = {"Done": TO[:1], "Partly": TO, "Failed": TO[1:], "Waits": TO[:1], "Never": TO}
    for name, to in contacts.items():
        invoice = issued(a_draft(1, name=name, billing_contacts=to), frank)
        if name != "Never":
            mail = send(invoice, by=frank, at=NOVEMBER_4)
            if name != "Waits":
                posted(mail, at=NOVEMBER_4)
    a_draft(1, name="Draft")

    rows = finance.get(reverse("admin:invoices_invoice_changelist"), {"sent": sent}).context["cl"].result_list

    assert sorted(row.customer.name for row in rows) == found


def test_a_template_and_the_dialog_have_one_limit(finance: Client, invoice: Invoice) -> None:
    most = MAX_CHARACTERS["message"]
    lines = "x\r\n" * (most // 2 - 1)  # as a browser writes them: three bytes, two characters
    template = MailTemplate.objects.get()

    fits = {"customer": "", "subject": "Invoice", "body": f"{lines}xx"}
    assert finance.post(page(template), fits).status_code == 302
    assert finance.post(page(invoice, "send"), answers(body=f"{lines}xx")).status_code == 302
    too_long = "Ensure this value has at most 20000 characters"
    assert too_long in words(finance.post(page(template), fits | {"body": f"{lines}xxx"}))
    refused = words(finance.post(page(invoice, "send"), answers(body=f"{lines}xxx")))
    assert "The message has 20,001 characters; the limit is 20,000." in refused
