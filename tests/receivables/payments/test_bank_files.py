"""A bank's file: read once, matched with how sure it is, confirmed, undone."""

from decimal import Decimal
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from billing_engine.core.errors import Refused
from billing_engine.core.models import Deed
from invoices.domain.document.payment_reference import in_groups, payment_reference, references_in
from invoices.models import BillingCycle
from leads.models import Customer
from receivables.domain.payments.bank_files.rows import Booking, RowNotOpen, book_row, set_aside, take_up, undo_row
from receivables.domain.payments.bank_files.upload import DuplicateFile, confirm, discard, undo
from receivables.domain.payments.returning import refund
from receivables.models import Allocation, BankFile, BankRow, LedgerDocument
from tests.factories.leads import CustomerFactory
from tests.factories.people import UserFactory
from tests.receivables.payments.banks import (
    NOON,
    a_mapping,
    an_account,
    an_invoice,
    camt,
    entry,
    rows_of,
    uploaded,
    worked,
)
from tests.receivables.payments.test_payments import left, paid
from tests.receivables.payments.test_reading import zipped

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer() -> Customer:
    an_account()
    return CustomerFactory.create(name="Ash")


def suggested(*entries: str, closing: str) -> list[tuple[str, str]]:
    return [(row.certainty, row.why) for row in rows_of(uploaded(camt(*entries, closing=closing)))]


def confirmed(file: BankFile, **more: Any) -> BankFile:
    confirm(file, by=UserFactory.create(), at=NOON, **more)
    return worked(file)


def test_one_function_prints_and_matches_the_reference():
    reference = payment_reference("INV-2026-000398")

    assert (reference, in_groups(reference)) == ("RF45INV2026000398", "RF45 INV2 0260 0039 8")
    assert payment_reference("539007547034") == "RF18539007547034"  # the standard's own example
    assert list(references_in(f"thanks {in_groups(reference)} for all")) == [reference]
    assert list(references_in("RF46INV2026000398 RF45INV20260003981")) == []


@pytest.mark.parametrize(
    ("text", "amount", "expected"),
    [
        ("RF45 INV2 0260 0039 8", "50", ("certain", "Names INV-2026-000398, and the sum agrees")),
        (
            "RF46 INV2 0260 0039 8",
            "50",
            ("likely", "The sum of INV-2026-000398, but the reference has wrong check digits"),
        ),
        ("pays INV-2026-000398.", "50", ("certain", "Names INV-2026-000398, and the sum agrees")),
        ("inv 2026 000398", "50", ("certain", "Names INV-2026-000398, and the sum agrees")),
        (
            "INV-2026-000398 INV-2026-000399",
            "57.50",
            ("certain", "Names INV-2026-000398, INV-2026-000399, and the sum agrees"),
        ),
        ("INV-2026-000398", "49", ("likely", "Names INV-2026-000398; paid is less than the $50.00 open")),
        ("INV-2026-000398", "51", ("likely", "Names INV-2026-000398; paid is more than the $50.00 open")),
        ("INV-2026-0003981", "99", ("", "No open invoice has this number or sum")),
        ("398", "99", ("", "No open invoice has this number or sum")),
        ("1INV-2026-000398", "99", ("", "No open invoice has this number or sum")),
        ("thanks", "7.50", ("possible", "Only INV-2026-000399 has this sum")),
        (
            "INV-2026-000398 INV-2026-000500",
            "90",
            ("possible", "Names invoices of different customers: INV-2026-000398, INV-2026-000500"),
        ),
        ("INV-2026-000600", "40", ("", "INV-2026-000600 is in EUR, this payment in USD")),
    ],
)  # fmt: skip
def test_nothing_is_certain_unless_it_is_named_whole_and_the_sum_agrees(
    customer: Customer, text: str, amount: str, expected: tuple[str, str]
):
    an_invoice("INV-2026-000398", 50, customer)
    an_invoice("INV-2026-000399", "7.50", customer)
    an_invoice("INV-2026-000500", 40, CustomerFactory.create())
    an_invoice("INV-2026-000600", 40, customer, currency="EUR")

    assert suggested(entry(amount, text), closing=amount) == [expected]


def test_an_exact_reference_wins_over_another_number_in_the_text(customer: Customer):
    an_invoice("INV-2026-000398", 50, customer)
    an_invoice("INV-2026-000022", 50, customer)
    text = f"{payment_reference('INV-2026-000398')} not INV-2026-000022"

    assert suggested(entry("50", text), closing="50") == [("certain", "Names INV-2026-000398, and the sum agrees")]


def test_a_payer_known_from_before_is_recognized_by_the_account(customer: Customer):
    first = an_invoice("INV-2026-000001", 10, customer)
    file = uploaded(camt(entry("10", "INV-2026-000001", payer="A. Sh", iban="DE7"), closing="10"))
    confirmed(file)
    an_invoice("INV-2026-000002", 20, customer)
    an_invoice("INV-2026-000003", 30, customer)
    an_invoice("OTHER-2026-01", 30, CustomerFactory.create())

    rows = uploaded(
        camt(
            entry("30", iban="DE7"), entry("50", iban="DE7"), entry("11", iban="DE7"), entry("11", payer="ash"), closing="102",
            number="S-2",
        ),
        name="2",
    )  # fmt: skip

    assert left(first) == [0]
    assert [(row.certainty, row.why, row.customer) for row in rows_of(rows)] == [
        ("likely", "Known payer, and the sum of INV-2026-000003", customer),
        ("likely", "Known payer, and the sum of everything open", customer),
        ("possible", "Known payer, but no invoice has this sum", customer),
        ("possible", "Known payer, but no invoice has this sum", customer),
    ]


def test_two_rows_for_one_invoice_are_not_both_certain(customer: Customer):
    an_invoice("INV-2026-000001", 10, customer)

    assert suggested(entry("10", "INV-2026-000001"), entry("10", "INV-2026-000001"), closing="20") == [
        ("certain", "Names INV-2026-000001, and the sum agrees"),
        ("likely", "Names INV-2026-000001, which an earlier row pays"),
    ]


def test_what_is_certain_is_booked_at_once_and_undone_by_documents(customer: Customer):
    first, second = an_invoice("INV-2026-000001", 10, customer), an_invoice("INV-2026-000002", 20, customer)
    file = uploaded(camt(entry("10", "INV-2026-000001"), entry("20", "INV-2026-000002"), entry("5", "?"), closing="35"))

    file = confirmed(file)

    assert (file.state, file.rows_done, [row.state for row in rows_of(file)]) == (
        "booked",
        2,
        ["booked", "booked", "open"],
    )
    assert left(first, second) == [0, 0]
    payment = rows_of(file)[0].document
    assert payment is not None
    assert (f"{payment.posted_on}", payment.payment.row) == ("2026-11-02", rows_of(file)[0])
    assert Deed.objects.filter(verb="payment_recorded").count() == 2

    undo(file, by=UserFactory.create(), at=NOON)
    file = worked(file)

    assert (file.state, [row.state for row in rows_of(file)]) == ("undone", ["open"] * 3)
    assert left(*LedgerDocument.objects.order_by("pk")) == [10, 20, 0, 0, 0, 0]
    assert (
        list(LedgerDocument.objects.order_by("pk").values_list("kind", flat=True)[2:])
        == ["payment"] * 2 + ["return"] * 2
    )
    uploaded(bytes(file.body))  # may be read again


def test_what_was_paid_since_the_dry_run_is_left_open(customer: Customer):
    an_invoice("INV-2026-000001", 10, customer)
    file = uploaded(camt(entry("10", "INV-2026-000001"), closing="10"))
    paid(customer, 4)

    file = confirmed(file)

    assert (file.state, file.message) == ("booked", "Row 1: What it names was settled or changed since the dry run")
    assert [(row.state, row.certainty) for row in rows_of(file)] == [("open", "likely")]
    assert LedgerDocument.objects.filter(kind="payment").count() == 1


def test_rows_of_a_closed_month_stay_open_or_are_posted_today(customer: Customer):
    an_invoice("INV-2026-000001", 10, customer)
    BillingCycle.objects.create(label="2026-09", state="locked")
    september = entry("10", "INV-2026-000001", day="2026-09-30")

    file = confirmed(uploaded(camt(september, closing="10")))
    assert (
        file.message == "Row 1: Nothing can be posted on 2026-09-30: 2026-09 is locked. A second person can reopen it."
    )
    assert not LedgerDocument.objects.filter(kind="payment").exists()

    BankRow.objects.update(certainty="certain")
    confirmed(file, late_on_today=True)
    assert [f"{each.posted_on}" for each in LedgerDocument.objects.filter(kind="payment")] == ["2026-11-03"]


def test_the_same_bytes_or_statement_again_is_a_duplicate_until_it_is_discarded(customer: Customer):
    content = camt(entry("5"), closing="5")
    first = uploaded(content)

    with pytest.raises(
        DuplicateFile, match=r"This very file was uploaded before on November 3, 2026 as november.xml\."
    ):
        uploaded(content)
    again = uploaded(content + b"\n", name="again.xml")
    assert (again.state, again.message) == (
        "failed",
        "Statement S-1 of First Harbor was already read from november.xml on November 3, 2026.",
    )

    discard(first, by=UserFactory.create())
    assert uploaded(content).state == "ready"


def test_two_true_twins_in_one_file_are_two_and_an_overlapping_file_brings_neither_again(customer: Customer):
    mapping, account = a_mapping(), an_account()
    head, twin = b"Date,Amount,Memo\n", b"11/02/2026,5,same\n"
    first = uploaded(head + twin * 2, account=account, mapping=mapping, name="one.csv")

    second = uploaded(head + twin * 3, account=account, mapping=mapping, name="two.csv")

    assert [row.state for row in rows_of(first)] == ["open", "open"]
    assert [(row.state, row.why) for row in rows_of(second)] == [
        ("aside", "Read before, from one.csv"),
        ("aside", "Read before, from one.csv"),
        ("open", "No open invoice has this number or sum"),
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            camt(closing="0", iban="DE02120300000000202051"),
            "This is a file of another bank: the account DE02120300000000202051 in USD is not one of ours.",
        ),
        (zipped(("a.xml", camt(closing="0")), ("b.xml", camt(closing="0"))), "Statement S-1 is in the file twice."),
        (zipped(("a.xml", b"<a/>")), "a.xml: This XML file is not a bank statement in the format camt.053."),
        (zipped(("a.txt", b"")), "A ZIP file may only hold XML files."),
        (zipped(("[Content_Types].xml", b"")), "This is an Excel file. Save it as CSV."),
        (b"PK\x03\x04 and no more", "This ZIP file is broken or has a password."),
    ],
)  # fmt: skip
def test_a_file_that_is_not_ours_or_not_whole_is_refused_and_stores_no_row(content: bytes, sentence: str):
    an_account()

    file = uploaded(content)

    assert (file.state, file.message, BankRow.objects.count()) == ("failed", sentence, 0)


def test_a_zip_of_statements_is_read(customer: Customer):
    content = zipped(("1.xml", camt(entry("5"), closing="5")), ("2.xml", camt(entry("6"), closing="6", number="S-2")))

    assert [row.amount for row in rows_of(uploaded(content))] == [5, 6]


def test_a_person_books_a_row_sets_one_aside_and_undoes(customer: Customer):
    item, by = an_invoice("INV-2026-000001", 10, customer), UserFactory.create()
    file = uploaded(camt(entry("15", "hello"), entry("3", "interest"), entry("4", sign="DBIT"), closing="14"))
    first, second, third = rows_of(file)

    document = book_row(first, Booking(customer, first.booked_on), by=by, at=NOON)
    assert left(item, document) == [0, 5]
    with pytest.raises(RowNotOpen, match="This row is booked"):
        book_row(first, Booking(customer, first.booked_on), by=by, at=NOON)
    with pytest.raises(RowNotOpen, match="This money went out"):
        book_row(third, Booking(customer, first.booked_on), by=by, at=NOON)

    set_aside(second, by=by, reason="interest")
    with pytest.raises(RowNotOpen, match="This row is set aside"):
        book_row(second, Booking(customer, first.booked_on), by=by, at=NOON)
    take_up(second, by=by)

    undo_row(first, by=by, at=NOON)
    assert left(item, document) == [10, 0]
    assert [row.state for row in rows_of(file)] == ["open"] * 3


def test_a_row_whose_payment_was_refunded_stays_booked(customer: Customer):
    by = UserFactory.create()
    file = uploaded(camt(entry("15", "hello"), closing="15"))
    [row] = rows_of(file)
    document = book_row(row, Booking(customer, row.booked_on), by=by, at=NOON)
    refund(document, Decimal(15), on=row.booked_on, by=by, at=NOON, reason="overpaid")

    with pytest.raises(Refused, match="was refunded or returned already"):
        undo_row(row, by=by, at=NOON)
    undo(file, by=by, at=NOON)

    assert (worked(file).state, Allocation.objects.count()) == ("booked", 1)


def test_a_broken_zip_file_is_refused_in_words(customer: Customer):
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as made:
        made.writestr("a.xml", camt(entry("5"), closing="5"))
    broken = bytearray(packed.getvalue())
    broken[40:60] = bytes(each ^ 0xFF for each in broken[40:60])

    file = uploaded(bytes(broken), name="a.zip")

    assert (file.state, file.message) == ("failed", "This ZIP file is broken or has a password.")
