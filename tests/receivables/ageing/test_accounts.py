"""The list of customers' accounts: its figures, against SQL written a second time, filters, pages by key, rows and files."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape
from random import Random
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.models import Company
from receivables.admin.account import list_page
from receivables.domain.ledger.allocations import Match, match
from receivables.domain.ledger.items import with_left
from receivables.domain.ledger.open_items import Scope
from receivables.models import LedgerDocument
from receivables.queries.accounts import Asked, Order, Show, accounts, last_payments, oldest_overdue, total_of
from tests.factories.leads import CompanyFactory, CustomerFactory
from tests.factories.people import UserFactory
from tests.invoices.made import a_draft, issued
from tests.receivables.disputes.made import a_dispute
from tests.receivables.made import a_document

pytestmark = pytest.mark.django_db

Kind = LedgerDocument.Kind
NIGHT = datetime(
    2026, 11, 10, 11, tzinfo=UTC
)  # the tenth in New York, the eleventh in Kiritimati, the ninth in Niue's west
ZONES = ("America/New_York", "Pacific/Kiritimati", "Etc/GMT+12")
PAGE = reverse("admin:receivables_accounts")
DAY = timedelta(days=1)
# Each item with what it has left; what is late by the customer's own clock.
BY_HAND = """
    WITH item AS (
        SELECT doc.customer_id, doc.side, doc.kind, doc.posted_on, COALESCE(doc.due_on, doc.posted_on) AS due,
               doc.amount - (SELECT COALESCE(sum(amount), 0) FROM receivables_allocation
                              WHERE doc.id IN (debit_id, credit_id)) AS remains
          FROM receivables_ledgerdocument doc
         WHERE doc.currency = %s AND (%s::bigint IS NULL OR COALESCE(doc.seller_id, 0) = %s)
    )
    SELECT customer.id, COALESCE(sum(remains) FILTER (WHERE side = 'debit'), 0),
           COALESCE(sum(remains) FILTER (WHERE side = 'debit' AND due < (%s AT TIME ZONE time_zone)::date), 0),
           COALESCE(sum(remains) FILTER (WHERE side = 'credit'), 0),
           min(due) FILTER (WHERE side = 'debit' AND remains > 0 AND due < (%s AT TIME ZONE time_zone)::date),
           max(posted_on) FILTER (WHERE kind = 'payment')
      FROM item JOIN leads_customer customer ON customer.id = customer_id GROUP BY customer.id
"""


def a_ledger(seed: int) -> Company:
    """Customers of three time zones with random documents, partly matched, in two currencies and of two companies."""
    random, company = Random(seed), CompanyFactory.create()
    for number in range(6):
        customer = CustomerFactory.create(time_zone=ZONES[number % 3], name=f"Customer {random.randint(1, 3)}")
        for _ in range(random.randint(0, 7)):
            a_document(
                customer,
                random.choice([Kind.REFUND, Kind.RETURN, Kind.PAYMENT, Kind.CREDIT_NOTE]),
                random.randint(1, 90),
                on=date(2026, 11, random.randint(1, 8)),
                due=random.choice([None, date(2026, 11, random.randint(7, 12))]),
                currency=random.choice(["USD", "USD", "EUR"]),
                seller=random.choice([None, company]),
            )
        for currency in ("USD", "EUR"):
            some = list(with_left(LedgerDocument.objects.filter(customer=customer, currency=currency)).order_by("pk"))
            credits_, debits = ([each for each in some if each.side == side] for side in ("credit", "debit"))
            for credit, debit in zip(credits_, debits, strict=False):
                if credit.seller_id != debit.seller_id:
                    continue
                match([Match(credit, debit, min(credit.left, debit.left))], on=date(2026, 11, 8), at=NIGHT)
    return company


@pytest.mark.parametrize("seed", range(3))
def test_every_figure_is_that_of_the_items_themselves(seed: int) -> None:
    company = a_ledger(seed)

    for currency in ("USD", "EUR"):
        for of in (None, 0, company.pk):
            asked = Asked(NIGHT, Scope(None, currency, of))
            rows = accounts(asked)
            dues, payments = oldest_overdue(asked, rows), last_payments(asked, rows)
            with connection.cursor() as cursor:
                cursor.execute(BY_HAND, [currency, of, of, NIGHT, NIGHT])
                by_hand = {row[0]: row[1:] for row in cursor.fetchall()}
            assert {
                row.customer: (
                    row.sums.open,
                    row.sums.overdue,
                    row.sums.unapplied,
                    dues.get(row.customer),
                    getattr(payments.get(row.customer), "posted_on", None),
                )
                for row in rows
            } == by_hand
            count, total = total_of(asked)
            assert (count, total.open) == (len(rows), sum((row.sums.open for row in rows), Decimal(0)))
            assert total.overdue == sum((row.sums.overdue for row in rows), Decimal(0))


@pytest.mark.parametrize("order", Order)
def test_pages_by_key_have_each_account_once_in_order(order: Order) -> None:
    a_ledger(1)
    for show in Show:
        asked = Asked(NIGHT, Scope(None, "USD"), show, order)
        whole, paged = accounts(asked), list[Any]()
        while page := accounts(asked, after=paged[-1].customer if paged else None, most=2):
            paged += page
        assert paged == whole
        assert accounts(asked, after=0, most=2) == whole[:2]  # a row that is no longer listed starts over
    late = [row.sums.overdue for row in accounts(Asked(NIGHT, Scope(None, "USD"), Show.OVERDUE, Order.OVERDUE))]
    assert late == sorted(late, reverse=True)
    assert all(late)


def test_what_is_disputed_is_not_to_be_paid(frank: User, finance: Client) -> None:
    invoice = issued(a_draft(3, 5, name="Acme", code="ACME"), frank)  # $20.00
    a_document(invoice.customer, Kind.PAYMENT, 4, on=date(2026, 11, 4), reference="WIRE 7")
    a_dispute(invoice)
    before = issued(a_draft(2, name="Birch", code="BIRCH"), frank)

    with time_machine.travel(datetime(2026, 11, 10, tzinfo=UTC), tick=False):
        shown = text_of(finance, q="acme")
        file = finance.get(reverse("admin:receivables_accounts_file"), {"q": "acme"})
    assert "Acme ACME $20.00 $0.00 $0.00 – $4.00 Nov 4, 2026 Total, USD $20.00 $0.00 $0.00 $4.00" in shown
    assert "Birch" not in shown
    head, row, *_ = csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig")))  # type: ignore[attr-defined]  # streamed
    assert head[3:] == ["Open", "To pay", "Overdue", "Oldest overdue", "Unapplied credit", "Last payment"]
    assert [row[1], *map(Decimal, row[3:6]), row[6], Decimal(row[7]), row[8]] == [
        *("ACME", Decimal(20), 0, 0, "", Decimal(4), "2026-11-04")
    ]
    invoice_page = finance.get(reverse("admin:invoices_invoice_change", args=[before.pk])).content.decode()
    assert f'href="{reverse("admin:receivables_account", args=[before.customer_id])}"' in invoice_page


def test_each_figure_opens_its_rows_and_the_name_the_account(finance: Client) -> None:
    a_ledger(2)
    opened = 0
    with time_machine.travel(NIGHT, tick=False):
        for row in finance.get(PAGE, {"currency": "USD"}).context["rows"]:
            assert finance.get(row.address).status_code == 200
            for figure in row.figures:
                if figure.address and figure.title in ("Open", "To pay", "Overdue", "Unapplied credit"):
                    total = finance.get(figure.address).context["total"].lstrip("-")
                    assert (row.name, figure.title, total) == (row.name, figure.title, figure.words)
                    opened += 1
    assert opened > 5


def test_pages_lead_to_the_next_and_take_the_same_statements_for_three_as_for_one(
    finance: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            finance.get(PAGE)
        return len(captured)

    a_document(CustomerFactory.create(name="Ash"), Kind.REFUND, 5, on=date(2026, 11, 1))
    statements()
    one = statements()
    for name in ("Birch", "Cedar"):
        customer = CustomerFactory.create(name=name)
        a_document(customer, Kind.REFUND, 5, on=date(2026, 11, 1))
        a_document(customer, Kind.PAYMENT, 5, on=date(2026, 11, 1))
    assert statements() <= one

    monkeypatch.setattr(list_page, "ROWS", 2)
    first = finance.get(PAGE, {"show": "open"})
    second = finance.get(first.context["after"])
    assert [[row.name for row in page.context["rows"]] for page in (first, second)] == [["Ash", "Birch"], ["Cedar"]]
    assert (second.context["after"], "after" in second.context["before"]) == ("", False)


@pytest.mark.parametrize("asked", [{"show": "some"}, {"currency": "XXX"}, {"order": "-pk"}, {"company": "x"}], ids=str)
def test_a_question_that_is_none_gets_a_sentence(finance: Client, asked: dict[str, str]) -> None:
    CompanyFactory.create()
    assert 'role="alert"' in finance.get(PAGE, asked).content.decode()
    assert finance.get(reverse("admin:receivables_accounts_file"), asked).status_code == 400


def test_an_empty_ledger_says_so_and_who_may_not_see_it_sees_nothing(finance: Client, client: Client) -> None:
    assert "No accounts yet." in text_of(finance)
    client.force_login(UserFactory.create())
    assert client.get(PAGE).status_code == 403
    assert client.get(reverse("admin:receivables_accounts_file")).status_code == 403


def text_of(browser: Client, **asked: str) -> str:
    html = browser.get(PAGE, asked).content.decode()
    main = html[html.index('class="activity receivables"') :]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))
