"""What an electronic invoice cannot say is said before it is issued, and nothing is issued."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from invoices.domain.document.electronic import NotExpressible
from invoices.domain.life.review_flags import DraftIsFlagged, flags_of
from invoices.domain.life.transitions import approve_all, issue, issue_all
from invoices.models import Invoice
from leads.models import Tax
from receivables.models import LedgerDocument
from tests.factories.people import with_role
from tests.invoices.made import NOVEMBER_3, a_draft, approved
from tests.receivables.einvoices.made import a_seller, an_electronic_draft, taxed

pytestmark = pytest.mark.django_db
SENDS = "This customer gets electronic invoices. "
TWO_TAXES = [Tax("GST", Decimal(5)).as_stored(), Tax("PST", Decimal(7)).as_stored()]
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "no country of the customer": (
        {},
        {"address": "1 rue de la Paix\n75002 Paris", "taxes": taxed("20")},
        "End the customer's address in the customer's details for the invoice with a line for the country.",
    ),
    "no country of the seller": (
        {"address": "Hauptstraße 1"},
        {"taxes": taxed("20")},
        "End the seller's address in the company's details with a line for the country.",
    ),
    "no VAT number of the seller": (
        {"tax_id": ""},
        {"tax_exempt_reason": "Small business"},
        "Enter the seller's VAT number with its country, such as DE123456789, as the tax ID in the company's details.",
    ),
    "reverse charge without the customer's VAT number": (
        {},
        {"tax_id": "", "tax_exempt_reason": "Reverse charge"},
        "Reverse charge needs the customer's VAT number with its country as the tax ID.",
    ),
    "a third decimal": (
        {},
        {"currency": "KWD", "taxes": taxed("5")},
        "Amounts in KWD have 3 decimal places; electronic invoices have two at most.",
    ),
    "US sales tax": (
        {"address": "1 Main Street\nUSA", "tax_id": "DE123456789"},
        {"taxes": taxed("8.875")},
        "US sales tax is not a VAT, so an electronic invoice cannot say it.",
    ),
    "two taxes on a line": (
        {},
        {"taxes": TWO_TAXES},
        "A line has two taxes; an electronic invoice has one VAT rate a line.",
    ),
    "no tax and no reason": ({}, {}, "A line has no tax. Enter why the customer is exempt, or a tax of 0%."),
}


@pytest.fixture
def frank() -> User:
    return with_role("Finance")


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_expressed_is_flagged_on_the_draft_and_refused_at_issue(name: str, frank: User) -> None:
    seller, customer, words = CASES[name]
    draft = an_electronic_draft("1.234", seller=a_seller(**seller), **customer)

    flags = {flag.code: flag.message for flag in flags_of([draft])[draft.pk]}
    invoice = approved(draft, frank)
    with pytest.raises(NotExpressible) as refused:
        issue(invoice, by=frank, at=NOVEMBER_3)

    assert str(refused.value) == SENDS + words
    assert flags["not_electronic"] == f"Can't be an electronic invoice: {SENDS}{words}".removesuffix(".")
    assert Invoice.objects.get().number is None
    assert not LedgerDocument.objects.exists()


def test_a_flagged_draft_is_not_approved_unseen_and_others_are_issued_beside_it(frank: User) -> None:
    wrong, right = an_electronic_draft("1", currency="KWD", taxes=taxed("5")), a_draft(name="Ash")

    batch = approve_all([wrong, right], by=frank, at=NOVEMBER_3, unseen=True)
    assert {type(refusal) for refusal in batch.refused.values()} == {DraftIsFlagged}
    issued = issue_all([approved(wrong, frank), right], by=frank, at=NOVEMBER_3)

    assert (list(issued.refused), [each.pk for each in issued.passing]) == ([wrong.pk], [right.pk])
    assert issued.passing[0].number == "INV-2026-000001"


def test_a_customer_without_electronic_invoices_is_asked_for_nothing(frank: User) -> None:
    draft = an_electronic_draft("1.234", electronic_invoice=False, currency="KWD")

    assert "not_electronic" not in {flag.code for flag in flags_of([draft])[draft.pk]}
    assert issue(approved(draft, frank), by=frank, at=NOVEMBER_3).number
