"""From an invoice to what stands behind each line, and back."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from invoices.admin import line_page
from invoices.admin.invoice_page import charges_of
from invoices.models import Invoice, InvoiceLine
from pricing.models import Charge
from tests.factories.people import UserFactory
from tests.invoices.made import a_draft, issued
from tests.invoices.test_detail import a_mixed_invoice

pytestmark = pytest.mark.django_db


def address(line: InvoiceLine, **where: int) -> str:
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
    assert "On this page 3 $0.999 $1.00" in first
    assert "After this page 4 $1.4985 $1.50" in first
    assert "The line 7 $2.4975 $2.50" in first
    assert "1–3 of 7, in the order they were rated" in first
    assert "Before this page 3 $0.999 $1.00" in second
    assert "4–6 of 7" in second
    assert rows_of(viewer, address(line, before=actions[3])) == rows_of(viewer, address(line))
    assert len(rows_of(viewer, address(line, after=actions[5]))) == 1
    assert "There is nothing further on this line." in words(viewer, address(line, after=actions[6]))


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
            ("leads_delivery", charge.action.delivery_id),
        ]
        for name, key in ways:
            way = reverse(f"admin:{name}_change", args=[key])
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


def test_why_is_told_only_of_the_line_s_own_charges(viewer: Client) -> None:
    line, other = a_mixed_invoice().lines.order_by("position")[:2]
    charge = re.findall(r"/why/(\d+)/", viewer.get(address(other)).content.decode())[0]

    assert viewer.get(why(line, Charge.objects.get(pk=charge))).status_code == 404


def test_the_minimum_has_no_charges_and_says_so(viewer: Client) -> None:
    line = a_mixed_invoice().lines.get(kind="minimum")

    assert "No charges stand behind this line (monthly minimum)." in words(viewer, address(line))


def test_who_may_see_no_charges_sees_no_line(client: Client) -> None:
    client.force_login(UserFactory.create())

    assert client.get(address(a_mixed_invoice().lines.get(position=1))).status_code == 403


def test_a_long_line_asks_the_database_no_more_often_than_a_short_one(finance: Client, frank: User) -> None:
    short, long = issued(a_draft(1), frank).lines.get(), issued(a_draft(*[1] * 30), frank).lines.get()
    finance.get(address(short))

    def asked(line: InvoiceLine) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert finance.get(address(line)).status_code == 200
        return len(queries)

    assert asked(long) == asked(short)
