"""An action voided after it was billed is credited for exactly what it was charged; the closed period does not move."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from invoices.domain.life.late_voids import late_voids_of, to_be_credited
from invoices.models import Invoice
from leads.domain.voiding import void
from leads.models import Action
from pricing.domain.audit.prove import prove
from pricing.models import Charge
from receivables.domain.credit_notes.issuing import approve, issue
from receivables.domain.credit_notes.late_voids import NothingVoided, draft_for_voids, invoices_waiting
from receivables.models import CreditNote
from tests.factories.people import UserFactory
from tests.invoices.made import a_price, an_open_period, billed, issued, received
from tests.receivables.credit_notes.made import NOVEMBER_5, VAT, why

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice(frank: User) -> Invoice:
    why("voided_action")
    a_price("0.333")
    period = an_open_period(taxes=[VAT])
    received(period, 3, 5, 7, 11)
    return issued(billed(period), frank)


def take_back(invoice: Invoice, *quantities: int) -> list[Charge]:
    actions = list(Action.objects.filter(period=invoice.period, quantity__in=quantities))
    for action in actions:
        void(action, reason="Order canceled", by=UserFactory.create(), at=NOVEMBER_5)
    return list(Charge.objects.filter(action__in=actions))


def test_all_late_voids_of_an_invoice_are_one_note_for_what_they_were_charged(frank: User, invoice: Invoice) -> None:
    charges = list(Charge.objects.order_by("pk").values())
    take_back(invoice, 5, 11)

    note = draft_for_voids(invoice, by=frank)

    assert (note.subtotal, note.tax, note.total) == (Decimal("5.33"), Decimal("1.07"), Decimal("6.40"))
    assert (note.reason.code, note.sentence) == ("voided_action", "2 actions were voided after they were billed.")
    assert list(Charge.objects.order_by("pk").values()) == charges
    assert prove(invoice.period).holds
    assert late_voids_of(invoice).actions == 2  # until it is issued
    with pytest.raises(NothingVoided):
        draft_for_voids(invoice, by=frank)

    issue(approve(note, by=frank, at=NOVEMBER_5), by=frank, at=NOVEMBER_5)
    assert late_voids_of(invoice).actions == 0
    assert to_be_credited(["2026-10"]) == {}
    assert not invoices_waiting().exists()


def test_a_void_that_comes_after_the_note_waits_for_a_second_one(frank: User, invoice: Invoice) -> None:
    take_back(invoice, 5)
    first = draft_for_voids(invoice, by=frank)
    take_back(invoice, 7)

    assert list(invoices_waiting()) == [invoice]
    second = draft_for_voids(invoice, by=frank)
    assert (first.subtotal, second.subtotal) == (Decimal("1.67"), Decimal("2.33"))


def test_finance_sees_what_waits_and_drafts_one_note_per_invoice(finance: Client, invoice: Invoice) -> None:
    address = reverse("admin:receivables_late_voids")
    empty = finance.get(address).content.decode()
    take_back(invoice, 5, 11)
    shown = finance.get(address).content.decode()
    finance.get(reverse("admin:receivables_late_voids_draft"))
    before = CreditNote.objects.count()
    finance.post(reverse("admin:receivables_late_voids_draft"))

    assert "Nothing waits." in empty
    for words in ("INV-2026-000001", "$6.40", "Draft 1 credit note"):
        assert words in shown
    assert (before, CreditNote.objects.get().total) == (0, Decimal("6.40"))


def test_the_page_of_the_invoice_drafts_its_note(finance: Client, invoice: Invoice) -> None:
    button = reverse("admin:invoices_invoice_credit_voids", args=[invoice.pk])
    take_back(invoice, 5)

    shown = finance.get(button).content.decode()
    finance.post(button)

    assert "1 voided action: $1.67 before tax, $0.33 tax, $2.00 in total." in shown
    assert CreditNote.objects.get().total == 2
