"""The pages of payments, write-offs and bank files: each does what its domain does, and shows what it refuses."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from leads.models import Customer
from receivables.domain.payments.returning import return_payment
from receivables.models import BankAccount, BankFile, CsvMapping, LedgerDocument, Payment, WriteOff
from tests.factories.leads import CustomerFactory
from tests.factories.people import UserFactory, with_role
from tests.invoices.made import a_draft, issued
from tests.receivables.made import AT
from tests.receivables.payments.banks import an_account, an_invoice, camt, entry, rows_of, uploaded, worked
from tests.receivables.payments.test_payments import left, owes, paid

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 2)


@pytest.fixture
def customer() -> Customer:
    an_account()
    return CustomerFactory.create(name="Ash", code="ASH")


@pytest.fixture
def page(client: Client) -> Client:
    client.force_login(with_role("Finance"))
    return client


def press(page: Client, row: Any, name: str, **answers: object) -> str:
    """Press a button on a row's page; return the page that follows."""
    model = row._meta.label_lower.replace(".", "_")
    address = reverse(f"admin:{model}_{name}", args=[row.pk])
    return page.post(address, answers, follow=True).content.decode()


def shown(page: Client, row: Any) -> str:
    return page.get(reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])).content.decode()


def test_a_payment_is_recorded_and_its_page_shows_what_it_settles(page: Client, customer: Customer):
    owes(customer, 60, due=DAY)
    given = {"customer": customer.pk, "on": "2026-11-02", "amount": "100", "reference": "Check 7", "method": "check"}

    answer = page.post(reverse("admin:receivables_payment_record"), given, follow=True).content.decode()

    assert "Refund due 2026-11-02" in answer
    assert answer.count("Payment recorded") == 2  # the message, and the deed with the person's name
    assert "$60.00" in answer
    assert LedgerDocument.objects.get(kind="payment").payment.method == "check"
    assert "$40.00" in page.get(reverse("admin:receivables_payment_changelist")).content.decode()


def test_a_refusal_stands_beside_its_field_and_nothing_is_posted(page: Client, customer: Customer):
    given = {"customer": customer.pk, "on": "2036-11-02", "amount": "0", "reference": "x", "method": "check"}

    first = page.post(reverse("admin:receivables_payment_record"), given).content.decode()
    second = page.post(reverse("admin:receivables_payment_record"), {**given, "amount": "5"}).content.decode()
    third = page.post(reverse("admin:receivables_payment_record"), {**given, "invoices": "INV-9"}).content.decode()

    assert "Enter an amount above zero." in first
    assert "The day 2036-11-02 is in the future" in second
    assert "Nothing open of Ash in USD has the number INV-9." in third
    assert not Payment.objects.exists()


def test_the_buttons_of_a_payment_allocate_take_back_refund_return_and_book_what_came_in_again(
    page: Client, customer: Customer
):
    document = paid(customer, 100)
    item = owes(customer, 60)

    press(page, document.payment, "allocate", invoices="", most="50")
    assert left(item, document) == [10, 50]
    press(page, document.payment, "take_back", allocation=document.allocations_made.get().pk, reason="wrong")
    assert left(item, document) == [60, 100]
    press(page, document.payment, "refund", amount="30", on=DAY, reason="overpaid")
    assert left(document) == [70]
    press(page, document.payment, "return_it", amount="70", on=DAY, reason="bounced")
    returned = LedgerDocument.objects.get(kind="return")
    assert left(document, returned) == [0, 0]
    assert "bounced" in press(page, returned.payment, "came_back", on=DAY, reason="won")
    assert LedgerDocument.objects.filter(kind="payment").count() == 2


def test_a_bank_file_is_uploaded_shown_confirmed_and_undone(page: Client, customer: Customer):
    an_invoice("INV-2026-000001", 10, customer)
    content = camt(entry("10", "INV-2026-000001", payer="Ash Ltd"), entry("7", "hello"), closing="17")
    upload = reverse("admin:receivables_bankfile_upload")

    page.post(upload, {"file": SimpleUploadedFile("november.xml", content)})
    again = page.post(upload, {"file": SimpleUploadedFile("again.xml", content)}).content.decode()
    csv = page.post(upload, {"file": SimpleUploadedFile("november.csv", b"a")}).content.decode()
    assert "This very file was uploaded before" in again
    assert "Choose the mapping of this CSV file." in csv
    file = BankFile.objects.get()
    assert "Reading" in shown(page, file)

    answer = shown(page, worked(file))
    assert "Names INV-2026-000001, and the sum agrees" in answer
    press(page, file, "confirm")
    assert "1 booked" in shown(page, worked(file))
    press(page, file, "undo")
    assert "of which none is booked or open" in shown(page, worked(file))


def test_a_row_is_booked_as_a_person_says(page: Client, customer: Customer):
    item = an_invoice("INV-2026-000001", 10, customer)
    an_invoice("INV-2026-000002", 10, customer)
    [row] = rows_of(uploaded(camt(entry("12", "INV-2026-000002"), closing="12")))

    assert "No customer has this code." in press(page, row, "book", code="OAK", on=DAY)
    press(page, row, "book", code="ash", on=DAY, invoices="INV-2026-000001")

    assert left(item, LedgerDocument.objects.get(kind="payment")) == [0, 2]
    press(page, row, "undo")
    press(page, row, "set_aside", reason="interest")
    assert "Set aside" in shown(page, row)
    press(page, row, "take_up")
    row.refresh_from_db()
    assert row.state == "open"


def test_an_account_and_a_mapping_are_saved_with_their_faults_shown(client: Client):
    client.force_login(UserFactory.create(is_superuser=True))
    account = {"name": "Harbor", "number": "de98 3704 0044 0532 0130 00", "currency": "EUR", "is_active": "on"}
    mapping = {
        "name": "Harbor", "encoding": "cp1252", "delimiter": ";", "day_format": "%d.%m.%Y", "decimal_mark": ",", "day": "Tag",
        "amount": "Betrag", "text": "Text",
    }  # fmt: skip

    wrong = client.post(reverse("admin:receivables_bankaccount_add"), account).content.decode()
    client.post(reverse("admin:receivables_bankaccount_add"), {**account, "number": "DE89 3704 0044 0532 0130 00"})
    client.post(reverse("admin:receivables_csvmapping_add"), mapping)

    assert "The check digits of this IBAN are wrong." in wrong
    assert [each.number for each in BankAccount.objects.all()] == ["DE89370400440532013000"]
    assert CsvMapping.objects.get().day == "Tag"


def test_what_is_left_of_an_invoice_is_written_off_or_asked_for(page: Client, settings: Any):
    settings.FOUR_EYES = True
    invoice = issued(a_draft(4), with_role("Finance"))

    assert "Ask to write off" in shown(page, invoice)
    press(page, invoice, "ask_to_write_it_off", amount="10", reason="small", sentence="Too small.")
    assert WriteOff.objects.get().state == "waiting"

    settings.FOUR_EYES = False
    press(page, invoice, "write_it_off", amount="4", reason="small", sentence="Too small.")
    posted = WriteOff.objects.get(state="posted")
    assert left(posted.item) == [6]
    press(page, posted, "reverse", reason="paid after all")
    assert left(posted.item) == [10]


def test_a_viewer_sees_everything_and_presses_nothing(client: Client, customer: Customer):
    client.force_login(with_role("Viewer"))
    document = paid(customer, 100)
    return_payment(document, on=AT.date(), by=UserFactory.create(), at=AT, reason="bounced", amount=Decimal(5))

    assert "Allocate" not in shown(client, document.payment)
    assert client.post(reverse("admin:receivables_payment_refund", args=[document.pk])).status_code == 403
    assert client.get(reverse("admin:receivables_payment_record")).status_code == 403


def test_a_draft_is_never_written_off_though_its_buttons_address_is_posted_to(page: Client):
    draft, answers = a_draft(3), {"amount": "1", "reason": "small", "sentence": "Gone."}

    for name in ("write_it_off", "ask_to_write_it_off"):
        answer = page.post(reverse(f"admin:invoices_invoice_{name}", args=[draft.pk]), answers)
        assert "This invoice is not issued, so there is nothing to write off." in answer.content.decode()

    assert WriteOff.objects.count() == 0


def test_a_statement_of_the_first_year_there_is_is_a_page(page: Client, customer: Customer):
    for name in ("receivables_statement", "receivables_statement_pdf"):
        answer = page.get(reverse(f"admin:{name}"), {"customer": customer.pk, "as_of": "0001-01-01"})
        assert answer.status_code in (200, 400)
