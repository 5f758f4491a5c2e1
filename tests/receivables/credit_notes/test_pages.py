"""Finance drafts a credit note on an invoice's page, sees it as a dry run first, and takes it to issue on its own page."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from invoices.models import Invoice
from pricing.models import Charge
from receivables.domain.papers.store import PAPERS
from receivables.models import CreditNote, Paper, PaperMail
from tests.factories.people import with_role
from tests.invoices.post import PostOffice
from tests.receivables.credit_notes.made import (
    NOVEMBER_5,
    SENTENCE,
    a_draft_note,
    an_issued_invoice,
    an_issued_note,
    lines_of,
    why,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice(frank: User) -> Invoice:
    return an_issued_invoice(frank, {"Ash": "100.00", "Birch": "50.00"}, billing_contacts=["books@ash.example"])


def button(row: Invoice | CreditNote, name: str) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{name}", args=[row.pk])


def page(row: Invoice | CreditNote) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def test_a_dry_run_shows_net_tax_total_and_what_is_left_and_stores_nothing(finance: Client, invoice: Invoice) -> None:
    line = lines_of(invoice)["Ash"]
    answers = {f"line_{line.pk}": "10.00", "reason": why().pk, "sentence": SENTENCE}

    shown = finance.post(button(invoice, "credit"), answers)

    html = shown.content.decode()
    for words in (
        "$10.00",
        "VAT 20% of $10.00",
        "$2.00",
        "$12.00",
        "Left to credit after it",
        "$168.00",
        "Nothing is stored yet",
    ):
        assert words in html
    assert not CreditNote.objects.exists()

    seen = shown.context["form"].data["seen"]
    done = finance.post(button(invoice, "credit"), answers | {"seen": seen})
    note = CreditNote.objects.get()
    assert (done.status_code, done["Location"]) == (302, page(note))
    assert (note.total, note.state) == (Decimal(12), "draft")


def test_an_amount_above_what_is_left_says_so_on_the_dialog(finance: Client, invoice: Invoice) -> None:
    line = lines_of(invoice)["Ash"]
    shown = finance.post(
        button(invoice, "credit"), {f"line_{line.pk}": "100.01", "reason": why().pk, "sentence": SENTENCE}
    )

    assert "Of line 1, $100.00 is left to credit, not $100.01." in shown.content.decode()
    assert not CreditNote.objects.exists()


def test_a_pdf_that_failed_says_why_and_is_made_again(finance: Client, frank: User, invoice: Invoice) -> None:
    note = an_issued_note(frank, invoice, {"Ash": "10.00"})
    paper = note.paper
    assert paper is not None
    assert "Make PDF again" not in finance.get(page(note)).content.decode()
    Paper.objects.filter(pk=paper.pk).update(state="failed", reason="It takes too much memory.", next_attempt_at=None)

    shown = finance.get(page(note)).content.decode()
    finance.post(button(note, "make_pdf_again"))

    paper.refresh_from_db()
    assert "It takes too much memory." in shown
    assert "Make PDF again" in shown
    assert (paper.state, paper.reason, paper.attempts) == ("waiting", "", 0)
    PAPERS.work(paper.pk, attempt=0, at=NOVEMBER_5)
    made = finance.get(page(note)).content.decode()
    paper.refresh_from_db()
    assert paper.sha256 in made
    assert "Make PDF again" not in made


def test_single_charges_are_named_by_their_actions(finance: Client, invoice: Invoice) -> None:
    charge = Charge.objects.select_related("action").get(amount=50)
    answers = {"actions": f"{charge.action.external_id}, nope", "reason": why().pk, "sentence": SENTENCE}
    refused = finance.post(button(invoice, "credit_charges"), answers).content.decode()
    answers["actions"] = charge.action.external_id
    shown = finance.post(button(invoice, "credit_charges"), answers)
    finance.post(button(invoice, "credit_charges"), answers | {"seen": shown.context["form"].data["seen"]})

    assert "nope is not charged on INV-2026-000001." in refused
    assert CreditNote.objects.get().lines.get().charges.get().action_id == charge.pk


def test_a_note_goes_from_draft_to_the_customer_on_its_page(
    finance: Client, frank: User, invoice: Invoice, post_office: PostOffice
) -> None:
    note = a_draft_note(frank, invoice, {"Ash": "10.00"})
    shown = finance.get(page(note)).content.decode()
    for words in ("Line 1: Ash", "VAT 20% of $10.00", "$12.00", "Goodwill", SENTENCE, "Discard"):
        assert words in shown

    for name in ("approve", "issue"):
        assert finance.post(button(note, name)).status_code == 302, name
    note.refresh_from_db()
    first = finance.get(button(note, "send"))
    mail = first.context["form"].initial
    sent = finance.post(button(note, "send"), mail | {"request": str(mail["request"])})

    assert sent.status_code == 302
    assert (note.state, note.number) == ("issued", "CN-2026-000001")
    assert list(PaperMail.objects.values_list("to", flat=True)) == [["books@ash.example"]]
    assert finance.get(button(note, "download_pdf"))["Location"] == page(note)  # it is being made
    assert Paper.objects.get().state == "waiting"
    assert "Discard" not in finance.get(page(note)).content.decode()


def test_the_list_and_the_page_of_the_invoice_name_the_notes(finance: Client, frank: User, invoice: Invoice) -> None:
    an_issued_note(frank, invoice, {"Ash": "10.00"})

    listed = finance.get(reverse("admin:receivables_creditnote_changelist")).content.decode()
    on_invoice = finance.get(page(invoice)).content.decode()

    assert "CN-2026-000001" in listed
    for words in ("Credited", "CN-2026-000001", "$12.00", "Outstanding", "$168.00"):
        assert words in on_invoice


def test_a_viewer_sees_notes_and_presses_nothing(frank: User, invoice: Invoice) -> None:
    note, viewer = a_draft_note(frank, invoice, {"Ash": "10.00"}), Client()
    viewer.force_login(with_role("Viewer"))

    assert viewer.get(page(note)).status_code == 200
    for name in ("approve", "discard", "issue", "send"):
        assert viewer.post(button(note, name)).status_code == 403
    assert viewer.get(button(invoice, "credit")).status_code == 403
