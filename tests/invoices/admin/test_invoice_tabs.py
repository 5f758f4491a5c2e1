"""The tabs of the list of invoices: each invoice is in one, and what is overdue or paid is what the ledger says."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from invoices.domain.life.adjustments import adjust
from invoices.domain.life.reopen import void
from invoices.domain.life.transitions import approve, issue
from invoices.domain.lines.books import books
from invoices.domain.month_close.approvals import request_approval
from invoices.models import Invoice
from invoices.queries.tabs import Tab, rows_of, tab_sums
from receivables.domain.ledger.allocations import Match, match
from receivables.domain.ledger.open_items import Basis, Scope, open_items
from receivables.models import LedgerDocument
from tests.factories.people import UserFactory, with_role
from tests.invoices.made import NOVEMBER_3, a_draft, approved
from tests.receivables.made import a_document

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 12, 20, 12, tzinfo=UTC)
LATE, EARLY = NOVEMBER_3, NOW - timedelta(days=3)


def issued_at(at: datetime, frank: User, quantity: int = 4, **customer: object) -> Invoice:
    return issue(approve(a_draft(quantity, **customer), by=frank, at=at), by=frank, at=at)


def paid(invoice: Invoice, amount: str) -> None:
    payment = a_document(invoice.customer, LedgerDocument.Kind.PAYMENT, amount, currency=invoice.currency)
    document = LedgerDocument.objects.get(invoice=invoice, kind=LedgerDocument.Kind.INVOICE)
    match([Match(payment, document, Decimal(amount))], on=payment.posted_on, at=NOVEMBER_3)


@pytest.fixture
def in_tabs(frank: User) -> dict[str, list[Invoice]]:
    """At least one invoice in each tab, of two currencies; one is paid in part, and one only by a void's reversal."""
    asked = a_draft(5)
    adjust(asked, amount=Decimal(-1), text="Goodwill", reason="Agreed", by=frank, at=NOVEMBER_3)
    request_approval(asked, by=frank, at=NOVEMBER_3, reason="Please")
    part, whole, gone = issued_at(LATE, frank), issued_at(LATE, frank, 2), issued_at(LATE, frank)
    paid(part, "4.00")
    paid(whole, "5.00")
    void(gone, reason="Wrong customer", by=UserFactory.create(), at=NOVEMBER_3)
    return {
        "draft": [a_draft(), a_draft(2, currency="JPY")],
        "to_approve": [asked],
        "approved": [approved(a_draft(), frank)],
        "issued": [issued_at(EARLY, frank)],
        "overdue": [part, issued_at(LATE, frank, 3, currency="JPY")],
        "paid": [whole],
        "void": [gone],
    }


def test_every_invoice_is_in_one_tab(in_tabs: dict[str, list[Invoice]]) -> None:
    found = {tab.value: set(Invoice.objects.filter(rows_of(tab, at=NOW))) for tab in Tab}

    assert found == {tab: set(invoices) for tab, invoices in in_tabs.items()}
    assert sum(len(invoices) for invoices in found.values()) == Invoice.objects.count()


def test_a_tab_says_how_many_it_has_and_what_they_come_to_by_currency(in_tabs: dict[str, list[Invoice]]) -> None:
    assert [(one.tab.value, one.invoices, one.amounts) for one in tab_sums(at=NOW)] == [
        ("draft", 2, ("¥5", "$7.50")),
        ("to_approve", 1, ("$11.50",)),
        ("approved", 1, ("$7.50",)),
        ("issued", 1, ("$10.00",)),
        ("overdue", 2, ("¥8", "$6.00")),  # what is left of them
        ("paid", 1, ("$5.00",)),
        ("void", 1, ("$10.00",)),
    ]


def test_what_invoices_have_left_is_what_their_open_items_have(in_tabs: dict[str, list[Invoice]]) -> None:
    items = open_items(Basis(NOW.date()), Scope())
    of_items = {item.invoice: item.left for item in items if item.kind == LedgerDocument.Kind.INVOICE}

    left = books().left_of(list(Invoice.objects.filter(state="issued").values_list("pk", flat=True)))

    assert {pk: amount for pk, amount in left.items() if amount} == of_items
    sums = books().open_sums(at=NOW)
    assert sum(one.left for one in sums) == sum(of_items.values())
    assert sum(one.invoices for one in sums) == len(of_items)


def test_the_tabs_load_after_the_list_and_keep_its_other_filters(
    finance: Client, in_tabs: dict[str, list[Invoice]]
) -> None:
    page = finance.get(reverse("admin:invoices_invoice_changelist"), {"tab": "paid", "currency": "USD"})
    text = unescape(page.content.decode())

    assert f'hx-get="{reverse("admin:invoices_tabs")}?tab=paid&currency=USD"' in text
    loaded = finance.get(reverse("admin:invoices_tabs"), {"tab": "paid", "currency": "USD"}).content.decode()
    shown = [" ".join(re.sub(r"<[^>]+>", " ", each).split()) for each in unescape(loaded).split("</a>")]
    assert "Paid 1 $5.00" in shown
    assert "currency=USD&tab=void" in unescape(loaded)


def test_a_row_shows_what_is_outstanding_and_a_paid_one_is_never_overdue(
    client: Client, in_tabs: dict[str, list[Invoice]]
) -> None:
    with time_machine.travel(NOW, tick=False):
        client.force_login(with_role("Finance"))
        rows = {tab: _row(client, tab) for tab in ("overdue", "paid")}

    assert "17 days ago" in rows["overdue"]
    assert "$6.00" in rows["overdue"]
    assert "Overdue" in rows["overdue"]
    assert "ago" not in rows["paid"]
    assert "Paid" in rows["paid"]


def _row(finance: Client, tab: str) -> str:
    page = finance.get(reverse("admin:invoices_invoice_changelist"), {"tab": tab, "currency": "USD"})
    table = page.content.decode().partition('id="result_list"')[2].partition("</table>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", unescape(table)).split())


@pytest.mark.parametrize("given", ["1e99999999", "sNaN", "abc", "9" * 40])
def test_a_sum_that_is_none_asks_for_no_list(finance: Client, given: str) -> None:
    page = finance.get(reverse("admin:invoices_invoice_changelist"), {"total_from": given})

    assert (page.status_code, page.headers["Location"]) == (302, f"{reverse('admin:invoices_invoice_changelist')}?e=1")
