"""By the customer's terms, a late void is a line on the next invoice, with the tax that the corrected invoice had."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from billing_engine.core.models import Deed
from invoices.domain.life.late_voids import late_voids_of
from invoices.domain.life.reopen import regenerate, reopen
from invoices.domain.life.reopen import void as void_invoice
from invoices.domain.life.transitions import approve, issue
from invoices.domain.proof.bundle import Folder, build
from invoices.models import Invoice, InvoiceLine, InvoiceTax
from leads.models import ApprovalThreshold
from receivables.domain.credit_notes.drafting import draft_for_lines
from receivables.domain.credit_notes.left import what_is_left
from receivables.domain.credit_notes.sums import CreditHasFaults
from receivables.domain.ledger.books import IsCredited
from receivables.domain.ledger.items import with_left
from receivables.domain.ledger.voiders import VoiderApproves
from receivables.models import CreditNote, LedgerDocument, Posting, VoidCredit
from reports.queries.explore.invoice_foot import foot_of
from reports.queries.sums.billed_sums import outstanding, totals
from tests.factories.leads import CompanyFactory, agree
from tests.factories.people import UserFactory
from tests.receivables.credit_notes.made import NOVEMBER_5, STONE_LEVY, VAT, check_the_database, why
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

BOTH = {"month": "", "labels": []}
LATER = DECEMBER_2 + timedelta(minutes=5)


@pytest.fixture
def invoice(frank: User) -> Invoice:
    found = an_invoice(frank)
    as_lines(found.customer, frank)
    return found


def facts_of(draft: Invoice) -> Any:
    draft.refresh_from_db()
    return draft.subtotal, draft.tax, draft.credit, draft.total


def check_sums() -> None:
    check_the_database()
    assert [each.breaches for each in (totals(BOTH), outstanding())] == [[], []]
    assert all(foot.agrees for foot in foot_of(None, ["2026-10", "2026-11"]))


def test_it_waits_for_the_next_draft_and_is_a_line_of_it(invoice: Invoice) -> None:
    voided_by_source(invoice, 5, 11)
    assert swept() == 0
    draft = the_next_draft(invoice.customer)
    before = facts_of(draft)

    assert (swept(LATER), swept(LATER)) == (1, 0)

    line = draft.lines.get(kind=InvoiceLine.Kind.CREDIT)
    assert before == (Decimal("33.30"), Decimal("6.66"), 0, Decimal("39.96"))
    assert facts_of(draft) == (Decimal("27.97"), Decimal("5.59"), 0, Decimal("33.56"))
    assert (line.amount, line.actions, line.quantity) == (Decimal("-5.33"), 2, 16)
    assert line.description == "Credit for INV-2026-000001, Oak veneer · Sample order: 2 actions voided"
    assert list(InvoiceTax.objects.filter(line=line).values_list("name", "rate", "base", "amount")) == [
        ("VAT", 20, Decimal("-5.33"), Decimal("-1.07"))
    ]
    credit = CreditNote.objects.get()
    assert (credit.state, credit.carried_by, credit.invoice) == ("line", line, invoice)
    assert list(VoidCredit.objects.values_list("credit", flat=True)) == [credit.pk] * 2
    assert late_voids_of(invoice).actions == 2  # until the draft is issued
    assert Deed.objects.get(verb="credit_line_added").actor == "engine"
    check_sums()


def test_it_is_issued_with_its_invoice_in_the_books_and_in_its_proof(
    frank: User, invoice: Invoice, tmp_path: Path
) -> None:
    voided_by_source(invoice, 5, 11)
    draft = the_next_draft(invoice.customer)
    swept(LATER)
    later = issue(approve(draft, by=frank, at=LATER), by=frank, at=LATER)

    posted = LedgerDocument.objects.get(invoice=later)
    assert posted.amount == Decimal("33.56")
    assert list(Posting.objects.filter(document=posted).order_by("pk").values_list("account", "amount")) == [
        ("revenue", Decimal("-27.97")),
        ("tax", Decimal("-6.66")),
        ("tax", Decimal("1.07")),
        ("receivable", Decimal("33.56")),
    ]
    assert late_voids_of(invoice).actions == 0
    assert build(later, Folder(tmp_path)) is not None  # it checks what it has written
    [foot] = foot_of(None, ["2026-11"])
    assert foot.credit_lines == Decimal("-5.33")
    assert ("Credit lines", Decimal("-5.33")) in foot.steps
    check_sums()


def test_its_tax_is_that_of_the_corrected_invoice(invoice: Invoice) -> None:
    agree(invoice.customer, first_day=NOVEMBER_5.date().replace(day=1), taxes=[VAT | {"rate": "10"}, STONE_LEVY])
    voided_by_source(invoice, 5)
    draft = the_next_draft(invoice.customer)
    swept(LATER)

    assert list(draft.taxes.order_by("position").values_list("name", "rate", "base", "amount")) == [
        ("VAT", 10, Decimal("33.30"), Decimal("3.33")),
        ("VAT", 20, Decimal("-1.67"), Decimal("-0.33")),
    ]
    check_sums()


def test_credits_above_the_invoice_are_carried_forward(frank: User, invoice: Invoice) -> None:
    voided_by_source(invoice, 3, 5, 7, 11)
    draft = the_next_draft(invoice.customer, 3)
    swept(LATER)

    assert facts_of(draft) == (Decimal("-7.66"), Decimal("-1.53"), Decimal("9.19"), 0)
    later = issue(approve(draft, by=frank, at=LATER), by=frank, at=LATER)
    item = with_left(LedgerDocument.objects.filter(invoice=later)).get()
    assert (item.side, item.left) == ("credit", Decimal("9.19"))
    check_sums()


def test_without_a_draft_it_is_a_note_once_its_days_are_over(invoice: Invoice) -> None:
    voided_by_source(invoice, 5)

    assert swept(NOVEMBER_5 + timedelta(days=45, seconds=-1)) == 0
    assert swept(NOVEMBER_5 + timedelta(days=45)) == 1
    assert CreditNote.objects.get().state == "draft"


def test_only_a_draft_of_the_same_company_takes_it(invoice: Invoice) -> None:
    agree(invoice.customer, first_day=NOVEMBER_5.date().replace(day=1), seller=CompanyFactory.create())
    voided_by_source(invoice, 5)
    draft = the_next_draft(invoice.customer)

    assert swept(LATER) == 0
    assert not draft.lines.filter(kind=InvoiceLine.Kind.CREDIT).exists()


def test_an_approved_invoice_takes_nothing_more(frank: User, invoice: Invoice) -> None:
    approve(the_next_draft(invoice.customer), by=frank, at=DECEMBER_2)
    voided_by_source(invoice, 5)

    assert swept(LATER) == 0


def test_a_draft_that_is_made_again_gets_it_again(frank: User, invoice: Invoice) -> None:
    voided_by_source(invoice, 5)
    draft = the_next_draft(invoice.customer)
    swept(LATER)
    for _ in range(4):  # more often than an item is tried
        fresh = regenerate(draft, by=frank, at=LATER)
        assert fresh is not None
        assert (CreditNote.objects.count(), VoidCredit.objects.get().credit) == (0, None)
        draft = fresh
        assert swept(LATER) == 1

    assert draft.lines.get(kind=InvoiceLine.Kind.CREDIT).amount == Decimal("-1.67")
    reopen(draft.period, reason="Wrong rule", by=UserFactory.create(), at=LATER)
    assert (CreditNote.objects.count(), swept(LATER)) == (0, 0)
    check_sums()


def test_a_void_of_the_invoice_that_carries_it_frees_it(frank: User, fay: User, invoice: Invoice) -> None:
    voided_by_source(invoice, 5)
    draft = the_next_draft(invoice.customer)
    swept(LATER)
    later = issue(approve(draft, by=frank, at=LATER), by=frank, at=LATER)
    void_invoice(later, reason="Wrong terms", by=fay, at=LATER)

    assert (CreditNote.objects.count(), late_voids_of(invoice).actions) == (0, 1)
    assert later.lines.filter(kind=InvoiceLine.Kind.CREDIT).count() == 1  # the void paper stays as it was
    check_sums()
    assert swept(NOVEMBER_5 + timedelta(days=46)) == 1
    assert CreditNote.objects.get().state == "draft"


def test_what_a_line_credits_is_credited_once(frank: User, fay: User, invoice: Invoice) -> None:
    voided_by_source(invoice, 5)
    draft = the_next_draft(invoice.customer)
    swept(LATER)
    left = what_is_left(invoice)

    assert left.subtotal == Decimal("6.99")
    [line] = left.whole
    with pytest.raises(CreditHasFaults):
        draft_for_lines(invoice, {line: Decimal("7.00")}, reason=why(), sentence="All.", by=frank)
    with pytest.raises(IsCredited) as refused:
        void_invoice(invoice, reason="Wrong", by=fay, at=LATER)
    assert str(refused.value) == f"INV-2026-000001 is credited by a line on {draft}. Credit what is left of it instead."
    note = draft_for_lines(invoice, left.whole, reason=why(), sentence="All.", by=frank)
    assert note.total + CreditNote.objects.get(state="line").total == invoice.total


def test_a_credit_line_is_not_credited_itself(frank: User, invoice: Invoice) -> None:
    voided_by_source(invoice, 5)
    draft = the_next_draft(invoice.customer)
    swept(LATER)
    later = issue(approve(draft, by=frank, at=LATER), by=frank, at=LATER)

    left = what_is_left(later)
    assert (left.subtotal, left.tax) == (Decimal("33.30"), Decimal("6.66"))
    draft_for_lines(later, left.whole, reason=why(), sentence="All.", by=frank)
    check_sums()


def test_who_voided_by_hand_does_not_approve_the_invoice_above_the_sum(
    frank: User, fay: User, invoice: Invoice
) -> None:
    ApprovalThreshold.objects.create(
        kind="credit_note", currency="USD", above=1, written_by=fay, written_at=NOVEMBER_5, approved_at=NOVEMBER_5,
        reason="Usual",
    )  # fmt: skip
    voided(invoice, 5, by=frank)
    draft = the_next_draft(invoice.customer)
    swept(LATER)

    with pytest.raises(VoiderApproves):
        approve(draft, by=frank, at=LATER)
    assert approve(draft, by=fay, at=LATER).state == "approved"


def test_the_database_keeps_a_credit_line_with_its_invoice(frank: User, invoice: Invoice) -> None:
    voided_by_source(invoice, 5)
    draft = the_next_draft(invoice.customer)
    swept(LATER)
    issue(approve(draft, by=frank, at=LATER), by=frank, at=LATER)

    for change in (
        lambda: CreditNote.objects.all().delete(),
        lambda: CreditNote.objects.update(carried_by=None, state="draft"),
        lambda: CreditNote.objects.update(total=1, subtotal=1, tax=0),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    assert CreditNote.objects.get().total == Decimal("2.00")
