"""Credit from a line's page, over the line or chosen charges, and many invoices at once; first a dry run."""

import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from invoices.models import Invoice
from pricing.models import Charge
from receivables.domain.credit_notes.bulk import draft_all, dry_run
from receivables.models import CreditedCharge, CreditNote
from tests.factories.people import with_role
from tests.invoices.made import a_draft, a_price, an_open_period, billed, issued, received
from tests.receivables.credit_notes.made import VAT, an_issued_invoice, why

pytestmark = pytest.mark.django_db
CREDIT, LIST = "admin:receivables_credit_from_line", "admin:invoices_invoice_changelist"


def seen_in(page: str) -> str:
    found = re.search(r'name="seen"[^>]*value="([^"]+)"', page)
    return found[1] if found else ""


@pytest.fixture
def invoice(frank: User) -> Invoice:
    a_price("0.333")
    period = an_open_period(taxes=[VAT])
    received(period, 3, 5, 7, 11)
    return issued(billed(period), frank)


def test_chosen_charges_are_credited_from_the_page_of_their_line(finance: Client, invoice: Invoice) -> None:
    line = invoice.lines.get()
    chosen = list(Charge.objects.filter(action__quantity__in=[5, 11]).values_list("pk", flat=True))
    address = f"{reverse(CREDIT)}?{'&'.join(f'charge={pk}' for pk in chosen)}"
    answers = {"reason": why().pk, "sentence": "Two addresses did not exist."}

    page = finance.get(reverse("admin:invoices_invoiceline_change", args=[line.pk])).content.decode()
    dry = finance.get(address).content.decode()
    finance.post(address, {**answers, "seen": "something else"})
    before = CreditNote.objects.count()
    finance.post(address, {**answers, "seen": seen_in(dry)})

    assert f"{reverse(CREDIT)}?line={line.pk}" in page
    assert "Credit chosen charges" in page
    for words in ("Credit 2 charges of INV-2026-000001", "$1.67", "$3.66", "Total credited", "$6.40"):
        assert words in dry
    assert before == 0
    note = CreditNote.objects.get()
    assert (note.total, note.sentence) == (Decimal("6.40"), "Two addresses did not exist.")
    assert set(CreditedCharge.objects.values_list("action", flat=True)) == set(chosen)
    again = finance.get(address).content.decode()
    assert "is credited already" in again
    assert "Draft credit note" not in again


def test_a_whole_line_is_credited_from_its_page(finance: Client, invoice: Invoice) -> None:
    address = f"{reverse(CREDIT)}?line={invoice.lines.get().pk}"
    dry = finance.get(address).content.decode()
    finance.post(address, {"reason": why().pk, "sentence": "All wrong.", "seen": seen_in(dry)})

    assert CreditNote.objects.get().total == invoice.total
    viewer = Client()
    viewer.force_login(with_role("Viewer"))
    assert viewer.get(address).status_code == 403
    assert finance.get(f"{reverse(CREDIT)}?line=0").status_code == 404


def test_many_invoices_are_credited_by_a_share_after_a_dry_run(finance: Client, frank: User) -> None:
    first = an_issued_invoice(frank, {"Ash": "5.00", "Oak": "7.77"})
    second = an_issued_invoice(frank, {"Elm": "0.01"})
    draft = a_draft(3)
    every = [first, second, draft]
    chosen = {"action": "credit_chosen", "_selected_action": [each.pk for each in every]}
    answers = {"percent": "10", "reason": why().pk, "sentence": "The outage of October 3."}

    asked = finance.post(reverse(LIST), chosen).content.decode()
    dry = finance.post(reverse(LIST), {**chosen, **answers}).content.decode()
    before = CreditNote.objects.count()
    finance.post(reverse(LIST), {**chosen, **answers, "seen": seen_in(dry)})

    assert "Credit 3 invoices" in asked
    assert "Draft 1 credit note, $1.54" in dry
    assert "is not issued" in dry
    assert before == 0
    assert [(note.invoice, note.total) for note in CreditNote.objects.all()] == [(first, Decimal("1.54"))]


def test_the_dry_run_is_what_is_then_drafted(frank: User) -> None:
    every = [an_issued_invoice(frank, {"Ash": "5.00"}), an_issued_invoice(frank, {"Oak": "3.33"}), a_draft(2)]

    planned = dry_run(every, percent=Decimal(100))
    done = draft_all(every, percent=Decimal(100), reason=why(), sentence="All.", by=frank)

    assert [(each.total, each.refused) for each in planned] == [(each.total, each.refused) for each in done]
    assert [each.refused for each in dry_run(every[:1], percent=Decimal(101))] == [
        "Credit more than 0% and at most 100%."
    ]
    assert [bool(each.refused) for each in dry_run(every, percent=Decimal(100))] == [True] * 3
