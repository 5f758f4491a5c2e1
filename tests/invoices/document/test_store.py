"""One worker renders a PDF in limited time, memory and attempts; a void does not wait for it."""

import io
import threading
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from pypdf import PdfReader

from billing_engine.core.queues.items import MOST_ATTEMPTS
from billing_engine.core.typesetting.typeset import NotTypeset
from invoices.domain.document.queue import DocumentFailed, DocumentHasNotFailed, DocumentIsBeingMade
from invoices.domain.document.store import DOCUMENTS, LEASE, document_of, make, request_missing, try_again
from invoices.domain.document.typeset import source_of, typeset
from invoices.domain.life.close import close
from invoices.domain.life.reopen import void
from invoices.models import Invoice, InvoiceDocument
from pricing.domain.rate.rate import rate
from tests.factories.people import UserFactory, with_role
from tests.invoices.made import (
    NOVEMBER_3,
    a_draft,
    a_price,
    an_open_period,
    billed,
    issued,
    of_lines,
    printed,
    received,
)
from tests.processes import at_once, empty_broker, until, worker

LATER = NOVEMBER_3 + timedelta(hours=1)
MAKE = "from invoices.domain.document.store import make; make({document}, attempt={attempt}, at=now())"
VOID = """
from django.contrib.auth.models import User
from invoices.domain.life.reopen import void
from tests.factories.people import UserFactory
from invoices.models import Invoice
void(Invoice.objects.get(pk={invoice}), reason="Wrong", by=User.objects.get(pk={by}), at=now())
"""


def pages_of(document: InvoiceDocument) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(bytes(document.content or b""))).pages]


def documents() -> list[tuple[str, str, int]]:
    return list(InvoiceDocument.objects.order_by("pk").values_list("kind", "state", "attempts"))


@pytest.mark.django_db
def test_an_issued_invoice_has_its_pdf_asked_for_in_the_same_transaction(frank: User) -> None:
    invoice = issued(a_draft(), frank)

    assert documents() == [("invoice", "waiting", 0)]
    with pytest.raises(DocumentIsBeingMade):
        document_of(invoice)
    kept = printed(invoice)
    assert (kept.state, kept.attempts, kept.rendered_at, kept.next_attempt_at) == ("kept", 1, NOVEMBER_3, None)
    assert kept.sha256 == sha256(bytes(kept.content or b"")).hexdigest()


@pytest.mark.django_db
def test_an_attempt_that_was_counted_already_is_not_made_again(frank: User) -> None:
    invoice = issued(a_draft(), frank)
    document = InvoiceDocument.objects.get()
    InvoiceDocument.objects.update(attempts=1, next_attempt_at=NOVEMBER_3 + LEASE)  # a worker is at it

    make(document.pk, attempt=0, at=NOVEMBER_3)

    assert documents() == [("invoice", "waiting", 1)]
    assert DOCUMENTS.sweep(at=NOVEMBER_3 + LEASE - timedelta(seconds=1)) == 0
    assert DOCUMENTS.sweep(at=NOVEMBER_3 + LEASE) == 1
    make(document.pk, attempt=1, at=LATER)
    assert document_of(invoice).attempts == 2


@pytest.mark.django_db
def test_a_document_fails_after_its_last_worker_ended(frank: User) -> None:
    invoice = issued(a_draft(), frank)
    document = InvoiceDocument.objects.get()
    InvoiceDocument.objects.update(attempts=MOST_ATTEMPTS)

    make(document.pk, attempt=MOST_ATTEMPTS, at=NOVEMBER_3)

    with pytest.raises(DocumentFailed, match="3 workers ended while making it"):
        document_of(invoice)
    assert DOCUMENTS.sweep(at=LATER) == 0
    try_again(InvoiceDocument.objects.get(), by=UserFactory.create(), at=LATER)
    assert printed(invoice).is_kept
    with pytest.raises(DocumentHasNotFailed):
        try_again(document, by=UserFactory.create(), at=LATER)


@pytest.mark.django_db
def test_a_document_that_cannot_be_made_says_why_and_its_attempts_end(frank: User) -> None:
    invoice = issued(a_draft(), frank)
    document = InvoiceDocument.objects.get()
    broken = source_of(invoice)
    broken["paper"]["total"] = None  # what the template cannot read
    InvoiceDocument.objects.update(source=broken)

    told = []
    for attempt in range(MOST_ATTEMPTS):
        make(document.pk, attempt=attempt, at=NOVEMBER_3)
        document.refresh_from_db()
        told.append((document.state, document.next_attempt_at and document.next_attempt_at - NOVEMBER_3))

    assert told == [("waiting", timedelta(minutes=1)), ("waiting", timedelta(minutes=2)), ("failed", None)]
    assert document.reason.startswith("The typesetter reported: ")


@pytest.mark.django_db
def test_a_document_that_takes_too_much_takes_no_worker_with_it(frank: User) -> None:
    source = of_lines(source_of(issued(a_draft(), frank)), 20_000)

    with pytest.raises(NotTypeset, match="Making it takes longer than 1 seconds"):
        typeset(source, seconds=1)
    with pytest.raises(NotTypeset, match="Making it takes more than 500 MB of memory"):
        typeset(source, megabytes=500)


@pytest.mark.django_db
def test_an_issued_invoice_without_a_document_is_found(frank: User) -> None:
    invoice = issued(a_draft(), frank)
    with connection.cursor() as cursor:  # as it was before documents had rows of their own
        cursor.execute("SET LOCAL session_replication_role = replica; DELETE FROM invoices_invoicedocument")
        cursor.execute("SET LOCAL session_replication_role = origin")
    a_draft()

    assert [request_missing(at=LATER) for _ in range(2)] == [1, 0]
    assert printed(invoice).is_kept


# --- Void -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_void_invoice_has_a_second_document_marked_on_every_page_and_keeps_the_first(frank: User) -> None:
    period = an_open_period(detail_annex=True)
    a_price()
    received(period, *[1] * 120)
    invoice = issued(billed(period), frank)
    first = printed(invoice)

    void(invoice, reason="Wrong price", by=with_role("Finance"), at=LATER)
    assert documents() == [("invoice", "kept", 1), ("void", "waiting", 0)]
    again = printed(invoice)

    assert (bytes(again.content or b""), again.sha256) == (bytes(first.content or b""), first.sha256)
    second = InvoiceDocument.objects.get(kind="void")
    valid, marked = pages_of(first), pages_of(second)
    assert len(marked) == len(valid) > 2  # the annex is in it, though its charges are about to be rated again
    assert ["VOID" in page for page in marked] == [True] * len(marked)
    assert ["VOID" in page for page in valid] == [False] * len(valid)
    for words in ("Nothing to pay: this invoice is void", "Void since November 3, 2026", "is kept unchanged"):
        assert words in " ".join(marked[0].split())
    assert "Reference" not in marked[0]
    assert "Wrong price" not in "".join(marked)  # our own words stay with us
    assert (second.sha256 != first.sha256, second.file_name) == (True, "INV-2026-000001-void.pdf")
    for document in (first, second):
        with pytest.raises(IntegrityError), transaction.atomic():
            InvoiceDocument.objects.filter(pk=document.pk).update(sha256="0")
        with pytest.raises(IntegrityError), transaction.atomic():
            document.delete()


@pytest.mark.django_db
def test_a_first_document_that_was_not_made_yet_is_made_as_it_would_have_been(frank: User) -> None:
    period = an_open_period(detail_annex=True)
    a_price()
    received(period, *[1] * 5)
    invoice = issued(billed(period), frank)
    expected = typeset(source_of(invoice))

    void(invoice, reason="Wrong", by=with_role("Finance"), at=LATER)
    a_price("9.00", priority=9)
    rate(period, at=LATER)

    assert bytes(printed(invoice).content or b"") == expected


@pytest.mark.django_db
def test_the_void_document_names_the_invoice_that_replaces_it_once_there_is_one(frank: User) -> None:
    invoice = issued(a_draft(4), frank)
    void(invoice, reason="Wrong", by=with_role("Finance"), at=LATER)
    printed(invoice)
    invoice.period.refresh_from_db()
    again = close(invoice.period, at=LATER)
    assert again is not None
    replacement = issued(again, frank)

    printed(invoice)

    kept = list(InvoiceDocument.objects.filter(invoice=invoice).order_by("pk"))
    assert [(one.kind, one.replaced_by, one.state) for one in kept] == [
        ("invoice", None, "kept"),
        ("void", None, "kept"),
        ("void", replacement, "kept"),
    ]
    words = f"Replaced by invoice {replacement.number} of November 3, 2026."
    assert [words in pages_of(one)[0] for one in kept] == [False, False, True]
    assert len({one.sha256 for one in kept}) == 3
    assert words not in "".join(pages_of(printed(replacement)))


# --- At once --------------------------------------------------------------------------------------


@pytest.fixture
def invoice(transactional_db: None) -> Invoice:
    empty_broker()
    return issued(a_draft(3), with_role("Finance"))


@pytest.mark.processes
def test_eight_workers_asked_at_once_make_a_document_once(invoice: Invoice) -> None:
    document = InvoiceDocument.objects.get()

    at_once(*[MAKE.format(document=document.pk, attempt=0)] * 8)

    assert documents() == [("invoice", "kept", 1)]


@pytest.mark.processes
def test_a_void_and_the_making_of_its_document_never_wait_for_each_other(invoice: Invoice) -> None:
    by = with_role("Finance")
    for _ in range(3):
        document = invoice.documents.get(kind="invoice")
        at_once(
            *[MAKE.format(document=document.pk, attempt=0)] * 2,
            VOID.format(invoice=invoice.pk, by=by.pk),
            "from invoices.domain.document.store import request_missing; request_missing(at=now())",
        )
        invoice.refresh_from_db()
        document.refresh_from_db()
        assert (invoice.state, document.state, document.attempts) == ("void", "kept", 1)
        assert "VOID" not in "".join(pages_of(document))
        invoice = issued(a_draft(3), with_role("Finance"))


@pytest.mark.processes
def test_a_void_answers_while_its_document_is_being_made(invoice: Invoice) -> None:
    document = InvoiceDocument.objects.get()
    InvoiceDocument.objects.update(source=of_lines(source_of(invoice), 15_000))

    def make_it() -> None:
        at_once(MAKE.format(document=document.pk, attempt=0))
        connection.close()  # the thread's own: left open, it would keep the test's database from being dropped

    made = threading.Thread(target=make_it)
    made.start()
    until(lambda: InvoiceDocument.objects.get(pk=document.pk).attempts == 1)

    void(invoice, reason="Wrong", by=with_role("Finance"), at=LATER)

    assert documents() == [("invoice", "waiting", 1), ("void", "waiting", 0)]
    made.join()
    document.refresh_from_db()
    assert document.is_kept


@pytest.mark.processes
def test_a_worker_killed_over_a_document_is_followed_by_another(invoice: Invoice, tmp_path: Path) -> None:
    document = InvoiceDocument.objects.get()
    whole = source_of(invoice)
    InvoiceDocument.objects.update(source=of_lines(whole, 15_000))
    with worker(tmp_path, "first") as first:
        until(lambda: InvoiceDocument.objects.get().attempts == 1)
        first.kill()
    assert documents() == [("invoice", "waiting", 1)]
    InvoiceDocument.objects.update(source=whole, next_attempt_at=NOVEMBER_3)  # as if the lease were over

    with worker(tmp_path, "second"):
        until(lambda: InvoiceDocument.objects.filter(pk=document.pk, state="kept").exists())

    assert documents() == [("invoice", "kept", 2)]
