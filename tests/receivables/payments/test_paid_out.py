"""Money that went out is linked to its return, gaps in the bank's count are told, and files given up have nothing open."""

from collections.abc import Callable

import pytest
from django.test import Client

from billing_engine.core.models import Deed
from leads.models import Customer
from receivables.domain.payments.bank_files.paid_out import link_row, paid_out
from receivables.domain.payments.bank_files.rows import RowNotOpen, set_aside, undo_row
from receivables.domain.payments.bank_files.upload import confirm, discard, undo
from receivables.domain.payments.returning import return_payment
from receivables.models import BankFile, BankRow, LedgerDocument, Posting
from receivables.queries.payments import gaps_before
from tests.factories.leads import CustomerFactory
from tests.factories.people import UserFactory, with_role
from tests.receivables.made import AT
from tests.receivables.payments.banks import NOON, an_account, an_invoice, camt, entry, rows_of, uploaded, worked
from tests.receivables.payments.test_pages import press, shown
from tests.receivables.payments.test_payments import paid

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("app_role")]


@pytest.fixture
def customer() -> Customer:
    an_account()
    return CustomerFactory.create(name="Ash", code="ASH")


def returned(customer: Customer, amount: int) -> LedgerDocument:
    return return_payment(
        paid(customer, amount), on=customer.day_of(AT), by=UserFactory.create(), at=AT, reason="bounced"
    )


def money_out(amount: str, *, closing: str = "", number: str = "S-1") -> BankRow:
    [row] = rows_of(
        uploaded(camt(entry(amount, "Return", sign="DBIT"), closing=closing or f"-{amount}", number=number))
    )
    return row


def test_a_row_of_money_out_is_linked_to_its_return_and_nothing_is_posted(client: Client, customer: Customer) -> None:
    bounced, row = returned(customer, 40), money_out("40")
    posted = Posting.objects.count()
    client.force_login(with_role("Finance"))

    assert "Link to its return" in shown(client, row)
    assert "Linked." in press(client, row, "link_to_return", document=bounced.pk)

    row.refresh_from_db()
    assert (row.state, row.document, row.customer) == ("booked", bounced, customer)
    assert (Posting.objects.count(), Deed.objects.filter(verb="bank_row_linked").count()) == (posted, 1)
    assert str(bounced.payment) in shown(client, row)


def test_a_return_is_linked_once_and_only_to_a_row_of_its_sum(customer: Customer) -> None:
    bounced, person = returned(customer, 40), UserFactory.create()
    row, twin, other = money_out("40"), money_out("40", number="S-2"), money_out("41", number="S-3")
    [came_in] = rows_of(uploaded(camt(entry("40", "in"), closing="40", number="S-4")))
    link_row(row, bounced, by=person)

    for refused in (row, twin, other, came_in):
        with pytest.raises(RowNotOpen):
            link_row(refused, bounced, by=person)
    assert list(paid_out(twin)) == []
    assert BankRow.objects.filter(state="booked").count() == 1


@pytest.mark.parametrize("whole_file", [True, False])
def test_a_link_is_undone_and_the_return_stays(customer: Customer, *, whole_file: bool) -> None:
    bounced, row, person = returned(customer, 40), money_out("40"), UserFactory.create()
    link_row(row, bounced, by=person)
    documents = LedgerDocument.objects.count()

    if whole_file:
        file = row.statement.file
        undo(file, by=person, at=NOON)
        assert worked(file).state == "undone"
    else:
        undo_row(row, by=person, at=NOON)
    row.refresh_from_db()

    assert (row.state, row.document, LedgerDocument.objects.count()) == ("open", None, documents)
    assert Deed.objects.filter(verb="bank_row_unlinked").count() == 1


def test_what_was_booked_by_mistake_never_moved_at_the_bank(customer: Customer) -> None:
    an_invoice("INV-2026-000007", 40, customer)
    file = uploaded(camt(entry("40", "INV-2026-000007"), closing="40"))
    confirm(file, by=UserFactory.create(), at=NOON)
    undo(worked(file), by=UserFactory.create(), at=NOON)
    worked(file)

    assert LedgerDocument.objects.filter(kind="return").count() == 1
    assert list(paid_out(money_out("40", number="S-2"))) == []


def numbered(sequence: int) -> BankFile:
    content = camt(closing="0", number=f"S-{sequence}").decode()
    counted = content.replace("<Acct>", f"<ElctrncSeqNb>{sequence}</ElctrncSeqNb><Acct>", 1)
    return uploaded(counted.encode(), name=f"{sequence}.xml")


def test_a_gap_in_the_banks_own_count_is_told_until_it_is_filled(client: Client, customer: Customer) -> None:
    assert gaps_before(numbered(10)) == []
    twelfth, fifteenth = numbered(12), numbered(15)

    assert gaps_before(twelfth) == ["Statement 11 is missing: of First Harbor, number 12 follows 10."]
    assert gaps_before(fifteenth) == ["2 statements are missing: of First Harbor, number 15 follows 12."]
    client.force_login(with_role("Finance"))
    assert "Statement 11 is missing" in shown(client, twelfth)
    numbered(11)
    assert gaps_before(twelfth) == []
    assert gaps_before(numbered(1)) == []  # a new year begins at one


def given_up(file: BankFile) -> BankFile:
    confirm(file, by=UserFactory.create(), at=NOON)
    undo(worked(file), by=UserFactory.create(), at=NOON)
    return worked(file)


def discarded(file: BankFile) -> BankFile:
    discard(file, by=UserFactory.create())
    file.refresh_from_db()
    return file


@pytest.mark.parametrize("end", [given_up, discarded])
def test_nothing_of_a_file_that_was_given_up_is_open(
    client: Client, customer: Customer, end: Callable[[BankFile], BankFile]
) -> None:
    an_invoice("INV-2026-000007", 40, customer)
    file = end(uploaded(camt(entry("40", "INV-2026-000007"), entry("2", "thanks"), closing="42")))
    client.force_login(with_role("Finance"))
    page, row = shown(client, file), rows_of(file)[1]

    assert "2 rows, of which none is booked or open." in page
    assert "Open payments" not in page
    assert "Given up" in page
    assert "Set aside" not in shown(client, row)
    with pytest.raises(RowNotOpen):
        set_aside(row, by=UserFactory.create(), reason="x")
