"""One request sends one email, as far as SMTP allows, even if tasks are repeated and workers die."""

from pathlib import Path

import pytest

from invoices.domain.mail.request import send
from invoices.models import Invoice, InvoiceMail
from tests.factories.people import with_role
from tests.forks import Fork
from tests.invoices.made import a_draft, issued, printed
from tests.invoices.mail.test_request import NOVEMBER_4, TO
from tests.invoices.post import PostOffice
from tests.processes import at_once, empty_broker, fork, until, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

DELIVER = "from invoices.domain.mail.delivery import deliver; deliver({mail}, attempt={attempt}, at=now())"
ALONE = "from django.utils.timezone import now; "


@pytest.fixture
def mail() -> InvoiceMail:
    frank = with_role("Finance")
    empty_broker()
    invoice = issued(a_draft(3, billing_contacts=TO), frank)
    printed(invoice)
    return send(invoice, by=frank, at=NOVEMBER_4)


def sending(mail: InvoiceMail) -> Fork:
    return fork(ALONE + DELIVER.format(mail=mail.pk, attempt=mail.attempts))


def after_the_lease() -> None:
    """As if the five minutes had passed in which an attempt that was claimed is left alone."""
    InvoiceMail.objects.waiting().update(next_attempt_at=NOVEMBER_4)


def test_eight_at_once_send_it_once(mail: InvoiceMail, post_office: PostOffice) -> None:
    at_once(*[DELIVER.format(mail=mail.pk, attempt=mail.attempts)] * 8)

    mail.refresh_from_db()
    assert (mail.state, len(post_office.arrived)) == ("sent", 1)


def test_killed_while_the_server_had_not_taken_it_yet_it_is_sent_by_the_next(
    mail: InvoiceMail, post_office: PostOffice, tmp_path: Path
) -> None:
    post_office.hangs_before = True
    first = sending(mail)
    assert post_office.reached.wait(60)
    first.kill()
    post_office.hangs_before = False
    after_the_lease()

    with worker(tmp_path, "second"):
        until(lambda: not InvoiceMail.objects.waiting().exists())

    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.interrupted, len(post_office.arrived)) == ("sent", 2, 1, 1)
    assert Invoice.objects.get().sent_at == mail.settled_at


def test_killed_between_the_server_s_yes_and_our_note_a_second_copy_can_be_known_as_one(
    mail: InvoiceMail, post_office: PostOffice
) -> None:
    post_office.hangs_after = True
    first = sending(mail)
    assert post_office.reached.wait(60)
    first.kill()
    post_office.hangs_after = False

    at_once(DELIVER.format(mail=mail.pk, attempt=1))

    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.interrupted, mail.may_have_arrived) == ("sent", 2, 1, True)
    assert [message["Message-ID"] for message in post_office.arrived] == [mail.message_id] * 2


def test_a_message_that_is_handed_out_again_after_its_worker_was_killed_makes_no_second_attempt(
    mail: InvoiceMail, post_office: PostOffice
) -> None:
    post_office.hangs_after = True
    first = sending(mail)
    assert post_office.reached.wait(60)
    first.kill()
    post_office.hangs_after = False

    at_once(*[DELIVER.format(mail=mail.pk, attempt=0)] * 2)

    mail.refresh_from_db()
    assert (mail.state, mail.attempts, len(post_office.arrived)) == ("waiting", 1, 1)
