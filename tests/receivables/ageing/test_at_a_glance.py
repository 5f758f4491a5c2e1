"""Receivables at a glance: days sales outstanding by its definition, and the page."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from receivables.domain.ledger.open_items import Basis, Scope
from receivables.models import LedgerDocument
from receivables.queries.at_a_glance import month_ends
from tests.factories.leads import CustomerFactory
from tests.factories.people import with_role
from tests.invoices.made import a_draft, issued
from tests.receivables.made import a_document

pytestmark = pytest.mark.django_db

Kind = LedgerDocument.Kind
NOVEMBER_24 = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_days_sales_outstanding_divides_what_is_owed_by_three_months_of_sales(accountant: User):
    """$250 invoiced on November 3, of which $100 is paid: 150 × (30 + 31 + 24) / 250."""
    invoice = issued(a_draft(100), accountant)
    a_document(invoice.customer, Kind.PAYMENT, 100, on=date(2026, 11, 9))

    ends = month_ends(Basis(date(2026, 11, 24)), Scope(), months=2)

    assert [(str(each.month), each.days, each.balance, each.invoiced, each.sales_outstanding) for each in ends] == [
        ("2026-10", 31, 0, 0, None),
        ("2026-11", 24, 150, 250, Decimal("51.0")),
    ]


def test_the_page_shows_the_sums_of_one_currency_and_who_is_most_overdue(client: Client):
    customer = CustomerFactory.create(name="Acme", code="ACME")
    a_document(customer, Kind.REFUND, 100, on=date(2026, 9, 1), due=date(2026, 9, 10))
    a_document(customer, Kind.PAYMENT, Decimal(20), on=date(2026, 11, 2))
    a_document(customer, Kind.REFUND, 70, on=date(2026, 11, 2), currency="EUR")
    client.force_login(with_role("Finance"))

    with time_machine.travel(NOVEMBER_24, tick=False):
        html = client.get("/admin/receivables/at-a-glance/", {"currency": "USD"}).content.decode()
    text = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))

    assert "Owed $100.00" in text
    assert "Overdue $100.00 of it $100.00 for more than 60 days" in text
    assert "Unapplied -$20.00" in text
    assert "Acme ACME $0.00 $0.00 $0.00 $100.00 $0.00 -$20.00 $80.00" in text
    assert "€" not in text


def test_a_ledger_without_documents_says_so(client: Client):
    client.force_login(with_role("Finance"))

    assert "Nothing is posted yet" in client.get("/admin/receivables/at-a-glance/").content.decode()
