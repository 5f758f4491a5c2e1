"""Credit notes in the books: their own lines, taxes and accounts."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from receivables.models import AccountMapping
from tests.factories.people import with_role
from tests.receivables.credit_notes.made import an_issued_invoice, an_issued_note
from tests.receivables.exports.made import Kind, by_account, exported, rows_of, with_accounts

pytestmark = pytest.mark.django_db


@pytest.fixture
def frank() -> User:
    return with_role("Finance")


def test_a_credit_note_is_exported_with_its_lines_and_their_own_accounts(frank: User) -> None:
    with_accounts(T2200="VAT 20%")
    invoice = an_issued_invoice(frank, {"Oak": "25.06", "Pine": "25.61"})
    note = an_issued_note(frank, invoice, {"Oak": "10.01", "Pine": "0.33"})
    oak = invoice.customer.products.get(name="Oak")
    AccountMapping.objects.create(account="revenue", product=oak, code="4100", tax_code="No VAT")

    rows = rows_of(exported(Kind.XERO_CREDIT_NOTES, frank))
    sums = by_account(exported(Kind.GENERAL_LEDGER, frank))

    assert [(row["*InvoiceNumber"], row["*AccountCode"], row["*UnitAmount"]) for row in rows] == [
        (note.number, "4100", "10.01"),
        (note.number, "4000", "0.33"),
    ]
    assert sum(Decimal(row["TaxAmount"]) for row in rows) == note.tax == Decimal("2.07")
    assert (sums["USD", "4100"], sums["USD", "4000"]) == (Decimal("-15.05"), Decimal("-25.28"))
    [*_, last] = rows_of(exported(Kind.NUMBERS, frank))
    assert (last["Number"], last["Place in series"], last["Total"]) == (note.number, "1", "12.41")
