"""draft → approved → issued: who approves, what is posted and matched, and what never changes later."""

from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Sum

from billing_engine.core.models import Deed
from invoices.domain.life.reopen import void
from invoices.models import Invoice
from leads.domain.number_prefixes import PrefixTaken
from leads.models import ApprovalThreshold
from receivables.domain.credit_notes.drafting import NotCreditable, WrongState, discard
from receivables.domain.credit_notes.issuing import DrafterApproves, approve, issue, send_back
from receivables.domain.ledger.allocations import standing, take_back
from receivables.domain.ledger.books import IsCredited
from receivables.domain.ledger.items import with_left
from receivables.models import CreditNote, LedgerDocument, Posting
from tests.factories.leads import CompanyFactory
from tests.invoices.made import NOVEMBER_3
from tests.receivables.credit_notes.made import (
    NOVEMBER_5,
    STONE_LEVY,
    VAT,
    a_draft_note,
    an_issued_invoice,
    an_issued_note,
    check_the_database,
)

pytestmark = pytest.mark.django_db


def left_of(**of: object) -> Decimal:
    [item] = with_left(LedgerDocument.objects.filter(**of))
    return item.left


@pytest.fixture
def invoice(frank: User) -> Invoice:
    return an_issued_invoice(frank, {"Ash": "100.00", "Birch": "50.00"}, stone=("Birch",), taxes=[VAT, STONE_LEVY])


def test_an_issued_note_has_its_number_is_posted_and_lowers_what_is_open_of_its_invoice(
    frank: User, invoice: Invoice
) -> None:
    note = an_issued_note(frank, invoice, {"Ash": "10.00", "Birch": "4.00"})

    assert (note.number, str(note.issued_on), note.total) == ("CN-2026-000001", "2026-11-05", Decimal("16.91"))
    document = note.document
    assert document is not None
    facts = (document.kind, document.side, document.amount, document.reference, str(document.posted_on))
    assert facts == ("credit_note", "credit", Decimal("16.91"), "CN-2026-000001", "2026-11-05")
    assert list(document.postings.order_by("pk").values_list("account", "tax", "amount")) == [
        ("revenue", "", Decimal(14)),
        ("tax", "VAT 20%", Decimal("2.80")),
        ("tax", "Stone levy 2.75%", Decimal("0.11")),
        ("receivable", "", Decimal("-16.91")),
    ]
    assert left_of(invoice=invoice) == invoice.total - Decimal("16.91")
    assert left_of(credit_note=note) == 0
    verbs = list(Deed.objects.on(note).order_by("pk").values_list("verb", flat=True))
    assert verbs == ["credit_note_drafted", "credit_note_approved", "credit_note_issued"]
    check_the_database()


def test_notes_and_invoices_are_numbered_without_gaps_in_series_of_their_own(frank: User, invoice: Invoice) -> None:
    first = an_issued_note(frank, invoice, {"Ash": "10.00"})
    gone = a_draft_note(frank, invoice, {"Ash": "10.00"})
    discard(gone, by=frank)
    second = an_issued_note(frank, invoice, {"Ash": "10.00"})
    ours = CompanyFactory.create(number_prefix="OURS-{year}-")
    theirs = an_issued_note(frank, an_issued_invoice(frank, {"Ash": "5.00"}, seller=ours), {"Ash": "5.00"})

    assert [first.number, second.number, theirs.number] == ["CN-2026-000001", "CN-2026-000002", "CN-OURS-2026-000001"]


def test_a_company_whose_notes_would_be_numbered_like_another_companys_is_refused(
    frank: User, invoice: Invoice
) -> None:
    an_issued_note(frank, invoice, {"Ash": "10.00"})
    ours = CompanyFactory.create(number_prefix="{year}-")
    note = approve(a_draft_note(frank, an_issued_invoice(frank, {"Ash": "5.00"}, seller=ours), {"Ash": "5.00"}),
                   by=frank, at=NOVEMBER_5)  # fmt: skip

    with pytest.raises(PrefixTaken):
        issue(note, by=frank, at=NOVEMBER_5)


def test_a_note_on_a_settled_invoice_stays_unapplied(frank: User, invoice: Invoice) -> None:
    an_issued_note(frank, invoice, {"Ash": "100.00", "Birch": "45.00"})
    rest = left_of(invoice=invoice)
    [billed] = LedgerDocument.objects.filter(invoice=invoice)
    note = an_issued_note(frank, invoice, {"Birch": "5.00"})
    taken = take_back(standing(note.document), on=note.issued_on, at=NOVEMBER_5)

    assert (note.total, rest) == (Decimal("6.14"), Decimal("6.14"))
    assert [each.amount for each in taken] == [-rest]
    assert left_of(invoice=invoice) == left_of(credit_note=note) == rest
    assert billed.amount == invoice.total


def test_crediting_all_of_an_invoice_leaves_nothing_in_its_accounts(frank: User, invoice: Invoice) -> None:
    for amounts in ({"Ash": "33.33"}, {"Birch": "0.01", "Ash": "66.67"}, {"Birch": "49.99"}):
        an_issued_note(frank, invoice, amounts)

    sums = Posting.objects.values_list("account", "tax").annotate(Sum("amount")).order_by()
    assert {amount for *_, amount in sums} == {0}
    assert left_of(invoice=invoice) == 0


def test_with_four_eyes_the_drafter_never_approves(
    frank: User, fay: User, settings: LazySettings, invoice: Invoice
) -> None:
    note = a_draft_note(frank, invoice, {"Ash": "1.00"})
    settings.FOUR_EYES = True

    with pytest.raises(DrafterApproves):
        approve(note, by=frank, at=NOVEMBER_5)

    note.refresh_from_db()
    assert note.state == "draft"
    assert approve(note, by=fay, at=NOVEMBER_5).state == "approved"


def test_the_drafter_approves_up_to_the_sum_that_the_company_sets(frank: User, invoice: Invoice) -> None:
    facts = {"written_by": frank, "written_at": NOVEMBER_3, "approved_at": NOVEMBER_3, "reason": "Small ones"}
    ApprovalThreshold.objects.create(kind="credit_note", currency="USD", above=Decimal(12), **facts)
    small, large = (a_draft_note(frank, invoice, {"Ash": amount}) for amount in ("10.00", "10.01"))

    assert approve(small, by=frank, at=NOVEMBER_5).state == "approved"
    with pytest.raises(DrafterApproves):
        approve(large, by=frank, at=NOVEMBER_5)


def test_the_drafter_never_approves_a_large_sum_in_small_pieces(frank: User, fay: User, invoice: Invoice) -> None:
    facts = {"written_by": frank, "written_at": NOVEMBER_3, "approved_at": NOVEMBER_3, "reason": "Small ones"}
    ApprovalThreshold.objects.create(kind="credit_note", currency="USD", above=Decimal(12), **facts)
    first, second = (a_draft_note(frank, invoice, {"Ash": amount}) for amount in ("6.00", "7.00"))
    approve(first, by=frank, at=NOVEMBER_5)

    with pytest.raises(DrafterApproves):
        approve(second, by=frank, at=NOVEMBER_5)

    assert approve(second, by=fay, at=NOVEMBER_5).state == "approved"


def test_each_step_needs_its_state(frank: User, invoice: Invoice) -> None:
    note = a_draft_note(frank, invoice, {"Ash": "1.00"})
    with pytest.raises(WrongState, match="This credit note is draft, not approved"):
        issue(note, by=frank, at=NOVEMBER_5)
    approve(note, by=frank, at=NOVEMBER_5)
    with pytest.raises(WrongState):
        discard(note, by=frank)
    assert send_back(note, by=frank, reason="Typo").state == "draft"
    discard(note, by=frank)
    with pytest.raises(WrongState, match="This credit note is deleted, not draft"):
        approve(note, by=frank, at=NOVEMBER_5)


def test_a_draft_and_a_void_invoice_are_never_credited(frank: User, fay: User, invoice: Invoice) -> None:
    note = approve(a_draft_note(frank, invoice, {"Ash": "1.00"}), by=frank, at=NOVEMBER_5)
    void(invoice, reason="Wrong customer", by=fay, at=NOVEMBER_5)

    with pytest.raises(NotCreditable, match="is void"):
        issue(note, by=frank, at=NOVEMBER_5)
    with pytest.raises(NotCreditable, match="is void"):
        a_draft_note(frank, invoice, {"Ash": "1.00"})

    assert not LedgerDocument.objects.filter(kind="credit_note").exists()
    assert CreditNote.objects.get().state == "approved"


def test_an_invoice_with_an_issued_note_is_never_voided(frank: User, fay: User, invoice: Invoice) -> None:
    an_issued_note(frank, invoice, {"Ash": "1.00"})

    with pytest.raises(IsCredited, match="INV-2026-000001 is credited by CN-2026-000001"):
        void(invoice, reason="Wrong", by=fay, at=NOVEMBER_5)

    invoice.refresh_from_db()
    assert invoice.state == "issued"
    assert not LedgerDocument.objects.filter(kind="void").exists()


@pytest.mark.parametrize("table", ["creditnote", "creditnoteline", "creditnotetax"])
@pytest.mark.parametrize("change", ["DELETE FROM receivables_{}", "UPDATE receivables_{} SET {}"])
def test_the_database_keeps_what_is_issued(frank: User, invoice: Invoice, table: str, change: str) -> None:
    note = an_issued_note(frank, invoice, {"Ash": "1.00"})
    column = "sentence = 'other'" if table == "creditnote" else "amount = amount / 2"

    with pytest.raises(IntegrityError), transaction.atomic(), transaction.get_connection().cursor() as cursor:
        cursor.execute(change.format(table, column))

    note.refresh_from_db()
    assert note.lines.get().amount == 1
