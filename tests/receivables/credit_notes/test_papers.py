"""The PDF of a credit note: what it says, kept with its digest, and mailed once it is there."""

import hashlib
from io import BytesIO

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from pypdf import PdfReader

from pricing.models import Charge
from receivables.domain.credit_notes.drafting import draft_for_charges
from receivables.domain.credit_notes.issuing import approve, issue
from receivables.domain.disputes.deciding import accept_in_part
from receivables.domain.papers.mail import PAPER_MAILS, send
from receivables.domain.papers.store import PAPERS
from receivables.domain.payments.record import Received, record_payment
from receivables.models import CreditNote, Paper
from tests.invoices.made import a_price, an_open_period, billed, issued, received
from tests.invoices.post import PostOffice
from tests.receivables.credit_notes.made import NOVEMBER_5, SENTENCE, an_issued_invoice, an_issued_note, why
from tests.receivables.disputes.made import NOVEMBER_10, a_dispute, charges_of, of_charges

pytestmark = pytest.mark.django_db


def printed(paper: Paper) -> Paper:
    PAPERS.work(paper.pk, attempt=paper.attempts, at=NOVEMBER_5)
    paper.refresh_from_db()
    return paper


def text_of(paper: Paper) -> str:
    pages = PdfReader(BytesIO(bytes(paper.content or b""))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.fixture
def note(frank: User) -> CreditNote:
    invoice = an_issued_invoice(frank, {"Ash": "40.00", "Birch": "38.52"}, purchase_order="4500-2291")
    charge = Charge.objects.get(amount="38.52")
    draft = draft_for_charges(invoice, [charge], reason=why("invalid_contact"), sentence=SENTENCE, by=frank)
    return issue(approve(draft, by=frank, at=NOVEMBER_5), by=frank, at=NOVEMBER_5)


def test_a_credit_note_says_what_is_credited_why_and_what_it_does_to_the_invoice(note: CreditNote) -> None:
    text = text_of(printed(note.paper))

    for words in (
        "Credit note CN-2026-000001",
        "For invoice INV-2026-000001",
        "$46.22 credited Used on INV-2026-000001. Nothing for you to do.",
        f"Why: Invalid contact. {SENTENCE}",
        "Line 2 of the invoice: Birch",
        "$38.52 $38.52",
        "Before tax $38.52",
        "VAT, 20% of $38.52 $7.70",
        "Credited $46.22 USD",
        "Open before $94.22",
        "Open now $48.00",
        "it stays $94.22",
        "What stays charged Line 2 is credited in full. The other lines of the invoice stay as they are.",
    ):
        assert words in text, (words, text)


def test_what_was_disputed_and_not_accepted_stays_charged_and_says_until_when_it_is_due(frank: User) -> None:
    period = an_open_period(tax_rate=7)
    a_price("18.00")
    received(period, 1, 1, 1)
    issued(billed(period), frank)
    charges = charges_of(period)
    dispute = a_dispute(of_charges(period))
    accept_in_part(dispute, accepted=charges[:2], words="Two of them bounced.", by=frank, at=NOVEMBER_10)

    note = CreditNote.objects.get()
    letter = text_of(printed(issue(approve(note, by=frank, at=NOVEMBER_10), by=frank, at=NOVEMBER_10).paper))

    for words in (
        f"Dispute {dispute.number}",
        "Why: Invalid contact. Two of them bounced.",
        "What stays charged The charge of Oct 15, 2026, 12:00 ($18.00). With tax, $19.26 is due by December 3, 2026.",
        "Line 1 keeps $18.00 before tax.",
    ):
        assert words in letter, (words, letter)


def test_the_pdf_is_kept_with_its_digest_and_never_changes(note: CreditNote) -> None:
    paper = printed(note.paper)

    assert (paper.state, paper.file_name) == ("kept", "CN-2026-000001.pdf")
    assert paper.sha256 == hashlib.sha256(bytes(paper.content)).hexdigest()
    with pytest.raises(IntegrityError), transaction.atomic():
        Paper.objects.filter(pk=paper.pk).update(reason="other")
    with pytest.raises(IntegrityError), transaction.atomic():
        Paper.objects.filter(pk=paper.pk).delete()


def test_a_note_over_a_part_of_a_line_on_a_settled_invoice_says_what_stays_as_credit(frank: User) -> None:
    invoice = an_issued_invoice(frank, {"Ash": "40.00"})
    an_issued_note(frank, invoice, {"Ash": "39.00"})

    text = text_of(printed(an_issued_note(frank, invoice, {"Ash": "0.50"}).paper))

    assert "Part of the line $40.00 $0.50" in text
    assert "Open before $1.20 This credit note −$0.60 Open now $0.60" in text


def test_a_note_on_an_invoice_without_anything_open_lowers_nothing(frank: User) -> None:
    invoice = an_issued_invoice(frank, {"Ash": "40.00"})
    owed = invoice.subtotal + invoice.tax
    received = Received(customer=invoice.customer, on=invoice.issued_on, amount=owed, reference="Check 7")
    record_payment(received, by=frank, at=NOVEMBER_5)

    text = text_of(printed(an_issued_note(frank, invoice, {"Ash": "0.50"}).paper))

    assert "Open before $0.00 This credit note $0.00 Open now $0.00" in text
    assert "and nothing was open on it." in text


def test_the_email_waits_for_the_pdf_and_goes_out_with_it_once(
    frank: User, note: CreditNote, post_office: PostOffice
) -> None:
    text = ("Credit note CN-2026-000001", "It is attached.\n")
    mail = send(note.paper, to=["books@ash.example"], text=text, by=frank, at=NOVEMBER_5, about=[note])
    again = send(note.paper, to=["x@y.example"], text=text, by=frank, at=NOVEMBER_5, request=mail.request)
    PAPER_MAILS.work(mail.pk, attempt=0, at=NOVEMBER_5)
    mail.refresh_from_db()
    waited = mail.reason
    printed(note.paper)
    PAPER_MAILS.work(mail.pk, attempt=mail.attempts, at=NOVEMBER_5)

    mail.refresh_from_db()
    assert (again.pk, waited) == (mail.pk, "Waiting for its PDF.")
    assert (mail.state, mail.accepted, mail.sha256) == ("sent", ["books@ash.example"], note.paper.sha256)
    assert len(post_office.arrived) == 1
