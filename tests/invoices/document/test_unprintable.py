"""A draft with characters that our fonts do not have is flagged, with the characters, before it is approved."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from invoices.domain.document.annex import annex_of
from invoices.domain.document.content import content_of
from invoices.domain.document.typeset import render
from invoices.domain.life.adjustments import adjust
from invoices.domain.life.reopen import regenerate
from invoices.domain.life.review_flags import flags_of
from invoices.domain.month_close.bulk_action import BULK_ACTIONS, start_bulk_action
from invoices.domain.month_close.close_month import create_missing_months
from invoices.models import BillingCycle, Invoice, SkippedInvoice
from leads.models import Company
from tests.factories.people import UserFactory, with_role
from tests.invoices.document.test_typeset import is_archivable
from tests.invoices.made import NOVEMBER_3, a_draft, a_price, an_open_period, billed, received

pytestmark = pytest.mark.django_db

AN_F = "ⵣ"  # Tifinagh: none of our fonts has it
A_PRIVATE_ONE = "\ue000"


def flags(invoice: Invoice) -> list[str]:
    invoice = Invoice.objects.select_related("period").get(pk=invoice.pk)
    return [flag.message for flag in flags_of([invoice])[invoice.pk] if flag.code == "unprintable"]


@pytest.mark.parametrize(
    "customer",
    [
        {"legal_name": f"Tiles {AN_F}"},
        {"address": f"1 Foundry Road\n{AN_F}"},
        {"purchase_order": AN_F},
        {"tax_id": AN_F},
        {"tax_exempt_reason": AN_F},
    ],
)
def test_wherever_of_the_customer_it_stands(customer: dict[str, str]) -> None:
    assert flags(a_draft(**customer)) == ["Cannot be printed: ⵣ (U+2D63)"]


def test_wherever_of_the_seller_it_stands() -> None:
    seller = Company.objects.create(code="OURS", name="Ours", pay_to=f"IBAN {A_PRIVATE_ONE}", number_prefix="O-{year}-")

    assert flags(a_draft(seller=seller)) == ["Cannot be printed: U+E000"]


def test_wherever_of_a_line_it_stands() -> None:
    period = an_open_period()
    a_price()
    received(period, 3, product=f"Oak {AN_F}")
    draft = billed(period)
    assert flags(draft) == ["Cannot be printed: ⵣ (U+2D63)"]

    adjust(draft, amount=Decimal(1), text=A_PRIVATE_ONE, reason="Test", by=with_role("Finance"), at=NOVEMBER_3)
    assert flags(draft) == ["Cannot be printed: ⵣ (U+2D63), U+E000"]


@pytest.mark.parametrize("annex", [True, False])
def test_wherever_of_the_annex_it_stands_if_there_is_one(annex: bool) -> None:
    period = an_open_period(detail_annex=annex)
    a_price()
    received(period, 3, external_id=f"L-{AN_F}")
    received(period, 3, external_id="L-日本")
    draft = billed(period)

    assert (flags(draft), draft.unprintable) == ((["Cannot be printed: ⵣ (U+2D63)"], AN_F) if annex else ([], ""))
    assert is_archivable(render(content_of(draft), annex_of(draft))) == (not annex)


def test_the_flag_stays_until_it_is_fixed_and_approve_all_skips_the_draft(frank: User) -> None:
    draft = a_draft(3, legal_name=f"Tiles {AN_F}", name="Tiles")
    create_missing_months()
    cycle = BillingCycle.objects.get(label="2026-10")
    start_bulk_action(cycle, BillingCycle.BulkAction.APPROVE, by=frank, at=NOVEMBER_3)
    while BULK_ACTIONS.work(cycle.pk, at=NOVEMBER_3):
        pass
    draft.refresh_from_db()
    [skipped] = SkippedInvoice.objects.all()
    assert (draft.state, skipped.message) == ("draft", "Review it first: Cannot be printed: ⵣ (U+2D63).")

    draft.customer.legal_name = "Tiles GmbH"
    draft.customer.save()
    assert flags(draft) == []


def test_a_draft_made_again_is_looked_at_again() -> None:
    period = an_open_period(detail_annex=True)
    a_price()
    received(period, 3, external_id=f"L-{AN_F}")
    draft = billed(period)
    period.customer.detail_annex = False
    period.customer.save()

    fresh = regenerate(draft, by=UserFactory.create(), at=NOVEMBER_3)

    assert fresh is not None
    assert (flags(fresh), fresh.unprintable) == ([], "")
