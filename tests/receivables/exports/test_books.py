"""Exports to the books: stored amounts, what is new since the last one, and files that add up to the ledger."""

import hashlib
from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from billing_engine.core.models import Deed
from invoices.domain.life.adjustments import adjust
from invoices.domain.life.reopen import void
from invoices.models import Invoice
from leads.models import Tax
from receivables.domain.exports.accounts import Accounts
from receivables.domain.exports.ask import (
    AccountsMissing,
    Asked,
    ExportGoingOn,
    FileDiffers,
    NothingNew,
    NotYetOver,
    ask,
    download,
    preview,
)
from receivables.domain.exports.entries import BooksDiffer, Entry, entries_of
from receivables.domain.exports.journals import GeneralLedger
from receivables.domain.exports.pending import FORMS
from receivables.models import AccountMapping, BookExport, ExportedDocument, LedgerDocument, Posting
from tests.factories.leads import ActionTypeFactory, CompanyFactory
from tests.factories.people import with_role
from tests.invoices.made import NOVEMBER_3, a_draft, a_price, an_open_period, billed, issued, received
from tests.receivables.exports.made import DECEMBER_2, Kind, by_account, exported, rows_of, with_accounts
from tests.receivables.made import a_document

pytestmark = pytest.mark.django_db


@pytest.fixture
def frank() -> User:
    return with_role("Finance")


def three_lines(frank: User, *, rate: str = "15", **customer: object) -> Invoice:
    """Lines of 25.06, 25.61 and 25.63: 15% of each, rounded, is 11.44 together; of their sum it is 11.45."""
    taxes = [Tax("VAT", Decimal(rate)).as_stored()]
    period = an_open_period(taxes=taxes, **customer)
    for place, price in enumerate(("25.06", "25.61", "25.63")):
        a_price(price, customer=period.customer, action_type=ActionTypeFactory.create(code=f"kind{place}"))
        received(period, 1, product=f"Product {place}", kind=f"kind{place}")
    return issued(billed(period), frank)


def test_the_general_ledger_of_a_month_balances_and_has_every_posting_once(frank: User) -> None:
    with_accounts(T2200="VAT 15%")
    invoice = three_lines(frank)
    a_document(invoice.customer, LedgerDocument.Kind.PAYMENT, 50, reference="=cmd|' /C calc'!A0")
    a_document(invoice.customer, LedgerDocument.Kind.WRITE_OFF, "3.30")
    a_document(invoice.customer, LedgerDocument.Kind.PAYMENT, 1, on=date(2026, 10, 31))

    export = exported(Kind.GENERAL_LEDGER, frank)

    assert (export.state, export.rows, export.sums) == ("done", 7, {"USD": "141.0500"})
    assert by_account(export) == {
        ("USD", "1200"): Decimal("34.45"),
        ("USD", "4000"): Decimal("-76.30"),
        ("USD", "2200"): Decimal("-11.45"),
        ("USD", "1000"): Decimal("50.00"),
        ("USD", "6200"): Decimal("3.30"),
    }
    numbers = {row["Number"] for row in rows_of(export)}
    assert numbers == {invoice.number, "'=cmd|' /C calc'!A0", "write_off 3.30"}
    october = exported(Kind.GENERAL_LEDGER, frank, month="2026-10")
    assert by_account(october) == {("USD", "1200"): Decimal(-1), ("USD", "1000"): Decimal(1)}


def test_revenue_of_a_product_goes_to_its_own_account(frank: User) -> None:
    with_accounts(T2200="VAT 15%")
    invoice = three_lines(frank)
    product = invoice.customer.products.get(name="Product 1")
    AccountMapping.objects.create(account="revenue", product=product, code="4100", tax_code="No VAT")

    for kind in (Kind.GENERAL_LEDGER, Kind.NETSUITE):
        sums = by_account(exported(kind, frank))
        assert (sums["USD", "4000"], sums["USD", "4100"]) == (Decimal("-50.69"), Decimal("-25.61"))
    [one, other, third] = rows_of(exported(Kind.XERO_INVOICES, frank))
    assert [each["*AccountCode"] for each in (one, other, third)] == ["4000", "4100", "4000"]


def test_the_tax_of_a_file_is_the_stored_one_and_not_that_of_lines_rounded_one_by_one(frank: User) -> None:
    with_accounts(T2200="VAT 15%")
    invoice = three_lines(frank)

    quickbooks, xero = (rows_of(exported(kind, frank)) for kind in (Kind.QUICKBOOKS_INVOICES, Kind.XERO_INVOICES))

    assert invoice.tax == Decimal("11.45")
    assert sum(Decimal(row["ItemTaxAmount"]) for row in quickbooks) == Decimal("11.45")
    assert sum(Decimal(row["TaxAmount"]) for row in xero) == Decimal("11.45")
    assert [row["*ItemAmount"] for row in quickbooks] == ["25.06", "25.61", "25.63"]
    assert {row["*TaxType"] for row in xero} == {"VAT 15% on Income"}
    assert {row["Total"] for row in xero} == {"87.75"}


def test_a_tax_of_many_decimal_places_is_exported_as_it_was_charged(frank: User) -> None:
    with_accounts(T2200="QST 9.975%")
    a_price("1.00")
    period = an_open_period(taxes=[Tax("QST", Decimal("9.975")).as_stored()])
    received(period, "4495.16")
    invoice = issued(billed(period), frank)

    [row] = rows_of(exported(Kind.QUICKBOOKS_INVOICES, frank))

    assert (row["*ItemAmount"], Decimal(row["ItemTaxAmount"])) == ("4495.16", invoice.tax)


def test_a_line_is_one_times_its_stored_amount_with_the_unit_price_in_words(frank: User) -> None:
    with_accounts()
    a_price("0.1648")
    period = an_open_period()
    received(period, 7000)
    issued(billed(period), frank)

    for kind, quantity, unit in (
        (Kind.QUICKBOOKS_INVOICES, "ItemQuantity", "ItemRate"),
        (Kind.XERO_INVOICES, "*Quantity", "*UnitAmount"),
    ):
        [row] = rows_of(exported(kind, frank))
        assert (row[quantity], row[unit]) == ("1", "1153.60")
        assert "7,000" in (row.get("ItemDescription") or row["*Description"])
        assert "at $0.1648" in (row.get("ItemDescription") or row["*Description"])


def test_quickbooks_gets_exactly_its_column_names_and_xero_its_fixed_order(frank: User) -> None:
    with_accounts()
    issued(a_draft(), frank)

    heads = [
        bytes(exported(kind, frank).content or b"").decode().splitlines()[0]
        for kind in (Kind.QUICKBOOKS_INVOICES, Kind.XERO_INVOICES)
    ]

    assert heads == [
        "*InvoiceNo,*Customer,*InvoiceDate,*DueDate,Terms,Location,Memo,Item(Product/Service),ItemDescription,"
        "ItemQuantity,ItemRate,*ItemAmount,*ItemTaxCode,ItemTaxAmount,Currency,Service Date",
        "*ContactName,EmailAddress,POAddressLine1,POAddressLine2,POAddressLine3,POAddressLine4,POCity,PORegion,"
        "POPostalCode,POCountry,*InvoiceNumber,Reference,*InvoiceDate,*DueDate,Total,InventoryItemCode,*Description,"
        "*Quantity,*UnitAmount,Discount,*AccountCode,*TaxType,TaxAmount,TrackingName1,TrackingOption1,TrackingName2,"
        "TrackingOption2,Currency,BrandingTheme",
    ]


def test_an_export_has_what_no_earlier_one_of_its_kind_has(frank: User) -> None:
    with_accounts()
    first = issued(a_draft(name="Ash"), frank)
    one = exported(Kind.XERO_INVOICES, frank)
    second = issued(a_draft(name="Birch"), frank)

    other = exported(Kind.XERO_INVOICES, frank)

    assert [row["*InvoiceNumber"] for row in rows_of(one)] == [first.number]
    assert [row["*InvoiceNumber"] for row in rows_of(other)] == [second.number]
    with pytest.raises(NothingNew, match="no new document"):
        ask(Asked(Kind.XERO_INVOICES, None, "2026-11"), by=frank, at=DECEMBER_2)
    assert BookExport.objects.count() == 2
    assert {row["*InvoiceNo"] for row in rows_of(exported(Kind.QUICKBOOKS_INVOICES, frank))} == {
        first.number,
        second.number,
    }


def test_a_document_is_in_one_file_of_a_kind_whatever_happens(frank: User) -> None:
    with_accounts()
    issued(a_draft(), frank)
    export = exported(Kind.XERO_INVOICES, frank)
    [taken] = export.documents.all()

    with pytest.raises(IntegrityError), transaction.atomic():
        ExportedDocument.objects.create(export=export, kind=export.kind, document=taken.document)


def test_credit_notes_voids_and_invoices_below_zero_have_their_own_file_with_positive_amounts(frank: User) -> None:
    with_accounts()
    voided = void(
        issued(a_draft(name="Ash"), frank), by=with_role("Finance"), at=DECEMBER_2.replace(month=11), reason="Wrong"
    )
    draft = a_draft(2, name="Birch")
    adjust(draft, amount=Decimal(-9), text="Trial", reason="Trial", by=with_role("Finance"), at=NOVEMBER_3)
    draft.refresh_from_db()
    below = issued(draft, frank)
    note = a_document(voided.customer, LedgerDocument.Kind.CREDIT_NOTE, "1.25", reference="CN-2026-000001")

    invoices = rows_of(exported(Kind.XERO_INVOICES, frank))
    notes = rows_of(exported(Kind.XERO_CREDIT_NOTES, frank))
    memos = rows_of(exported(Kind.QUICKBOOKS_CREDIT_NOTES, frank))

    assert [(row["*InvoiceNumber"], row["*UnitAmount"]) for row in invoices] == [(voided.number, "7.50")]
    assert {row["Type"] for row in notes} == {"ACCRECCREDIT"}
    sums = dict[str, Decimal]()
    for row in notes:
        sums[row["*InvoiceNumber"]] = sums.get(row["*InvoiceNumber"], Decimal(0)) + Decimal(row["*UnitAmount"])
    assert sums == {
        str(voided.number): Decimal("7.50"),
        str(below.number): Decimal("4.00"),
        note.reference: Decimal("1.25"),
    }
    assert sum(Decimal(row["*ItemAmount"]) for row in memos) == sum(sums.values())


def test_text_is_escaped_against_formulas_and_numbers_stay_numbers(frank: User) -> None:
    with_accounts()
    names = ["=1+1", " +x", "\t@x", "\r\n-2+3", "Ash\nBirch"]
    for name in names:
        invoice = issued(a_draft(), frank)
        type(invoice.customer).objects.filter(pk=invoice.customer_id).update(name=name)
    a_document(invoice.customer, LedgerDocument.Kind.PAYMENT, "12.50")

    rows = rows_of(exported(Kind.XERO_INVOICES, frank))
    ledger = rows_of(exported(Kind.GENERAL_LEDGER, frank))

    assert [row["*ContactName"] for row in rows] == ["'=1+1", "'+x", "'@x", "'-2+3", "Ash Birch"]
    assert {row["Credit"] for row in ledger} == {"", "7.50", "12.50"}


def test_a_currency_without_cents_has_none_in_the_file(frank: User) -> None:
    with_accounts()
    a_price("250", currency="JPY")
    period = an_open_period(currency="JPY")
    received(period, 3)
    issued(billed(period), frank)
    issued(a_draft(name="Ash"), frank)

    rows = rows_of(exported(Kind.QUICKBOOKS_INVOICES, frank))

    assert {(row["Currency"], row["*ItemAmount"]) for row in rows} == {("JPY", "750"), ("USD", "7.50")}


def test_a_file_has_as_many_documents_as_the_receiver_takes_and_the_rest_is_new_still(
    frank: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_accounts()
    for name in ("Ash", "Birch", "Cedar"):
        issued(a_draft(name=name), frank)
    monkeypatch.setattr(type(FORMS[Kind.XERO_INVOICES]), "most_documents", 2)
    monkeypatch.setattr(type(FORMS[Kind.QUICKBOOKS_INVOICES]), "most_rows", 1)

    assert preview(Asked(Kind.XERO_INVOICES, None, "2026-11"), at=DECEMBER_2).left_over == 1
    assert [exported(Kind.XERO_INVOICES, frank).rows for _ in range(2)] == [2, 1]
    assert [exported(Kind.QUICKBOOKS_INVOICES, frank).rows for _ in range(3)] == [1, 1, 1]


def test_each_company_has_its_own_books(frank: User) -> None:
    ours = CompanyFactory.create()
    with_accounts(ours)
    invoice = issued(a_draft(seller=ours), frank)

    assert preview(Asked(Kind.GENERAL_LEDGER, None, "2026-11"), at=DECEMBER_2).count == 0
    export = exported(Kind.GENERAL_LEDGER, frank, seller=ours)

    assert {row["Number"] for row in rows_of(export)} == {invoice.number}
    assert export.file_name == f"general-ledger-{ours.code}-2026-11-{export.pk}.csv"


def test_an_account_that_is_missing_is_named_before_anything_is_written(frank: User) -> None:
    three_lines(frank)
    AccountMapping.objects.create(account="revenue", code="4000")
    AccountMapping.objects.create(account="tax", tax="VAT 15%", code="2200")

    missing = {
        kind: preview(Asked(kind, None, "2026-11"), at=DECEMBER_2).missing
        for kind in (Kind.GENERAL_LEDGER, Kind.XERO_INVOICES)
    }

    assert missing == {
        Kind.GENERAL_LEDGER: ("Lead Billing Engine has no account for receivable yet. Add it under Accounts.",),
        Kind.XERO_INVOICES: ("Lead Billing Engine has no tax code for VAT 15% yet. Add it under Accounts.",),
    }
    with pytest.raises(AccountsMissing):
        ask(Asked(Kind.GENERAL_LEDGER, None, "2026-11"), by=frank, at=DECEMBER_2)
    assert not BookExport.objects.exists()


def test_a_tax_at_zero_percent_needs_its_account_before_anything_is_written(frank: User) -> None:
    with_accounts()
    invoice = issued(a_draft(taxes=[{"name": "VAT", "rate": "0", "category": ""}]), frank)
    asked = Asked(Kind.XERO_INVOICES, None, "2026-11")

    assert preview(asked, at=DECEMBER_2).missing == (
        "Lead Billing Engine has no account for VAT 0% yet. Add it under Accounts.",
    )
    with pytest.raises(AccountsMissing):
        ask(asked, by=frank, at=DECEMBER_2)
    assert preview(Asked(Kind.GENERAL_LEDGER, None, "2026-11"), at=DECEMBER_2).missing == ()

    AccountMapping.objects.create(account="tax", tax="VAT 0%", code="2210", tax_code="Zero rated")
    AccountMapping.objects.filter(account="revenue").update(tax_code="")  # no line is without tax
    [row] = rows_of(exported(Kind.XERO_INVOICES, frank))
    assert (row["*InvoiceNumber"], row["*TaxType"], row["TaxAmount"]) == (invoice.number, "Zero rated", "0.00")


def test_a_month_that_has_not_begun_and_a_second_export_at_once_are_refused(frank: User) -> None:
    with_accounts()
    issued(a_draft(), frank)
    ask(Asked(Kind.GENERAL_LEDGER, None, "2026-11"), by=frank, at=DECEMBER_2)

    with pytest.raises(ExportGoingOn):
        ask(Asked(Kind.GENERAL_LEDGER, None, "2026-11"), by=frank, at=DECEMBER_2)
    with pytest.raises(NotYetOver):
        ask(Asked(Kind.GENERAL_LEDGER, None, "2027-01"), by=frank, at=DECEMBER_2)
    assert BookExport.objects.count() == 1


def test_a_batch_can_be_fetched_again_byte_for_byte_and_never_changes(frank: User) -> None:
    with_accounts()
    invoice = issued(a_draft(name="Ash"), frank)
    export = exported(Kind.GENERAL_LEDGER, frank)
    before = download(export, by=frank)
    type(invoice.customer).objects.filter(pk=invoice.customer_id).update(name="Birch")
    AccountMapping.objects.update(code="9")

    assert download(export, by=frank) == before == bytes(export.content or b"")
    assert hashlib.sha256(before).hexdigest() == export.sha256
    for change in (
        lambda: BookExport.objects.update(content=b"x"),
        lambda: BookExport.objects.all().delete(),
        lambda: ExportedDocument.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    verbs = Deed.objects.filter(verb__in=["books_exported", "books_downloaded"]).values_list("verb", flat=True)
    assert sorted(verbs) == ["books_downloaded", "books_downloaded", "books_exported"]


def test_a_file_whose_bytes_changed_is_not_handed_out(frank: User) -> None:
    with_accounts()
    issued(a_draft(), frank)
    export = exported(Kind.GENERAL_LEDGER, frank)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE receivables_bookexport DISABLE TRIGGER USER")
        cursor.execute("UPDATE receivables_bookexport SET content = 'x'")
        cursor.execute("ALTER TABLE receivables_bookexport ENABLE TRIGGER USER")

    with pytest.raises(FileDiffers):
        download(export, by=frank)


class Wrong(GeneralLedger):
    """A form that leaves out a cent."""

    def moves(self, entry: Entry, accounts: Accounts) -> list[tuple[str, str, str, Decimal]]:
        [first, *rest] = super().moves(entry, accounts)
        return [(*first[:3], first[3] - Decimal("0.01")), *rest]


def test_a_file_that_does_not_add_up_to_the_ledger_is_never_offered(
    frank: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_accounts()
    issued(a_draft(), frank)
    monkeypatch.setitem(FORMS, Kind.GENERAL_LEDGER, Wrong())

    export = exported(Kind.GENERAL_LEDGER, frank)

    assert (export.state, export.content, export.documents.count()) == ("failed", None, 0)
    assert "does not say what the ledger says" in export.reason


def test_lines_that_do_not_add_up_to_the_postings_are_refused(frank: User) -> None:
    invoice = issued(a_draft(), frank)
    document = invoice.ledger_documents.get()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE receivables_posting DISABLE TRIGGER USER")
        Posting.objects.filter(account="revenue").update(amount=Decimal("-7.49"))
        cursor.execute("ALTER TABLE receivables_posting ENABLE TRIGGER USER")

    with pytest.raises(BooksDiffer, match="do not add up"):
        entries_of([document])


def test_two_taxes_and_a_tax_on_one_category_are_shared_to_the_cent(frank: User) -> None:
    taxes = [Tax("GST", Decimal(5)).as_stored(), Tax("PST", Decimal("7.5")).as_stored()]
    period = an_open_period(taxes=taxes)
    for place, price in enumerate(("0.33", "0.33", "10.01")):
        a_price(price, customer=period.customer, action_type=ActionTypeFactory.create(code=f"kind{place}"))
        received(period, 1, product=f"Product {place}", kind=f"kind{place}")
    invoice = issued(billed(period), frank)

    [entry] = entries_of([invoice.ledger_documents.get()])

    found = {name: sum(line.taxes[name] for line in entry.lines) for name in ("GST 5%", "PST 7.5%")}
    assert found == {str(tax): tax.amount for tax in invoice.taxes.all()}
    with_accounts(T1="GST 5%", T2="PST 7.5%")
    assert {row["*TaxType"] for row in rows_of(exported(Kind.XERO_INVOICES, frank))} == {
        "GST 5% on Income + PST 7.5% on Income"
    }
