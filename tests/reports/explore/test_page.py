"""The explorer's page: a form leads to an address, an address to figures, and every figure to its rows."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from leads.models import Action
from reports.domain.question.days import Days
from reports.domain.question.question import Question
from reports.queries.explore.answer import answer_of
from reports.queries.explore.shown.table import Part, table_of
from tests.factories.people import UserFactory, with_role
from tests.reports.random_company import RATED_AT, a_random_company

pytestmark = pytest.mark.django_db

PAGE, ROWS = "admin:reports_explorer", "admin:reports_explorer_rows"
OCTOBER = "2026-10-01..2026-10-31"


@pytest.fixture
def finance(client: Client) -> Client:
    client.force_login(with_role("Finance"))
    return client


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


def words(piece: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", piece))).strip()


def links(page: str, inside: str) -> list[tuple[str, str]]:
    """The words and the address of each link that follows this."""
    found = re.findall(rf'{inside}\s*<a href="([^"]+)"[^>]*>(.*?)</a>', page, re.DOTALL)
    return [(words(text), unescape(address)) for address, text in found]


def pieces(page: str, name: str) -> list[str]:
    """The words of each element of this class, up to its first end."""
    found = re.findall(rf'<(\w+) class="{name}"[^>]*>(.*?)</\1>', page, re.DOTALL)
    return [words(text) for _, text in found]


FIGURE = r'<td class="activity-number[^>]*>'


def test_every_figure_opens_the_rows_that_add_up_to_it(finance: Client) -> None:
    a_random_company(1)
    question = (
        "show=amount,actions,charged,excluded,unrated&group=customer,channel&columns=month&days=2026-10-01..2026-11-30"
    )
    shown = page(finance, f"{reverse(PAGE)}?{question}")
    figures = links(shown, FIGURE)

    for figure, address in figures[::3]:
        rows = page(finance, address)
        sums = {
            words(name): words(value) for name, value in re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", rows, re.DOTALL)
        }
        assert figure in sums.values(), address
        counted = sum(int(value.replace(",", "")) for name, value in sums.items() if name.startswith("Actions"))
        assert len(links(rows, FIGURE)) == min(counted, 100), address

    assert len(figures) > 50


def test_leads_stand_beside_figures_whose_rows_have_one_outcome(finance: Client) -> None:
    a_random_company(1)
    shown = page(
        finance, f"{reverse(PAGE)}?show=leads,charged,excluded,amount,per_lead&group=source&sort=-leads&days={OCTOBER}"
    )
    figures = [(figure, address) for figure, address in links(shown, FIGURE) if "outcome=charged" in address]

    for figure, address in figures:
        assert f"<dd>{figure}</dd>" in re.sub(r"\s*(</?dd>)\s*", r"\1", page(finance, address))

    assert figures


def test_a_total_is_that_of_the_data_and_what_is_not_shown_is_all_others(
    finance: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_random_company(2)
    question = Question(show=("amount", "actions"), group=("day",), sort="-amount", days=Days.read(OCTOBER))
    whole = table_of(answer_of(question, at=RATED_AT))
    monkeypatch.setattr("reports.queries.explore.shown.table.TIMES_SHOWN", 3)

    cut = table_of(answer_of(question, at=RATED_AT))

    for part, all_of_it in zip(cut.parts, whole.parts, strict=True):
        assert part.total == all_of_it.total
        assert len(part.rows) == min(4, len(all_of_it.rows))
        if len(all_of_it.rows) > 4:
            assert part.rows[-1].name == f"All others ({len(all_of_it.rows) - 3})"
        assert actions(part) == int(part.total.cells[1].words)


def actions(part: Part) -> int:
    return sum(int(row.cells[1].words) for row in part.rows)


def test_the_form_leads_to_the_address_of_its_question(finance: Client) -> None:
    customers = a_random_company(3)
    product = customers[0].products.earliest("pk")
    chosen = {
        "form": "1",
        "show": ["amount", "actions"],
        "group": ["product", "", "month"],
        "columns": "",
        "days": "custom",
        "first": "2026-10-01",
        "last": "2026-10-31",
        "pick-customer": [customers[1].pk, customers[0].pk],
        "pick-product": [product.pk],
        "channel": ["webinar"],
        "category": " ",
    }

    answer = finance.get(reverse(PAGE), chosen)

    asked = f"show=amount,actions&group=product,month&days={OCTOBER}"
    expected = f"{asked}&customer=C0&customer=C1&product={product.pk}&channel=webinar"
    assert (answer.status_code, answer["Location"]) == (302, f"{reverse(PAGE)}?{expected}")


def test_what_revenue_came_from_webinars_by_customer_is_one_link(finance: Client) -> None:
    a_random_company(4)

    shown = page(finance, f"{reverse(PAGE)}?show=amount&group=customer&days={OCTOBER}&channel=webinar")

    assert "<h1>Amount by customer</h1>" in shown
    assert pieces(shown, "explorer-chosen") == ["Channel Webinar ×"]
    assert "&channel=webinar Copy link" in pieces(shown, "explorer-link")[0]


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("days=1926-01-01..2026-01-01", "Choose days from 2000 to 2199."),
        ("days=2001-01-01..2026-01-01", "Choose at most 10 years."),
        ("days=2026-10-31..2026-10-01", "The last day must not be before the first."),
        ("days=yesterday-ish", "Write days as 2026-07-01..2026-09-30, or choose a named range."),
        ("group=moon", "“moon” can't be used for group."),
        ("group=customer,product,source,channel", "Group by at most 3 things."),
        ("group=month&columns=month", "Group by each thing once."),
        ("show=leads&group=outcome", "Leads can't be shown by outcome"),
        ("product=999999999", "There is no product “999999999”."),
        ("customer=ghost", "There is no customer “ghost”."),
        ("outcome=free", "There is no outcome “free”."),
        ("columns=day&days=2026-01-01..2026-11-30", "At most 62 columns fit."),
    ],
)
def test_a_question_that_cannot_be_asked_gets_a_sentence(finance: Client, address: str, says: str) -> None:
    a_random_company(5, leads=40)

    shown = page(finance, f"{reverse(PAGE)}?{address}", status=400)

    assert says in pieces(shown, "explorer-refused")[0]


def test_whole_billing_periods_end_with_the_way_to_their_invoices(finance: Client) -> None:
    a_random_company(6)

    shown = page(finance, f"{reverse(PAGE)}?show=amount&group=customer&period=2026-10")

    assert "Exact amounts, USD" in pieces(shown, "explorer-feet")[0]
    assert "2 periods have no invoice yet." in words(shown)
    assert "explorer-feet" not in page(finance, f"{reverse(PAGE)}?show=amount&days={OCTOBER}")


def test_nothing_found_says_so_and_offers_to_clear_the_filters(finance: Client) -> None:
    a_random_company(7, leads=3)

    shown = page(finance, f"{reverse(PAGE)}?days=2020-01-01&channel=webinar")

    assert "No activity matches. Clear filters" in pieces(shown, "glance-empty")[0]
    assert "No activity matches." in page(finance, f"{reverse(ROWS)}?days=2020-01-01")


def test_rows_are_read_page_by_page_to_the_last(finance: Client) -> None:
    a_random_company(8, leads=70)
    address, seen = f"{reverse(ROWS)}?days=all", list[str]()

    while address:
        shown = page(finance, address)
        seen += [row for _, row in links(shown, FIGURE)]
        more = re.findall(r'href="([^"]+)">Next page', shown)
        address = f"{reverse(ROWS)}{unescape(more[0])}" if more else ""

    assert len(set(seen)) == len(seen) == Action.objects.count() > 100


def test_who_may_not_see_charges_does_not_see_the_explorer(client: Client) -> None:
    client.force_login(UserFactory.create(is_staff=True))
    assert [client.get(reverse(name)).status_code for name in (PAGE, ROWS)] == [403, 403]


def test_the_form_asks_for_the_figures_in_the_order_they_are_shown(finance: Client) -> None:
    a_random_company(1)
    shown = page(finance, f"{reverse(PAGE)}?show=average,amount,actions&group=customer&days={OCTOBER}")
    checked = re.findall(r'name="show"\s+value="(\w+)"\s+checked', shown)

    sent = finance.get(reverse(PAGE), {"form": "1", "show": checked, "group": ["channel"], "days": "last_month"})

    assert checked == ["average", "amount", "actions"]
    assert "?show=average,amount,actions&group=channel" in sent["Location"]
