"""Write-offs: dated today, above a sum with a second person, reversed by their opposite."""

from datetime import date
from decimal import Decimal

import pytest

from billing_engine.core.approvals.requests import approve, send_back
from billing_engine.core.errors import Refused
from invoices.domain.life.reopen import void
from leads.models import ApprovalThreshold
from receivables.domain.payments.allocate import NotTakenBack, take_allocation_back
from receivables.domain.write_offs.write_off import WriteOffNeedsApproval, propose, reverse_write_off, write_off
from receivables.models import Allocation, LedgerDocument, WriteOff
from tests.factories.leads import CustomerFactory
from tests.factories.people import UserFactory, with_role
from tests.invoices.made import NOVEMBER_3, a_draft, issued
from tests.receivables.made import AT
from tests.receivables.payments.test_payments import left, owes, paid

pytestmark = pytest.mark.django_db
OLD = date(2024, 1, 1)


def a_write_off(item: LedgerDocument, amount: int | str) -> WriteOff:
    return WriteOff(item=item, amount=Decimal(amount), reason="uncollectible", sentence="The company is gone.")


def alone_up_to(above: int) -> None:
    ApprovalThreshold.objects.create(
        kind="write_off",
        currency="USD",
        above=above,
        reason="small",
        written_by=UserFactory.create(),
        written_at=AT,
        approved_at=AT,
    )


def test_a_write_off_is_a_document_of_today_also_for_an_old_item():
    alone_up_to(100)
    item = owes(CustomerFactory.create(), 60, due=OLD)

    document = write_off(a_write_off(item, 50), by=UserFactory.create(), at=AT)

    assert (document.posted_on, document.side, left(item, document)) == (date(2026, 11, 3), "credit", [10, 0])
    assert list(document.postings.order_by("pk").values_list("account", "amount")) == [
        ("bad_debt", 50),
        ("receivable", -50),
    ]


def test_above_the_sum_another_person_approves_and_until_then_nothing_is_posted():
    alone_up_to(49)
    item, author, second = owes(CustomerFactory.create(), 60), with_role("Finance"), with_role("Finance")

    with pytest.raises(WriteOffNeedsApproval):
        write_off(a_write_off(item, 50), by=author, at=AT)
    request = propose(a_write_off(item, 50), by=author, at=AT)
    with pytest.raises(Refused, match="another person must approve"):
        approve(request, by=author, at=AT)
    assert (left(item), WriteOff.objects.get().state) == ([60], "waiting")

    approve(request, by=second, at=AT)

    assert (left(item), WriteOff.objects.get().state) == ([10], "posted")


def test_pieces_below_the_sum_add_up_until_another_person_must_approve():
    alone_up_to(49)
    item, author = owes(CustomerFactory.create(), 100), UserFactory.create()
    first = write_off(a_write_off(item, 40), by=author, at=AT)

    with pytest.raises(WriteOffNeedsApproval):
        write_off(a_write_off(item, 10), by=author, at=AT)
    assert left(item) == [60]

    reverse_write_off(first, by=author, at=AT, reason="by mistake")
    write_off(a_write_off(item, 49), by=author, at=AT)
    assert left(item) == [51]


def test_what_was_paid_meanwhile_is_not_written_off():
    item, author, second = owes(CustomerFactory.create(), 60), with_role("Finance"), with_role("Finance")
    request = propose(a_write_off(item, 60), by=author, at=AT)
    paid(item.customer, 20)

    with pytest.raises(Refused, match=r"has \$40.00 left, not \$60.00"):
        approve(request, by=second, at=AT)
    send_back(request, by=second, at=AT, words="It was paid.")

    assert (left(item), WriteOff.objects.get().state) == ([40], "dropped")


def test_a_write_off_is_reversed_once_by_its_opposite():
    alone_up_to(100)
    item, by = owes(CustomerFactory.create(), 60), UserFactory.create()
    document = write_off(a_write_off(item, 60), by=by, at=AT)
    with pytest.raises(NotTakenBack, match="Reverse the write-off"):
        take_allocation_back(Allocation.objects.get(), by=by, at=AT)

    opposite = reverse_write_off(document, by=by, at=AT, reason="They pay after all.")

    assert left(item, document, opposite) == [60, 0, 0]
    with pytest.raises(Refused, match="only once"):
        reverse_write_off(document, by=by, at=AT, reason="Again.")


def test_the_void_of_an_invoice_reverses_its_write_off_so_no_credit_is_left():
    alone_up_to(100)
    author, second = with_role("Finance"), with_role("Finance")
    invoice = issued(a_draft(4), author)
    item = invoice.ledger_documents.get()
    document = write_off(a_write_off(item, 10), by=author, at=NOVEMBER_3)

    void(invoice, reason="wrong", by=second, at=NOVEMBER_3)

    assert left(*LedgerDocument.objects.order_by("pk")) == [0, 0, 0, 0]
    assert document.allocations_made.count() == 3
