"""Large lists are turned by key: from the start and from the end, they show every row once, whatever is added meanwhile."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db import connection
from django.db.models import F, QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billing_engine.core.admin_kit import paginator
from billing_engine.core.admin_kit.paginator import LAST, Counted, page_by_key
from leads.models import Lead, QuarantinedItem, Source
from tests.factories.invoices import InvoiceFactory
from tests.factories.leads import DeliveryFactory, LeadFactory, QuarantinedItemFactory, SourceFactory
from tests.factories.people import superuser

AT = datetime(2026, 10, 3, 9, 0, 0, 123456, tzinfo=UTC)


def walked(rows: QuerySet[Any], per_page: int, *, backwards: bool = False) -> list[list[int]]:
    """The pages from one end to the other."""
    page = page_by_key(rows, LAST if backwards else "", per_page)
    pages = [page]
    while turn := page.previous if backwards else page.next:
        page = page_by_key(rows, turn, per_page)
        pages.append(page)
    return [[row.pk for row in page.rows] for page in (reversed(pages) if backwards else pages)]


class EveryRowOnce(TestCase):
    """Rows with equal and missing values."""

    @given(
        hours=st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=1, max_size=9),
        per_page=st.integers(1, 4),
        order=st.sampled_from(
            [
                F("occurred_at").asc(),
                F("occurred_at").desc(),
                F("occurred_at").asc(nulls_first=True),
                F("occurred_at").desc(nulls_last=True),
                F("received_at").asc(),
                F("received_at").desc(),
            ]
        ),
        pk=st.sampled_from(["pk", "-pk"]),
    )
    def test_each_way_through_a_list_shows_every_row_once_and_in_order(
        self, hours: list[int | None], per_page: int, order: Any, pk: str
    ) -> None:
        for hour in hours:
            at = None if hour is None else AT + timedelta(hours=hour)
            QuarantinedItemFactory.create(occurred_at=at, received_at=at or AT)
        rows = QuarantinedItem.objects.order_by(order, pk)
        whole = [row.pk for row in rows]

        forwards, back = walked(rows, per_page), walked(rows, per_page, backwards=True)

        assert [key for page in forwards for key in page] == whole
        assert [key for page in back for key in page] == whole
        assert all(len(page) == per_page for page in (*forwards[:-1], *back[1:]))


@pytest.fixture
def browser(client: Client, db: None) -> Client:
    client.force_login(superuser())
    return client


@pytest.fixture
def two_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin.site._registry[Lead].__class__, "list_per_page", 2)


def seen(browser: Client, address: str) -> tuple[list[str], dict[str, str]]:
    """The leads of a page, and its links to others."""
    response = browser.get(address)
    assert response.status_code == 200, address
    html = response.content.decode()
    links = re.findall(r'<a class="text-link" href="([^"]+)"(?: rel="\w+")?>(First|Previous|Next|Last)</a>', html)
    shown: ChangeList = response.context["cl"]
    return [row.external_id for row in shown.result_list], {
        name: reverse("admin:leads_lead_changelist") + unescape(link) for link, name in links
    }


def test_a_large_list_is_walked_by_previous_and_next_and_what_arrives_meanwhile_moves_nothing(
    browser: Client, two_a_page: None
) -> None:
    for number in range(1, 6):
        LeadFactory.create(external_id=f"L-{number}")

    rows, links = seen(browser, reverse("admin:leads_lead_changelist"))
    assert (rows, sorted(links)) == (["L-5", "L-4"], ["Last", "Next"])
    LeadFactory.create(external_id="L-6")
    rows, links = seen(browser, links["Next"])
    assert (rows, sorted(links)) == (["L-3", "L-2"], ["First", "Last", "Next", "Previous"])
    rows, back = seen(browser, links["Next"])
    assert (rows, sorted(back)) == (["L-1"], ["First", "Previous"])
    assert seen(browser, back["Previous"])[0] == ["L-3", "L-2"]
    assert seen(browser, links["Previous"])[0] == ["L-5", "L-4"]
    assert seen(browser, links["Last"])[0] == ["L-2", "L-1"]
    assert seen(browser, links["First"])[0] == ["L-6", "L-5"]


def test_the_pages_of_a_search_stay_within_it(browser: Client, two_a_page: None) -> None:
    for name in ("B-1", "A-1", "A-2", "A-3"):
        LeadFactory.create(external_id=name)

    rows, links = seen(browser, f"{reverse('admin:leads_lead_changelist')}?q=A-")

    assert rows == ["A-3", "A-2"]
    assert "q=A-" in links["Next"]
    assert seen(browser, links["Next"])[0] == ["A-1"]


@pytest.mark.parametrize(
    "page", ["after.", "after.W10", "before.WyJub25lIl0", "after.bm9uZQ", "after.é", "before.WzEsMl0"]
)
def test_a_place_that_no_page_links_to_leads_to_the_first_page(browser: Client, two_a_page: None, page: str) -> None:
    for number in range(3):
        LeadFactory.create(external_id=f"L-{number}")
    address = reverse("admin:leads_lead_changelist")

    assert browser.get(address, {"p": page}).headers["Location"] == f"{address}?e=1"


@pytest.mark.parametrize("page", ["2", "99999", "", "x"])
def test_a_page_number_of_a_large_list_is_its_first_page(browser: Client, two_a_page: None, page: str) -> None:
    for number in range(3):
        LeadFactory.create(external_id=f"L-{number}")

    assert seen(browser, f"{reverse('admin:leads_lead_changelist')}?p={page}")[0] == ["L-2", "L-1"]


def test_a_list_beyond_the_bound_says_so_and_counts_no_further(
    browser: Client, two_a_page: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paginator, "COUNTED_AT_MOST", 3)
    for number in range(5):
        LeadFactory.create(external_id=f"L-{number}")

    with CaptureQueriesContext(connection) as asked:
        html = browser.get(reverse("admin:leads_lead_changelist")).content.decode()

    assert len(re.findall(r"3\+\s+leads", html)) == 1
    assert [one["sql"] for one in asked if "EXPLAIN" in one["sql"] or "OFFSET" in one["sql"]] == []
    assert (str(Counted(3)), str(Counted.at_least(3))) == ("3", "3+")


def test_a_list_that_outgrows_the_bound_gives_up_its_page_numbers(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind: Any = admin.site._registry[InvoiceFactory._meta.model].__class__
    monkeypatch.setattr(kind, "list_per_page", 2)
    for _ in range(4):
        InvoiceFactory.create()
    address = reverse("admin:invoices_invoice_changelist")

    assert 'href="?p=2"' in browser.get(address).content.decode()
    monkeypatch.setattr(paginator, "COUNTED_AT_MOST", 3)
    html = browser.get(address).content.decode()
    assert 'href="?p=2"' not in html
    assert 'rel="next">Next</a>' in html


def test_a_column_without_an_order_sorts_nothing_even_if_a_relation_has_its_name(browser: Client) -> None:
    source = SourceFactory.create()
    DeliveryFactory.create(source=source), DeliveryFactory.create(source=source)
    page: Any = admin.site._registry[Source]
    place = page.list_display.index("deliveries")

    listed = browser.get(reverse("admin:leads_source_changelist"), {"o": place}).context["cl"]

    assert list(listed.result_list) == [source]


@pytest.mark.django_db
def test_a_count_that_takes_too_long_is_given_up_and_says_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paginator, "COUNTED_FOR_MS", 20)
    LeadFactory.create()
    usual = "SELECT current_setting('statement_timeout')"
    with connection.cursor() as cursor:
        cursor.execute(usual)
        before = cursor.fetchone()
        slow = Lead.objects.extra(where=["pg_sleep(0.5) IS NOT NULL"])

        assert [str(Counted.of(slow, known=50)), str(Counted.of(Lead.objects.all()))] == ["50+", "1"]
        cursor.execute(usual)
        assert cursor.fetchone() == before


@pytest.mark.django_db
def test_a_page_is_bounded_once_by_a_key_that_its_order_names_twice() -> None:
    LeadFactory.create(), LeadFactory.create()
    rows = Lead.objects.order_by("received_at", "pk", "received_at", "pk")
    first = page_by_key(rows, "", 1)

    with CaptureQueriesContext(connection) as asked:
        second = page_by_key(rows, first.next, 1)

    assert [row.pk for row in (*first.rows, *second.rows)] == [row.pk for row in rows]
    assert asked[0]["sql"].count('"received_at" >') == 1
