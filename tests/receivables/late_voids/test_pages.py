"""Finance sees how late voids settle, sets a customer's terms, and reads a credit line charge by charge."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from invoices.models import Invoice, InvoiceLine
from leads.models import Action
from receivables.domain.credit_notes.drafting import discard
from receivables.models import CreditNote, VoidTerms
from reports.queries.action_state import state_of
from tests.factories.people import with_role
from tests.receivables.late_voids.made import (
    DECEMBER_2,
    an_invoice,
    as_lines,
    swept,
    the_next_draft,
    voided,
    voided_by_source,
)

pytestmark = pytest.mark.django_db
PAGE = "admin:receivables_late_voids"


@pytest.fixture
def invoice(frank: User) -> Invoice:
    return an_invoice(frank)


def fate_of(action: Action) -> str:
    found = state_of(action.lead.source, lead=action.lead.external_id, action=action.external_id)
    return found.message.partition("closed: ")[2] if found else ""


def test_the_page_says_what_happens_to_each(finance: Client, frank: User, invoice: Invoice) -> None:
    def seen() -> str:
        return finance.get(reverse(PAGE)).content.decode()

    voided(invoice, 5)
    assert "Its credit note is drafted shortly." in seen()
    swept()
    assert "Nothing waits." in seen()
    discard(CreditNote.objects.get(), by=frank, reason="Not yet.")
    assert f"{frank} discarded its credit note." in seen()
    as_lines(invoice.customer, frank)
    voided(invoice, 7)
    assert "Goes on the next invoice, or by December 20, 2026 on a credit note." in seen()


def test_the_fate_of_the_action_says_what_settles_its_void(frank: User, invoice: Invoice) -> None:
    [first] = voided(invoice, 5)
    assert fate_of(first) == "it has to be credited."
    swept()
    assert fate_of(first) == "its credit note is being prepared."
    as_lines(invoice.customer, frank)
    [second] = voided(invoice, 7)
    the_next_draft(invoice.customer)
    swept(DECEMBER_2)
    assert fate_of(second) == "a line of the next invoice will credit it."


def test_the_page_of_a_credit_line_lists_its_charges(finance: Client, frank: User, invoice: Invoice) -> None:
    as_lines(invoice.customer, frank)
    voided_by_source(invoice, 5, 11)
    draft = the_next_draft(invoice.customer)
    swept(DECEMBER_2)
    line = draft.lines.get(kind=InvoiceLine.Kind.CREDIT)

    shown = finance.get(reverse("admin:invoices_invoiceline_change", args=[line.pk])).content.decode()
    of_invoice = finance.get(reverse("admin:invoices_invoice_change", args=[invoice.pk])).content.decode()
    of_draft = finance.get(reverse("admin:invoices_invoice_change", args=[draft.pk])).content.decode()

    for words in ("What it takes back", "-$1.67", "-$3.66", "-$5.33", "INV-2026-000001"):
        assert words in shown
    for action in Action.objects.filter(quantity__in=[5, 11]):
        assert action.external_id in shown
    assert f">{draft}</a>" in of_invoice
    assert "of -$5.33, the credits" in of_draft
    notes = finance.get(reverse("admin:receivables_creditnote_changelist")).content.decode()
    assert "There are no credit notes yet." in notes


def test_the_terms_are_set_on_the_page_of_the_customer(finance: Client, invoice: Invoice) -> None:
    customer = invoice.customer
    address = reverse("admin:receivables_void_terms", args=[customer.pk])
    page = reverse("admin:leads_customer_change", args=[customer.pk])

    before = finance.get(page).content.decode()
    finance.post(address, {"way": "line", "wait_days": "0", "reason": "Asked"})
    assert not VoidTerms.objects.exists()
    finance.post(address, {"way": "line", "wait_days": "30", "reason": "One paper a month"})
    after = finance.get(page).content.decode()

    assert "Credit note on its invoice" in before
    assert "Credit line on the next invoice, or a credit note after 30 days" in after
    assert "One paper a month" in after
    viewer = Client()
    viewer.force_login(with_role("Viewer"))
    assert viewer.post(address, {"way": "note", "wait_days": "30", "reason": "No"}).status_code == 403
    assert VoidTerms.objects.count() == 1
