"""From an invoice to the charges of each line, and back."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
import redis
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from invoices.admin.invoice import line_page
from invoices.admin.invoice.page import charges_of
from invoices.domain.document.content import content_of
from invoices.domain.lines import kept
from invoices.models import Invoice, InvoiceLine
from pricing.models import Charge
from tests.factories.people import UserFactory
from tests.invoices.lines.test_detail import a_mixed_invoice
from tests.invoices.made import a_draft, a_price, an_open_period, billed, issued, received

pytestmark = pytest.mark.django_db


def address(line: InvoiceLine, **where: int | str) -> str:
    asked = "&".join(f"{name}={value}" for name, value in where.items())
    return f"{reverse('admin:invoices_invoiceline_change', args=[line.pk])}?{asked}"


def why(line: InvoiceLine, charge: Charge) -> str:
    return reverse("admin:invoices_invoiceline_why", args=[line.pk, charge.pk])


def words(browser: Client, where: str) -> str:
    answer = browser.get(where)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", unescape(answer.content.decode())).split())


def rows_of(browser: Client, where: str) -> list[list[str]]:
    """The table of charges, cell by cell."""
    html = browser.get(where).content.decode()
    body = html.partition('class="detail-charges"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    cells = [re.findall(r"<td[^>]*>([\s\S]*?)</td>", row) for row in body.split("</tr>")]
    return [[" ".join(re.sub(r"<[^>]+>", " ", unescape(cell)).split()) for cell in row] for row in cells if row]


def test_the_lines_of_the_invoice_lead_to_their_charges(viewer: Client) -> None:
    invoice = a_mixed_invoice()

    found = {position: len(rows_of(viewer, page)) for position, page in charges_of(invoice).items()}

    told = invoice.lines.exclude(kind="minimum").values_list("position", "actions")
    assert found == dict(told)
    html = viewer.get(reverse("admin:invoices_invoice_change", args=[invoice.pk])).content.decode()
    assert [page for page in charges_of(invoice).values() if f'href="{page}"' not in html] == []


def test_a_page_of_a_line_says_what_came_before_and_what_comes_after(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_page, "CHARGES_A_PAGE", 3)
    line = a_mixed_invoice().lines.get(position=2)
    actions = list(
        Charge.objects.filter(
            rule__isnull=False, action__lead__product=line.product, action__period=line.invoice.period
        )
        .filter(action__occurred_at__gte=line.invoice.period.start_at, reason="")
        .order_by("action__occurred_at", "pk")
        .values_list("pk", flat=True)
    )

    first, second = words(viewer, address(line)), words(viewer, address(line, after=actions[2]))

    # Seven of 0.333, one of them for two and one for a half: 2.4975, so 2.50 by largest remainder.
    assert "On this page 3 3 sample $0.999 $1.00" in first
    assert "After this page 4 4.5 sample $1.4985 $1.50" in first
    assert "Whole line 7 7.5 sample $2.4975 $2.50" in first
    assert "1–3 of 7, in rating order" in first
    assert "Before this page 3 3 sample $0.999 $1.00" in second
    assert "4–6 of 7" in second
    assert rows_of(viewer, address(line, before=actions[3])) == rows_of(viewer, address(line))
    assert len(rows_of(viewer, address(line, after=actions[5]))) == 1
    assert "This line has no more charges." in words(viewer, address(line, after=actions[6]))


def sums_of(browser: Client, where: str) -> dict[str, list[str]]:
    """Each row of sums, by its label."""
    html = browser.get(where).content.decode().partition('class="detail-sums"')[2].partition("</table>")[0]
    rows = [re.findall(r"<t[hd][^>]*>([\s\S]*?)</t[hd]>", row) for row in html.partition("<tbody>")[2].split("</tr>")]
    return {label.strip(): [" ".join(cell.split()) for cell in cells] for label, *cells in filter(None, rows)}


def a_line_of_some_days(zone: str = "America/New_York") -> InvoiceLine:
    """Samples at $0.333 each: 2 and 1 on the customer's 14th (its first and its last minute), others around."""
    a_price("0.333")
    period = an_open_period(time_zone=zone)
    midnight = datetime(2026, 10, 14, 4, tzinfo=UTC)  # where the customer is
    for quantity, at in [
        (5, midnight - timedelta(minutes=1)),
        (2, midnight),
        (1, midnight + timedelta(hours=23, minutes=59)),
        ("0.5", midnight + timedelta(hours=24)),
    ]:
        received(period, quantity, at=at)
    return billed(period).lines.get()


def test_the_three_samples_of_the_14th_are_two_clicks_from_the_invoice(viewer: Client) -> None:
    line = a_line_of_some_days()
    invoice = viewer.get(reverse("admin:invoices_invoice_change", args=[line.invoice_id])).content.decode()
    assert f'href="{address(line).rstrip("?")}"' in invoice

    page = viewer.get(address(line)).content.decode()
    days = re.findall(r'href="\?day=([-\d]+)"\s+title="([^"]+)"', page)

    assert days == [
        ("2026-10-13", "1 action, quantity 5"),
        ("2026-10-14", "2 actions, quantity 3"),
        ("2026-10-15", "1 action, quantity 0.5"),
    ]
    rows = rows_of(viewer, address(line, day="2026-10-14"))
    assert [row[1:3] for row in rows] == [
        ["Oct 14, 2026, 00:00 EDT", "2 sample"],
        ["Oct 14, 2026, 23:59 EDT", "1 sample"],
    ]
    assert sums_of(viewer, address(line, day="2026-10-14")) == {
        "October 14, 2026": ["2", "3 sample", "$0.999", "$1.00"],
        "Whole line": ["4", "8.5 sample", "$2.8305", "$2.83"],
    }


def test_the_days_of_a_line_come_to_the_line_to_the_cent(viewer: Client) -> None:
    line = a_line_of_some_days()

    days = [sums_of(viewer, address(line, day=f"2026-10-{day}"))[f"October {day}, 2026"] for day in (13, 14, 15)]

    assert sum(int(actions) for actions, *_ in days) == line.actions
    assert sum(Decimal(quantity.split()[0]) for _, quantity, *_ in days) == line.quantity
    assert sum(Decimal(amount.removeprefix("$")) for *_, amount in days) == line.amount


def test_a_long_day_has_pages_and_says_what_all_of_it_comes_to(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_page, "CHARGES_A_PAGE", 1)
    line = a_line_of_some_days()
    first, second = line.invoice.period.actions.order_by("occurred_at").values_list("pk", flat=True)[1:3]

    page = address(line, day="2026-10-14")
    assert sums_of(viewer, page) == {
        "On this page": ["1", "2 sample", "$0.666", "$0.67"],
        "After this page": ["1", "1 sample", "$0.333", "$0.33"],
        "October 14, 2026": ["2", "3 sample", "$0.999", "$1.00"],
        "Whole line": ["4", "8.5 sample", "$2.8305", "$2.83"],
    }
    assert "1–1 of 2, in rating order; times in America/New_York" in words(viewer, page)
    last = address(line, day="2026-10-14", after=first)
    assert [row[2] for row in rows_of(viewer, last)] == ["1 sample"]
    assert "2–2 of 2" in words(viewer, last)
    assert f"?after={first}&amp;day=2026-10-14" in viewer.get(page).content.decode()
    assert rows_of(viewer, address(line, day="2026-10-14", before=second)) == rows_of(viewer, page)


@pytest.mark.parametrize("day", ["2026-10-20", "2026-02-30", "today", "²"])
def test_a_day_on_which_nothing_of_the_line_occurred_is_not_found(viewer: Client, day: str) -> None:
    assert viewer.get(address(a_line_of_some_days(), day=day)).status_code == 404


def test_a_line_says_that_it_is_counted_together_with_other_products(viewer: Client) -> None:
    a_price("1.00", free_units=Decimal(2))
    alone, shared = an_open_period(), an_open_period()
    received(alone, 4)
    received(shared, 4)
    received(shared, 4, product="Felt panel")

    lines = [billed(alone).lines.get(), *billed(shared).lines.order_by("position")]

    note = "Counted over all products"
    assert [note in words(viewer, address(line)) for line in lines] == [False, True, True]
    papers = [content_of(line.invoice).groups for line in lines[:2]]
    assert [[group.note for group in paper] for paper in papers] == [
        [""],
        ["All products count together, in order of time."],
    ]


@pytest.mark.parametrize("where", ["after=0", "after=x", "before=99999999999999999999", "after=²"])
def test_a_place_that_is_not_of_the_line_is_not_found(viewer: Client, where: str) -> None:
    line = a_mixed_invoice().lines.get(position=1)

    assert viewer.get(f"{address(line)}{where}").status_code == 404


def test_every_charge_says_why_and_leads_to_action_lead_and_raw_delivery(viewer: Client) -> None:
    invoice = a_mixed_invoice()
    for line in invoice.lines.exclude(kind="minimum"):
        html = viewer.get(address(line)).content.decode()
        charge = Charge.objects.select_related("action__lead").get(
            pk=re.findall(r"/why/(\d+)/", html)[0]  # the first one
        )
        told = viewer.get(why(line, charge)).content.decode()
        ways = [
            ("leads_action", charge.pk),
            ("leads_lead", charge.action.lead_id),
            ("leads_delivery", charge.action.delivery_id, f"?action={charge.pk}#item"),
        ]
        for name, key, *item in ways:
            way = reverse(f"admin:{name}_change", args=[key]) + "".join(item)
            assert f'href="{way}"' in html
            assert f'href="{way}"' in told
            assert viewer.get(way).status_code == 200
        assert ("Not charged: test lead." if charge.reason else "Priced by") in unescape(told)


def test_every_charge_leads_back_to_its_line(viewer: Client) -> None:
    invoice = a_mixed_invoice()
    line = invoice.lines.get(position=2)
    charge = Charge.objects.get(pk=re.findall(r"/why/(\d+)/", viewer.get(address(line)).content.decode())[0])
    page = reverse("admin:pricing_charge_change", args=[charge.pk])

    assert f"{invoice}, line 2" in words(viewer, page)
    Invoice.objects.get().delete()
    assert "Not billed yet" in words(viewer, page)


def test_why_explains_only_the_line_s_own_charges(viewer: Client) -> None:
    line, other = a_mixed_invoice().lines.order_by("position")[:2]
    charge = re.findall(r"/why/(\d+)/", viewer.get(address(other)).content.decode())[0]

    assert viewer.get(why(line, Charge.objects.get(pk=charge))).status_code == 404


def test_the_minimum_has_no_charges_and_says_so(viewer: Client) -> None:
    line = a_mixed_invoice().lines.get(kind="minimum")

    assert "This line has no charges (monthly minimum)." in words(viewer, address(line))


def test_who_may_see_no_charges_sees_no_line(client: Client) -> None:
    client.force_login(UserFactory.create())

    assert client.get(address(a_mixed_invoice().lines.get(position=1))).status_code == 403


def test_a_long_line_asks_the_database_no_more_often_than_a_short_one(finance: Client, frank: User) -> None:
    short, long = issued(a_draft(1), frank).lines.get(), issued(a_draft(*[1] * 30), frank).lines.get()
    finance.get(address(issued(a_draft(1), frank).lines.get()))

    def asked(line: InvoiceLine) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert finance.get(address(line)).status_code == 200
        return len(queries)

    assert asked(long) == asked(short)


def counted_over_the_line(browser: Client, where: str) -> list[str]:
    """The queries that read every charge of the line, or every one before a place."""
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(where).status_code == 200
    marks = ("GROUP BY 1", "count(*) FILTER")
    return [
        each["sql"]
        for each in queries
        if any(mark in each["sql"] for mark in marks) and "pricing_charge" in each["sql"]
    ]


def test_a_line_is_counted_once_and_its_pages_after_that_read_only_their_rows(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_page, "CHARGES_A_PAGE", 2)
    line = a_line_of_some_days()
    second = line.invoice.period.actions.order_by("occurred_at").values_list("pk", flat=True)[1]
    first, later, day = address(line), address(line, after=second), address(line, day="2026-10-14")

    counted = [len(counted_over_the_line(viewer, where)) for where in (first, later, day, first, later, day)]

    # The first page counts the line's remainders and its days; the next continues from it; a day needs both its ends.
    assert counted == [2, 0, 2, 0, 0, 0]


def test_a_line_is_shown_without_redis(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    line = a_line_of_some_days()
    shown = words(viewer, address(line))

    def refuse(*_: object, **__: object) -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(kept.cache, "get", refuse)
    monkeypatch.setattr(kept.cache, "set", refuse)

    assert words(viewer, address(line)) == shown
