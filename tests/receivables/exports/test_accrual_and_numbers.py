"""The accrual reverses itself and is what was unbilled; the register has every number once."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection

from invoices.domain.life.reopen import void
from invoices.models import Invoice
from pricing.domain.rate.rate import rate
from receivables.domain.exports.ask import Asked, NotYetOver, ask
from receivables.domain.exports.numbers import NumbersMissing, numbers_of
from receivables.models import AccountMapping, LedgerDocument
from reports.queries.unbilled.unbilled import unbilled_at
from tests.factories.leads import CompanyFactory
from tests.factories.people import with_role
from tests.invoices.made import NOVEMBER_3, a_draft, a_price, an_open_period, issued, received
from tests.receivables.exports.made import DECEMBER_2, Kind, exported, rows_of, with_accounts
from tests.receivables.made import a_document

pytestmark = pytest.mark.django_db
OCTOBER_31 = date(2026, 10, 31)


@pytest.fixture
def frank() -> User:
    return with_role("Finance")


def an_unbilled_october(**customer: object) -> None:
    """Three products at a price with more decimals than cents: 1.005 each, 3.015 together."""
    period = an_open_period(**customer)
    for name in ("Oak", "Pine", "Yew"):
        received(period, 1, product=name)
    rate(period, at=NOVEMBER_3)


def test_an_accrual_is_what_was_unbilled_by_customer_product_and_account_and_reverses_itself(frank: User) -> None:
    with_accounts()
    a_price("1.005")
    an_unbilled_october(name="Ash", code="ASH")
    issued(a_draft(name="Birch"), frank)  # invoiced on the third of November
    yew = AccountMapping.objects.get(account="revenue")
    yew.pk, yew.code = None, "4100"
    yew.product = LedgerDocument.objects.get().customer.products.get()
    yew.save()

    export = exported(Kind.ACCRUAL, frank, month="2026-10")

    rows = rows_of(export)
    found = [(row["Customer"], row["Date"], row["Entry"], row["Account"], row["Debit"], row["Credit"]) for row in rows]
    mine = [each[1:] for each in found if each[0] == "Ash"]
    assert mine == [
        ("2026-10-31", "Accrual", "1210", "1.01", ""),
        ("2026-10-31", "Accrual", "4000", "", "1.01"),
        ("2026-11-01", "Reversal", "1210", "", "1.01"),
        ("2026-11-01", "Reversal", "4000", "1.01", ""),
        *[
            ("2026-10-31", "Accrual", "1210", "1.01", ""),
            ("2026-10-31", "Accrual", "4000", "", "1.01"),
            ("2026-11-01", "Reversal", "1210", "", "1.01"),
            ("2026-11-01", "Reversal", "4000", "1.01", ""),
        ],
        ("2026-10-31", "Accrual", "1210", "1.00", ""),
        ("2026-10-31", "Accrual", "4000", "", "1.00"),
        ("2026-11-01", "Reversal", "1210", "", "1.00"),
        ("2026-11-01", "Reversal", "4000", "1.00", ""),
    ]
    assert {each[3] for each in found if each[0] == "Birch"} == {"1210", "4100"}
    pairs = [row["Pair ID"] for row in rows]
    assert all(pairs.count(pair) == 4 for pair in pairs)
    [unbilled] = unbilled_at(OCTOBER_31, previous=date(2026, 9, 30))
    assert sum(Decimal(value) for value in export.sums.values()) == Decimal("6.04")  # 3.015 and 3 × 1.005, each rounded
    assert unbilled.sum("amount") == Decimal("6.030")


def test_what_is_invoiced_by_the_day_is_not_accrued_and_what_is_void_by_then_is(frank: User) -> None:
    with_accounts()
    invoice = issued(a_draft(), frank)
    for day, sums in ((date(2026, 11, 2), {"USD": "7.50"}), (OCTOBER_31, {"USD": "7.50"})):
        assert exported(Kind.ACCRUAL, frank, month=f"{day:%Y-%m}", as_of=day).sums == sums
    with pytest.raises(Exception, match="no new amount"):
        ask(Asked(Kind.ACCRUAL, None, "2026-11"), by=frank, at=DECEMBER_2)

    void(invoice, by=with_role("Finance"), at=datetime(2026, 11, 20, 12, tzinfo=UTC), reason="Wrong")

    assert exported(Kind.ACCRUAL, frank, as_of=date(2026, 11, 20)).sums == {"USD": "7.50"}


def test_the_day_of_an_accrual_is_over(frank: User) -> None:
    with pytest.raises(NotYetOver, match="must be over"):
        ask(Asked(Kind.ACCRUAL, None, "2026-12", date(2026, 12, 2)), by=frank, at=DECEMBER_2)


def test_an_accrual_is_of_one_company(frank: User) -> None:
    ours = CompanyFactory.create()
    with_accounts(ours)
    a_price("1.005")
    an_unbilled_october(seller=ours)

    assert exported(Kind.ACCRUAL, frank, month="2026-10", seller=ours).sums == {"USD": "3.02"}
    with pytest.raises(Exception, match="no new amount"):
        ask(Asked(Kind.ACCRUAL, None, "2026-10"), by=frank, at=DECEMBER_2)


def test_the_register_has_every_number_of_the_month_also_void_ones_and_credit_notes(frank: User) -> None:
    one, other = issued(a_draft(name="Ash"), frank), issued(a_draft(name="Birch"), frank)
    void(one, by=with_role("Finance"), at=datetime(2026, 11, 20, 12, tzinfo=UTC), reason="Wrong")
    a_document(other.customer, LedgerDocument.Kind.CREDIT_NOTE, "1.25", reference="CN-2026-000001")

    export = exported(Kind.NUMBERS, frank)

    shown = [
        (row["Number"], row["Place in series"], row["Total"], row["State"], row["Void since"])
        for row in rows_of(export)
    ]
    assert shown == [
        (one.number, "1", "7.50", "Void", "2026-11-20"),
        (other.number, "2", "7.50", "Issued", ""),
        ("CN-2026-000001", "", "1.25", "Issued", ""),
    ]
    assert export.sums == {"USD": "13.7500"}


def test_a_gap_in_a_series_is_refused_by_its_number(frank: User) -> None:
    issued(a_draft(name="Ash"), frank)
    second = issued(a_draft(name="Birch"), frank)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE invoices_invoice DISABLE TRIGGER USER")
        Invoice.objects.filter(pk=second.pk).update(serial=3)
        cursor.execute("UPDATE invoices_numberseries SET last = 3")
        cursor.execute("ALTER TABLE invoices_invoice ENABLE TRIGGER USER")

    with pytest.raises(NumbersMissing, match=r"\(invoices\) has a gap at 2"):
        numbers_of(None, "2026-11")
