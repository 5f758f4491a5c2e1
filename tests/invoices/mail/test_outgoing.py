"""Neither a mail server that hangs nor a document of thousands of lines delays rating."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from invoices.domain.document.typeset import source_of
from invoices.domain.mail.request import send
from invoices.models import InvoiceDocument, InvoiceMail
from leads.domain.periods import mark_unrated
from leads.models import BillingPeriod, UnratedMark
from pricing.models import Charge
from tests.invoices.made import a_draft, an_open_period, issued, of_lines, received
from tests.invoices.mail.test_request import NOVEMBER_4, TO
from tests.invoices.post import PostOffice
from tests.processes import OUTGOING, RATING, empty_broker, until, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


@pytest.fixture
def workers(tmp_path: Path, frank: User, post_office: PostOffice) -> Iterator[None]:
    """The two kinds of workers that `make run` and a deployment start."""
    empty_broker()
    with worker(tmp_path, "worker", RATING), worker(tmp_path, "outgoing", OUTGOING):
        yield


def what_is_received_now_is_rated() -> None:
    period: BillingPeriod = an_open_period()
    received(period, 3)
    mark_unrated([period], reason="received")
    until(lambda: Charge.objects.filter(action__period=period).exists() and not UnratedMark.objects.exists())


def test_a_mail_server_that_hangs_does_not_delay_rating(frank: User, post_office: PostOffice, workers: None) -> None:
    post_office.hangs_before = True
    mails = []
    for _ in range(4):  # more than the workers of what goes out have processes
        invoice = issued(a_draft(3, billing_contacts=TO), frank)
        mails.append(send(invoice, by=frank, at=NOVEMBER_4))
    until(lambda: InvoiceMail.objects.filter(is_being_sent=True).count() == 2)

    what_is_received_now_is_rated()

    assert InvoiceMail.objects.waiting().count() == len(mails)
    assert post_office.arrived == []


def test_a_document_of_thousands_of_lines_stops_no_rating(frank: User, workers: None) -> None:
    drafts = [a_draft(3) for _ in range(2)]
    for draft in drafts:
        document = InvoiceDocument.objects.create(
            invoice=issued(draft, frank),
            kind="void",
            requested_at=NOVEMBER_4,
            next_attempt_at=NOVEMBER_4,
            source=large(draft),
        )
        assert document.state == "waiting"
    until(lambda: InvoiceDocument.objects.filter(kind="void", attempts=1, state="waiting").count() == 2)

    what_is_received_now_is_rated()

    until(lambda: not InvoiceDocument.objects.waiting().exists(), seconds=240)
    assert set(InvoiceDocument.objects.values_list("kind", "state")) == {("invoice", "kept"), ("void", "kept")}


def large(draft: object) -> dict[str, object]:
    """As much as a document of 12,000 lines says."""
    return of_lines(source_of(draft), 12_000)
