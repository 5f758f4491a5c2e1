"""The pages of ageing, open items, the ledger and the trial balance: what they say, and that their figures open their rows."""

import csv
import io
import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.models import Customer
from receivables.domain.ledger.allocations import Match, match, take_back
from receivables.models import LedgerDocument
from tests.factories.leads import CompanyFactory, CustomerFactory
from tests.factories.people import with_role
from tests.receivables.made import a_document

pytestmark = pytest.mark.django_db

Kind = LedgerDocument.Kind
D = date(2026, 11, 3)
DAY = timedelta(days=1)


@pytest.fixture
def finance(client: Client) -> Client:
    client.force_login(with_role("Finance"))
    return client


@pytest.fixture
def acme() -> Customer:
    """Overdue for 40 days: 100, of which 30 are paid; 25 not due; 10 unapplied; €70 in another currency."""
    customer = CustomerFactory.create(name="Acme", code="ACME")
    late = a_document(customer, Kind.REFUND, 100, on=D - 60 * DAY, due=D - 40 * DAY, reference="R-1")
    a_document(customer, Kind.REFUND, 25, on=D, due=D + 30 * DAY, reference="R-2")
    paid = a_document(customer, Kind.PAYMENT, 40, on=D - DAY, reference="P-1")
    match([Match(paid, late, Decimal(30))], on=D - DAY, at=paid.recorded_at)
    a_document(customer, Kind.REFUND, 70, on=D, currency="EUR", reference="R-3")
    return customer


def text_of(client: Client, path: str, **asked: Any) -> str:
    response = client.get(path, asked)
    assert response.status_code == 200, path
    html = response.content.decode()
    main = html[html.index('class="activity receivables"') :]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


def check_of(client: Client, path: str, **asked: Any) -> str:
    """What the page's foot says once it is loaded."""
    html = client.get(path, asked).content.decode()
    [address] = map(unescape, re.findall(r'hx-get="([^"]+/account/[^"]+)"', html))
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", client.get(address).content.decode())).split())


def links_of(client: Client, path: str, **asked: Any) -> list[str]:
    return [
        unescape(each)
        for each in re.findall(r'href="([^"]*open-items[^"]*)"', client.get(path, asked).content.decode())
    ]


AGEING, ITEMS = "/admin/receivables/ageing/", "/admin/receivables/open-items/"


def test_ageing_shows_each_bucket_and_that_the_total_is_the_receivable_account(finance: Client, acme: Customer):
    text = text_of(finance, AGEING, as_of=D, currency="USD")

    assert "Acme ACME $25.00 $0.00 $70.00 $0.00 $0.00 -$10.00 $85.00" in text
    assert check_of(finance, AGEING, as_of=D, currency="USD") == (
        "Receivable account, dated up to November 3, 2026 equals the total $85.00"
    )
    assert "Dated up to November 3, 2026. Counts every document and match with a posting date" in text


def test_a_currency_is_never_added_to_another(finance: Client, acme: Customer):
    text = text_of(finance, AGEING, as_of=D, currency="EUR")

    assert check_of(finance, AGEING, as_of=D, currency="EUR") == (
        "Receivable account, dated up to November 3, 2026 equals the total €70.00"
    )
    assert "$" not in text


def test_every_figure_opens_items_that_add_up_to_it(finance: Client, acme: Customer):
    opened = links_of(finance, AGEING, as_of=D, currency="USD")
    assert len(opened) >= 8

    head = re.compile(r"(Not due|31–60|Unapplied|Balance|Outstanding|Overdue): (-?\$[\d.]+)")
    titles = {head.findall(text_of(finance, each))[0] for each in opened}

    assert titles == {
        ("Not due", "$25.00"),
        ("31–60", "$70.00"),
        ("Unapplied", "-$10.00"),
        ("Balance", "$85.00"),
        ("Outstanding", "$95.00"),
        ("Overdue", "$70.00"),
    }
    assert "Refund R-1 Acme September 4, 2026 September 24, 2026 40 days overdue $100.00 $70.00" in text_of(
        finance, opened[1]
    )


def test_another_day_and_another_basis_are_another_answer(finance: Client, acme: Customer):
    before = text_of(finance, AGEING, as_of=D - 2 * DAY, currency="USD")
    known = text_of(finance, AGEING, as_of=D - 2 * DAY, basis="known")

    assert "Acme ACME $0.00 $0.00 $100.00 $0.00 $0.00 $0.00 $100.00" in before
    assert "Nothing was open on November 1, 2026" in known
    assert (
        "Known on November 1, 2026. Counts every document and match that was recorded by the end of that day" in known
    )


@pytest.mark.parametrize("asked", [{"as_of": "yesterday"}, {"as_of": "1999-12-31"}, {"basis": "felt"}], ids=str)
def test_a_day_or_a_basis_that_is_none_is_refused_with_a_sentence(finance: Client, asked: dict[str, str]):
    response = finance.get(AGEING, asked)

    assert 'role="alert"' in response.content.decode()
    assert finance.get(f"{AGEING}file/", asked).status_code == 400


def test_files_have_every_row_of_every_currency(finance: Client, acme: Customer):
    CompanyFactory.create()
    response = finance.get(f"{AGEING}file/", {"as_of": str(D)})
    rows = list(csv.reader(io.StringIO(response.getvalue().decode("utf-8-sig"))))  # type: ignore[attr-defined]  # streamed

    assert rows[0] == [
        *("Currency", "Customer code", "Customer", "Company", "Not due", "1–30 days", "31–60 days", "61–90 days"),
        *("Over 90 days", "Unapplied", "Balance"),
    ]
    assert [[row[0], row[1], *map(Decimal, row[4:])] for row in rows[1:-1]] == [
        ["EUR", "ACME", 70, 0, 0, 0, 0, 0, 70],
        ["USD", "ACME", 25, 0, 70, 0, 0, -10, 85],
    ]
    excel = finance.get(f"{AGEING}file/", {"as_of": str(D), "format": "xlsx"})
    assert excel.getvalue()[:2] == b"PK"  # type: ignore[attr-defined]  # streamed
    assert finance.get(f"{AGEING}file/", {"format": "parquet"}).status_code == 404


def test_a_document_shows_its_postings_its_matches_and_what_is_left(finance: Client, acme: Customer):
    late = LedgerDocument.objects.get(reference="R-1")
    [made] = late.allocations_received.all()
    take_back([made], on=D, at=made.recorded_at, reason="wrong invoice")

    text = text_of(finance, reverse("admin:receivables_ledgerdocument_change", args=[late.pk]))

    assert "Receivable $100.00 Cash $100.00" in text
    assert "Payment P-1 $30.00 November 2, 2026" in text
    assert "Payment P-1 -$30.00 November 3, 2026" in text
    assert "wrong invoice" in text
    assert "Left $100.00" in text


def test_the_list_of_documents_shows_what_each_has_left(finance: Client, acme: Customer):
    response = finance.get(reverse("admin:receivables_ledgerdocument_changelist"), {"q": "R-1"})
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))

    assert "Refund R-1 Acme $100.00 $70.00" in text
    assert "P-1" not in text


def test_the_trial_balance_adds_up_and_agrees_with_the_open_items(finance: Client, acme: Customer):
    text = text_of(finance, "/admin/receivables/trial-balance/", as_of=D, since=date(2026, 11, 1))

    assert (
        "Receivable $100.00 $25.00 $40.00 $85.00 Cash -$100.00 $40.00 $25.00 -$85.00 Total $0.00 $65.00 $65.00 $0.00"
        in text
    )
    assert "equals the receivable account $85.00" in text
    assert "debit equals credit" in text
    refused = finance.get("/admin/receivables/trial-balance/", {"as_of": str(D), "since": str(D + DAY)})
    assert "Choose a day up to November 3, 2026." in refused.content.decode()
