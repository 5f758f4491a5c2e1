"""A customer's account, its notes, and what the customer's page says of it."""

import re
from datetime import UTC, date, datetime
from html import unescape

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from billing_engine.core.models import Deed
from invoices.models import Invoice
from receivables.domain.account_notes.note import EmptyNote, write_note
from receivables.models import AccountNote, LedgerDocument
from tests.factories.leads import CustomerFactory
from tests.factories.people import with_role
from tests.invoices.made import a_draft, issued
from tests.receivables.made import a_document

pytestmark = pytest.mark.django_db

NOVEMBER_24 = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def invoice(accountant: User) -> Invoice:
    """$250 issued on November 3 and due on it, of which nothing is paid; $40 came in beside it."""
    made = issued(a_draft(100, name="Acme", code="ACME", payment_terms_days=0), accountant)
    a_document(made.customer, LedgerDocument.Kind.PAYMENT, 40, on=date(2026, 11, 9), reference="WIRE 7")
    return made


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_the_account_shows_what_is_open_invoices_payments_and_notes(client: Client, invoice: Invoice):
    client.force_login(finance := with_role("Finance"))
    customer = invoice.customer
    write_note(customer, text="Promised to pay on Friday.", by=finance, at=NOVEMBER_24)

    with time_machine.travel(NOVEMBER_24, tick=False):
        text = text_of(client.get(reverse("admin:receivables_account", args=[customer.pk])).content.decode())
        facts = text_of(client.get(reverse("admin:leads_customer_change", args=[customer.pk])).content.decode())

    assert "Open $250.00" in text
    assert "Overdue $250.00" in text
    assert "Unapplied -$40.00" in text
    assert f"Invoice {invoice.number} November 3, 2026 November 3, 2026 21 days overdue $250.00 $250.00" in text
    assert "WIRE 7 November 9, 2026 $40.00 $40.00" in text
    assert "Promised to pay on Friday." in text
    assert "Write note" in text
    assert "Outstanding $250.00 as of November 24, 2026 Overdue $250.00 of what is outstanding" in facts
    assert "Unapplied $40.00 payments and credit" in facts


def test_an_account_without_anything_says_so(client: Client):
    client.force_login(with_role("Viewer"))

    text = text_of(
        client.get(reverse("admin:receivables_account", args=[CustomerFactory.create().pk])).content.decode()
    )

    assert "Nothing is open." in text
    assert "No notes yet." in text
    assert "Write note" not in text


def test_a_note_is_written_once_with_a_deed_and_never_changed(client: Client):
    customer = CustomerFactory.create()
    client.force_login(person := with_role("Finance"))

    client.post(reverse("admin:leads_customer_write_note", args=[customer.pk]), {"text": " Call Ann. "})

    [note] = AccountNote.objects.all()
    assert (note.text, note.written_by, note.customer) == ("Call Ann.", person, customer)
    assert Deed.objects.filter(verb="account_note_written").count() == 1
    for change in (lambda: AccountNote.objects.update(text="x"), lambda: AccountNote.objects.all().delete()):
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            change()
    with pytest.raises(EmptyNote):
        write_note(customer, text=" ", by=person, at=NOVEMBER_24)
    assert AccountNote.objects.count() == 1


def test_only_finance_writes_notes(client: Client):
    customer = CustomerFactory.create()
    client.force_login(with_role("Operations"))

    refused = client.post(reverse("admin:leads_customer_write_note", args=[customer.pk]), {"text": "x"})

    assert (refused.status_code, AccountNote.objects.count()) == (403, 0)


def test_an_invoice_leads_to_its_documents_in_the_ledger(client: Client, invoice: Invoice):
    client.force_login(with_role("Finance"))
    page = client.get(reverse("admin:invoices_invoice_change", args=[invoice.pk])).content.decode()
    [address] = re.findall(r'href="([^"]*ledgerdocument[^"]*)"[^>]*>Ledger</a></li>', page)

    text = text_of(client.get(unescape(address)).content.decode())

    assert f"Invoice {invoice.number} Acme $250.00 $250.00" in text
    assert "WIRE 7" not in text
