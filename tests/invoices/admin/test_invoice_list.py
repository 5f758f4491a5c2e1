"""The list of invoices: order, dates, totals and filters."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from billing_engine.core.admin_kit import paginator
from invoices.domain.life.reopen import void
from invoices.domain.life.transitions import approve, issue
from invoices.domain.lines.books import books
from invoices.models import Invoice
from tests.factories.people import UserFactory
from tests.invoices.made import NOVEMBER_3, a_draft, issued

pytestmark = pytest.mark.django_db

LIST = "admin:invoices_invoice_changelist"


def listed(browser: Client, **asked: str) -> list[str]:
    response = browser.get(reverse(LIST), asked)
    assert response.status_code == 200
    return [str(row) for row in response.context["cl"].result_list]


def cells(browser: Client, **asked: str) -> list[dict[str, str]]:
    """Each row by its columns."""
    table = browser.get(reverse(LIST), asked).content.decode().partition('id="result_list"')[2].partition("</table>")[0]
    rows = table.split('<tr class="data-row')[1:]
    return [
        {
            name: " ".join(re.sub(r"<[^>]+>", " ", unescape(cell)).split())
            for name, cell in re.findall(r'<t[hd] class="field-(\w+)[^>]*>(.*?)</t[hd]>', row, re.DOTALL)
        }
        for row in rows
    ]


def sums(browser: Client, **asked: str) -> list[tuple[str, int, str]]:
    return [
        (row["currency"], row["invoices"], row["total"])
        for row in browser.get(reverse(LIST), asked).context["cl"].totals
    ]


def issued_at(invoice: Invoice, frank: User, at: datetime) -> Invoice:
    return issue(approve(invoice, by=frank, at=at), by=frank, at=at)


def test_drafts_come_first_then_the_latest_number_whatever_the_order_of_drafting(finance: Client, frank: User) -> None:
    drafts = [a_draft(name=name) for name in ("Acme", "Beta", "Cora", "Dora")]
    for place in (2, 0, 1):
        issued(drafts[place], frank)

    assert listed(finance) == [f"Draft {drafts[3].pk}", "INV-2026-000003", "INV-2026-000002", "INV-2026-000001"]
    assert [row["shown_customer"].split()[0] for row in cells(finance)] == ["Dora", "Beta", "Acme", "Cora"]


def test_a_row_says_when_it_was_issued_is_due_and_was_sent_in_one_form(finance: Client, frank: User) -> None:
    invoice = issued_at(
        a_draft(code="ACME", name="Acme", time_zone="Asia/Tokyo"), frank, datetime(2026, 11, 3, 20, tzinfo=UTC)
    )
    Invoice.objects.filter(pk=invoice.pk).update(sent_at=datetime(2026, 11, 4, 15, 30, tzinfo=UTC))

    with time_machine.travel(datetime(2026, 11, 4, 12, tzinfo=UTC), tick=False):
        (row,) = cells(finance, state__exact="issued")

    assert row == {
        "shown_number": "INV-2026-000001",
        "shown_customer": "Acme ACME",
        "shown_month": "October 2026",
        "shown_total": "$7.50",
        "shown_left": "$7.50",
        "shown_state": "Sent",
        "shown_issued": "Nov 4, 2026",
        "shown_due": "Dec 4, 2026 in 30 days",
        "shown_sent": "Nov 5, 2026, 00:30 JST",
    }


def test_drafts_have_no_columns_for_what_only_issued_ones_have(finance: Client) -> None:
    a_draft()

    assert list(cells(finance, state__exact="draft")[0]) == [
        *("shown_number", "shown_customer", "shown_month", "shown_total", "shown_state", "shown_flags")
    ]
    assert cells(finance)[0]["shown_flags"] == "First invoice"


def test_the_list_says_what_its_invoices_come_to_by_currency_without_the_void(finance: Client, frank: User) -> None:
    for quantity in (1, 2):
        a_draft(quantity)
    a_draft(3, currency="JPY")
    gone = issued(a_draft(100), frank)
    void(gone, reason="Wrong customer", by=UserFactory.create(), at=NOVEMBER_3)

    assert sums(finance) == [("JPY", 1, "¥8"), ("USD", 2, "$7.50")]
    assert sums(finance, currency="USD") == [("USD", 2, "$7.50")]
    assert sums(finance, state__exact="issued") == []


def test_a_list_too_long_to_count_shows_no_totals(finance: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    a_draft(), a_draft()
    monkeypatch.setattr(admin.site._registry[Invoice], "list_per_page", 1)
    monkeypatch.setattr(paginator, "COUNTED_AT_MOST", 1)

    assert sums(finance) == []


def test_invoices_are_asked_for_by_currency_day_of_issue_sent_and_overdue(finance: Client, frank: User) -> None:
    now = datetime.now(tz=UTC)
    old = issued_at(a_draft(payment_terms_days=10), frank, now - timedelta(days=40))
    new = issued_at(a_draft(), frank, now - timedelta(days=5))
    yen = issued_at(a_draft(currency="JPY"), frank, now - timedelta(days=5))
    Invoice.objects.filter(pk=new.pk).update(sent_at=now)
    draft = a_draft()
    on = (now - timedelta(days=5)).date().isoformat()

    assert listed(finance, currency="JPY") == [str(yen)]
    assert sorted(listed(finance, issued_from=on, issued_to=on)) == sorted([str(new), str(yen)])
    assert listed(finance, issued_to=(now - timedelta(days=30)).date().isoformat()) == [str(old)]
    assert listed(finance, sent="yes") == [str(new)]
    assert sorted(listed(finance, sent="no")) == sorted([str(old), str(yen)])
    assert listed(finance, tab="overdue") == [str(old)]
    assert sorted(listed(finance, tab="issued")) == sorted([str(new), str(yen)])
    assert listed(finance, due_to=(now - timedelta(days=30)).date().isoformat()) == [str(old)]
    assert sorted(listed(finance, total_from="7.51")) == [str(yen)]
    assert str(yen) not in listed(finance, total_to="7.50")
    assert str(draft) in listed(finance)


@pytest.mark.parametrize(
    ("at", "overdue"),
    [
        (datetime(2026, 11, 1, 9, 59, tzinfo=UTC), []),
        (datetime(2026, 11, 1, 10, tzinfo=UTC), ["Pacific/Kiritimati"]),
        (datetime(2026, 11, 2, 4, 59, tzinfo=UTC), ["Pacific/Kiritimati"]),
        (datetime(2026, 11, 2, 5, tzinfo=UTC), ["America/New_York", "Pacific/Kiritimati"]),
    ],
)
def test_an_invoice_is_overdue_once_its_day_is_over_where_the_customer_is(
    frank: User, at: datetime, overdue: list[str]
) -> None:
    zones = ("America/New_York", "Pacific/Kiritimati")
    for zone in zones:
        invoice = issued_at(a_draft(time_zone=zone, payment_terms_days=0), frank, datetime(2026, 11, 1, 5, tzinfo=UTC))
        assert invoice.due_on == date(2026, 11, 1)

    found = Invoice.objects.filter(books().open_invoices(at=at, is_overdue=True)).order_by("customer__time_zone")

    assert list(found.values_list("customer__time_zone", flat=True)) == overdue


def test_lines_are_asked_for_by_the_day_their_invoice_was_issued(finance: Client, frank: User) -> None:
    early, late = (
        issued_at(a_draft(), frank, at) for at in (NOVEMBER_3 + timedelta(days=1), NOVEMBER_3 + timedelta(days=9))
    )
    lines = reverse("admin:invoices_invoiceline_changelist")

    found: Any = finance.get(lines, {"issued_from": str(late.issued_on), "issued_to": str(late.issued_on)})

    assert [line.invoice for line in found.context["cl"].result_list] == [late]
    assert early.issued_on < late.issued_on
