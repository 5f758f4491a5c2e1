"""A mail server's replies and their outcomes: 5xx is permanent and recorded by address, everything else is retried."""

import socket
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User

from invoices.domain.life.reopen import void
from invoices.domain.mail.delivery import settle_void_emails
from invoices.domain.mail.outcome import GIVEN_UP_AFTER, PAUSES
from invoices.domain.mail.request import EmailHasNotFailed, NewerEmailExists, send, send_again
from invoices.models import Invoice, InvoiceMail
from tests.factories.people import with_role
from tests.invoices.made import a_draft, issued, posted
from tests.invoices.mail.test_request import NOVEMBER_4
from tests.invoices.post import PostOffice

pytestmark = pytest.mark.django_db

GOOD, BAD = "good@acme.example", "bad@acme.example"
NO_SUCH_BOX = "550 5.1.1 No such box"


@pytest.fixture
def invoice(frank: User) -> Invoice:
    return issued(a_draft(3, billing_contacts=[GOOD, BAD]), frank)


def sent_at(invoice: Invoice) -> object:
    return Invoice.objects.get(pk=invoice.pk).sent_at


def test_who_is_asked_to_come_later_comes_later_with_the_same_message_id(
    invoice: Invoice, frank: User, post_office: PostOffice
) -> None:
    post_office.refusal = "451 4.7.1 Greylisted, try again in five minutes"
    mail = posted(send(invoice, by=frank, at=NOVEMBER_4), at=NOVEMBER_4)
    message_id = mail.message_id

    assert (mail.state, mail.attempts, mail.next_attempt_at) == ("waiting", 1, NOVEMBER_4 + PAUSES[0])
    assert (mail.reason, sent_at(invoice)) == ("451 4.7.1 Greylisted, try again in five minutes", None)
    post_office.refusal = ""
    posted(mail, at=NOVEMBER_4 + PAUSES[0])

    assert (mail.state, mail.outcome, mail.attempts, mail.reason) == ("sent", "Sent", 2, "")
    assert [message["Message-ID"] for message in post_office.arrived] == [message_id]
    assert sent_at(invoice) == NOVEMBER_4 + PAUSES[0]


def test_the_pauses_grow_and_end_with_a_person_s_turn(invoice: Invoice, frank: User, post_office: PostOffice) -> None:
    post_office.answer = "452 4.3.1 Out of storage"
    mail, at, pauses = send(invoice, by=frank, at=NOVEMBER_4), NOVEMBER_4, []
    while posted(mail, at=at).state == "waiting":
        assert mail.next_attempt_at is not None
        pauses.append(mail.next_attempt_at - at)
        at = mail.next_attempt_at

    assert pauses[: len(PAUSES)] == list(PAUSES)
    assert pauses == sorted(pauses)
    assert sum(pauses, timedelta()) < GIVEN_UP_AFTER <= sum(pauses, timedelta()) + PAUSES[-1]
    assert (mail.state, mail.outcome) == ("failed", "Failed")
    assert mail.reason == f"Given up after {len(pauses) + 1} attempts: 452 4.3.1 Out of storage"
    assert (sent_at(invoice), post_office.arrived) == (None, [])


def test_a_server_that_is_not_there_is_no_reason_to_give_up(
    invoice: Invoice, frank: User, settings: LazySettings
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = nobody.getsockname()
        mail = posted(send(invoice, by=frank, at=NOVEMBER_4), at=NOVEMBER_4)

    assert (mail.state, mail.reason) == ("waiting", "The mail server refused the connection.")
    assert not mail.may_have_arrived


def test_a_permanent_refusal_is_final_and_recorded_with_the_server_s_reply(
    invoice: Invoice, frank: User, post_office: PostOffice
) -> None:
    post_office.refusal = NO_SUCH_BOX
    mail = posted(send(invoice, by=frank, at=NOVEMBER_4), at=NOVEMBER_4)

    assert (mail.state, mail.attempts, mail.reason) == ("failed", 1, NO_SUCH_BOX)
    assert (mail.rejected, mail.accepted) == ({GOOD: NO_SUCH_BOX, BAD: NO_SUCH_BOX}, [])
    post_office.refusal = ""
    again = posted(send_again(mail, by=frank, at=NOVEMBER_4), at=NOVEMBER_4)

    assert (again.state, again.to, again.subject, again.body) == ("sent", mail.to, mail.subject, mail.body)
    assert again.message_id != mail.message_id  # no one has the first one
    with pytest.raises(EmailHasNotFailed):
        send_again(again, by=frank, at=NOVEMBER_4)
    with pytest.raises(NewerEmailExists):
        send_again(mail, by=frank, at=NOVEMBER_4)


def test_a_message_refused_for_good_is_final_for_all_it_was_for(
    invoice: Invoice, frank: User, post_office: PostOffice
) -> None:
    post_office.answer = "554 5.7.1 Looks like spam"
    mail = posted(send(invoice, by=frank, at=NOVEMBER_4), at=NOVEMBER_4)

    assert (mail.state, mail.reason, mail.may_have_arrived) == ("failed", "554 5.7.1 Looks like spam", False)


def test_one_address_of_two_is_partly_sent_and_the_other_is_retried_alone(
    invoice: Invoice, frank: User, post_office: PostOffice
) -> None:
    post_office.refuses = {BAD: NO_SUCH_BOX}
    mail = posted(send(invoice, by=frank, at=NOVEMBER_4), at=NOVEMBER_4)

    assert (mail.state, mail.outcome, mail.reason) == ("partly", "Sent to 1 of 2", NO_SUCH_BOX)
    assert (mail.accepted, mail.rejected) == ([GOOD], {BAD: NO_SUCH_BOX})
    assert list(InvoiceMail.objects.needing_attention()) == [mail]
    post_office.refuses = {}
    again = posted(send_again(mail, by=frank, at=NOVEMBER_4), at=NOVEMBER_4)

    assert (again.to, again.state) == ([BAD], "sent")
    assert post_office.recipients == [[GOOD], [BAD]]
    assert not InvoiceMail.objects.needing_attention().exists()


def test_who_has_it_already_does_not_get_it_again_when_the_others_are_tried(
    invoice: Invoice, frank: User, post_office: PostOffice
) -> None:
    post_office.refuses = {BAD: "450 4.2.1 Mailbox busy"}
    mail = posted(send(invoice, by=frank, at=NOVEMBER_4), at=NOVEMBER_4)
    assert (mail.state, mail.accepted, mail.pending_addresses) == ("waiting", [GOOD], [BAD])
    assert sent_at(invoice) == NOVEMBER_4
    post_office.refuses = {}
    posted(mail, at=NOVEMBER_4 + PAUSES[0])

    assert (mail.state, post_office.recipients) == ("sent", [[GOOD], [BAD]])
    assert len({message["Message-ID"] for message in post_office.arrived}) == 1


def test_a_connection_lost_after_the_message_leaves_a_doubt_and_a_second_copy_can_be_known_as_one(
    invoice: Invoice, frank: User, post_office: PostOffice
) -> None:
    post_office.dies_after = True
    mail = posted(send(invoice, by=frank, at=NOVEMBER_4), at=NOVEMBER_4)

    assert (mail.state, mail.outcome) == ("waiting", "Waiting for a retry; may have arrived")
    assert mail.reason == "The mail server closed the connection."
    InvoiceMail.objects.update(requested_at=NOVEMBER_4 - GIVEN_UP_AFTER, attempts=len(PAUSES))
    assert posted(mail, at=NOVEMBER_4).outcome == "Failed; may have arrived"
    post_office.dies_after = False
    again = posted(send_again(mail, by=frank, at=NOVEMBER_4), at=NOVEMBER_4)

    assert (again.state, again.may_have_arrived) == ("sent", True)
    assert [message["Message-ID"] for message in post_office.arrived] == [mail.message_id] * 3


def test_a_changed_text_is_a_new_email(invoice: Invoice, frank: User, post_office: PostOffice) -> None:
    post_office.dies_after = True
    mail = posted(send(invoice, by=frank, at=NOVEMBER_4), at=NOVEMBER_4)
    InvoiceMail.objects.update(requested_at=NOVEMBER_4 - GIVEN_UP_AFTER, attempts=len(PAUSES))
    posted(mail, at=NOVEMBER_4)

    same = send(invoice, by=frank, at=NOVEMBER_4, text=(mail.subject, mail.body))
    other = send(invoice, by=frank, at=NOVEMBER_4, text=(mail.subject, "As we said on the phone."))

    assert (same.message_id == mail.message_id, other.message_id == mail.message_id) == (True, False)


def test_the_email_of_an_invoice_voided_meanwhile_is_not_sent(
    invoice: Invoice, frank: User, post_office: PostOffice
) -> None:
    mail = send(invoice, by=frank, at=NOVEMBER_4)
    void(invoice, reason="Wrong", by=with_role("Finance"), at=NOVEMBER_4)
    posted(mail, at=NOVEMBER_4)

    assert (mail.state, mail.outcome, mail.attempts) == ("void", "Not sent: void", 0)
    assert mail.reason == "Not sent: the invoice is void."
    assert post_office.arrived == []


def test_a_waiting_email_is_settled_when_its_invoice_is_voided(
    invoice: Invoice, frank: User, post_office: PostOffice
) -> None:
    post_office.refuses = {BAD: "450 4.2.1 Mailbox busy"}
    mail = posted(send(invoice, by=frank, at=NOVEMBER_4), at=NOVEMBER_4)
    void(invoice, reason="Wrong", by=with_role("Finance"), at=NOVEMBER_4)

    assert settle_void_emails(at=NOVEMBER_4) == 1
    mail.refresh_from_db()
    assert (mail.state, mail.outcome, mail.reason) == ("partly", "Sent to 1 of 2", "Not sent: the invoice is void.")
    assert not InvoiceMail.objects.needing_attention().exists()
