"""A void invoice says everywhere that nothing is due, and links to its replacement."""

from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from invoices.domain.life.reopen import void
from invoices.models import Invoice
from tests.factories.people import UserFactory
from tests.invoices.made import a_draft, billed, issued

pytestmark = pytest.mark.django_db
LATER = datetime(2026, 11, 9, tzinfo=UTC)


def test_a_void_invoice_says_nothing_is_due_and_links_to_its_replacement_and_back(
    accountant: User, finance: Client
) -> None:
    vera = UserFactory.create()
    invoice = issued(a_draft(4, name="Ash"), accountant)
    void(invoice, reason="Wrong address", by=vera, at=LATER)
    again = billed(invoice.period)

    def page(of: Invoice) -> str:
        answer = finance.get(reverse("admin:invoices_invoice_change", args=[of.pk]))
        return " ".join(unescape(answer.content.decode()).split())

    def told(of: Invoice) -> dict[str, Any]:
        data: dict[str, Any] = finance.get(f"/api/v1/invoices/{of.pk}").json()
        return {name: data[name] for name in ("total", "amount_due", "due_on", "replaces", "replaced_by")}

    shown = page(invoice)
    assert "Nothing to pay: this invoice is void" in shown
    assert '<dt> Total, void </dt> <dd> <s class="paper-was">$10.00</s> </dd>' in shown
    assert "To pay</dt>" in shown
    assert "$0.00 USD" in shown
    assert "is kept unchanged, with its own digest. Its number is not used again." in shown
    assert "due December 3, 2026" not in shown
    assert "Reference" not in shown
    assert "dispute charges" not in shown
    assert f'Replaced by: <a class="text-link" href="/admin/invoices/invoice/{again.pk}/change/">{again}</a>' in shown
    assert f'Replaces: <a class="text-link" href="/admin/invoices/invoice/{invoice.pk}/change/">{invoice}' in page(
        again
    )
    listed = unescape(finance.get(reverse("admin:invoices_invoice_changelist")).content.decode())
    assert "<s>$10.00</s>" in listed
    assert "Dec 3, 2026" not in listed
    nothing = {"total": "10.00", "amount_due": "0.00", "due_on": None, "replaces": None}
    assert told(invoice) == nothing | {"replaced_by": again.pk}
    issued(again, accountant)
    owed = {
        "total": "10.00",
        "amount_due": "10.00",
        "due_on": "2026-12-03",
        "replaces": invoice.pk,
        "replaced_by": None,
    }
    assert told(again) == owed
