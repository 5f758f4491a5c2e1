"""The pages about sources: every figure opens its rows, rights decide what is shown, and bad input gets a sentence."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.models import Source
from reports.admin.sources import rows
from reports.domain.question.question import Question
from reports.queries.explore.answer import answer_of
from reports.queries.source_quality.days import Days
from reports.queries.source_quality.quality import quality_of
from tests.factories.leads import DeliveryFactory, QuarantinedItemFactory, SourceFactory
from tests.factories.people import UserFactory, with_role
from tests.reports.source_quality.company import a_company

pytestmark = pytest.mark.django_db

RANKING = reverse("admin:reports_sources")
AUTUMN = "2026-09-01..2026-11-30"
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_november() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def browser(client: Client) -> Client:
    client.force_login(with_role("Operations"))
    return client


def table(answer: HttpResponse, place: int = 0) -> dict[str, dict[str, Any]]:
    """The rows of a table by name, each figure by its head."""
    shown = answer.context["tables"][place]
    return {row[0][1].words: {head.title: cell for head, cell in row[1:]} for row in [*shown.body, shown.foot]}


def text_of(answer: HttpResponse) -> str:
    return unescape(answer.content.decode())


def test_each_figure_opens_as_many_rows_as_it_says(browser: Client) -> None:
    a_company(1)
    answer = browser.get(RANKING, {"days": AUTUMN})
    shown, worth = table(answer), table(answer, 1)

    checked = 0
    for source in Source.objects.all():
        arrived = shown[source.name]
        deliveries, refused = arrived["Deliveries"], source.quarantined_items.count()
        assert browser.get(deliveries.address).context["cl"].result_count == int(deliveries.words)
        if int(arrived["Refused"].words):
            assert browser.get(arrived["Refused"].address).context["cl"].result_count == refused
        leads = worth.get(source.name, {}).get("Leads")
        if leads and leads.address:
            of_all = sum(
                each.worth[currency].leads
                for each in quality_of(Days.read(AUTUMN, today=NOW.date()))
                if each.key == source.code
                for currency in each.worth
            )
            assert browser.get(leads.address).context["cl"].result_count == of_all
            checked += 1
    assert checked


def test_the_explorer_answers_the_same_question_with_the_same_figures() -> None:
    a_company(1)
    days, names = Days.read(AUTUMN, today=NOW.date()), ("leads", "actions", "charged", "excluded", "amount")
    compared = 0
    for each in quality_of(days):
        for currency, worth in each.worth.items():
            address = rows.explored(each, days, show=",".join(names))
            question = Question.read(parse_qs(urlsplit(address).query))
            sums = answer_of(question, at=NOW).by_currency[currency].total.sums
            figures = [worth.leads, worth.actions, worth.charged, worth.excluded, worth.amount]
            assert [sums.get(name, 0) for name in names] == figures
            compared += 1
    assert compared


def test_the_total_is_that_of_the_data(browser: Client) -> None:
    a_company(2)
    shown = table(browser.get(RANKING, {"days": AUTUMN}))

    total = shown.pop("Total")
    for head in ("Deliveries", "Items", "Stored", "Duplicates", "Refused"):
        assert int(total[head].words) == sum(int(row[head].words) for row in shown.values())


def test_rows_are_sorted_by_any_column_and_what_has_no_value_is_last(browser: Client) -> None:
    for name, counts in (("Ash", (9, 1)), ("birch", (1, 1)), ("Cedar", (0, 0)), ("Dogwood", (0, 5))):
        created, refused = counts
        if sum(counts):
            DeliveryFactory.create(
                source=SourceFactory.create(name=name),
                received_at=NOW.replace(day=20),
                actions_received=created + refused,
                actions_created=created,
                actions_quarantined=refused,
            )
        else:
            SourceFactory.create(name=name)

    def order(sort: str) -> list[str]:
        return [name for name in table(browser.get(RANKING, {"sort": sort})) if name != "Total"]

    assert order("source") == ["Ash", "birch", "Cedar", "Dogwood"]
    assert order("-source") == ["Dogwood", "Cedar", "birch", "Ash"]
    assert order("-refused") == ["Dogwood", "birch", "Ash", "Cedar"]
    assert order("refused") == ["Ash", "birch", "Dogwood", "Cedar"]
    heads = {
        head.title: (head.address, head.order)
        for head in browser.get(RANKING, {"sort": "-refused"}).context["tables"][0].heads
    }
    assert heads["Refused"] == ("?days=last_30_days&by=source&sort=refused", "descending")
    assert heads["Items"] == ("?days=last_30_days&by=source&sort=-items", "")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"days": "2016-01-01..2115-12-31"}, "Choose at most 10 years."),
        ({"days": "2020-01-01..2026-01-01"}, "This report covers at most 366 days. You chose 2,193."),
        ({"days": "yesteryear"}, "Write days as 2026-07-01..2026-09-30, or choose a named range."),
        ({"days": "other", "from": "", "to": ""}, "Write days as 2026-07-01..2026-09-30, or choose a named range."),
        ({"by": "moon"}, "“moon” can't be used for grouping. Choose from source, channel."),
        ({"sort": "-moon"}, "“moon” is not a column."),
    ],
)
def test_bad_input_gets_a_sentence_and_no_figures(browser: Client, asked: dict[str, str], says: str) -> None:
    a_company(0)
    with CaptureQueriesContext(connection) as captured:
        answer = browser.get(RANKING, asked)

    assert (answer.status_code, says in text_of(answer)) == (400, True)
    assert [query for query in captured if "dailyactivity" in query["sql"] or "leads_delivery" in query["sql"]] == []


def test_a_range_is_chosen_by_name_or_by_its_ends(browser: Client) -> None:
    def days(**asked: str) -> str:
        return str(browser.get(RANKING, asked).context["days"])

    assert days() == "2026-10-30..2026-11-28"
    assert days(days="last_month") == "2026-10-01..2026-10-31"
    assert days(days="other", **{"from": "2026-10-05", "to": "2026-10-06"}) == "2026-10-05..2026-10-06"


@pytest.mark.parametrize(
    ("permissions", "seen"),
    [
        ([], set()),
        (["view_delivery"], {"What arrived", "Items by day received"}),
        (
            ["view_delivery", "view_quarantineditem"],
            {"What arrived", "Items by day received", "Why items were refused"},
        ),
        (["view_charge"], {"What the leads were worth, USD", "What its leads were worth"}),
    ],
)
def test_a_person_sees_the_figures_of_what_the_person_may_see(
    client: Client, permissions: list[str], seen: set[str]
) -> None:
    a_company(1)
    person = UserFactory.create()
    person.user_permissions.add(*Permission.objects.filter(codename__in=["view_source", *permissions]))
    client.force_login(person)
    source = Source.objects.earliest("pk")

    shown = text_of(client.get(RANKING, {"days": AUTUMN})) + text_of(
        client.get(reverse("admin:reports_source", args=[source.code]), {"days": AUTUMN})
    )
    heads = {re.sub(r"\s+", " ", head).strip() for head in re.findall(r"<h3>([^<]*)", shown)}
    assert {
        head for head in heads if not head.endswith((", JPY", ", EUR")) and head != "Why actions were not charged"
    } == seen
    assert ("there is nothing to show" in shown) == (not seen)


def test_who_may_not_see_sources_sees_neither_page(client: Client) -> None:
    source = SourceFactory.create()
    client.force_login(UserFactory.create())

    assert client.get(RANKING).status_code == 403
    assert client.get(reverse("admin:reports_source", args=[source.code])).status_code == 403


def test_a_source_says_how_it_is_doing_now(browser: Client) -> None:
    deliver = {
        "Delivering": range(30),
        "Silent for 3 days": range(3, 31),
        "No delivery yet": (),
        "": (5, 20),  # no rhythm that could be broken
    }

    def chips(source: Source, days: str = "last_30_days") -> list[str]:
        shown = browser.get(reverse("admin:reports_source", args=[source.code]), {"days": days}).context["chips"]
        return [re.sub("<[^>]*>", "", chip) for chip in shown]

    for says, days in deliver.items():
        source = SourceFactory.create()
        for back in days:
            DeliveryFactory.create(source=source, received_at=NOW - timedelta(days=back))
        assert chips(source) == ([says] if says else [])
        assert chips(source, "2026-08-01..2026-08-31") == ([says] if says else [])  # it is of now, whatever the days
    assert chips(SourceFactory.create(is_active=False)) == ["Inactive"]

    odd = SourceFactory.create()
    for back, refused in ((0, 20), (40, 1)):
        DeliveryFactory.create(
            source=odd,
            received_at=NOW - timedelta(days=back, hours=13),
            leads_received=200,
            leads_created=200 - refused,
            leads_quarantined=refused,
        )
    assert chips(odd) == ["Delivering", "10.0% refused, before 0.5%"]


def test_a_source_shows_why_items_were_refused_and_how_many_wait(browser: Client) -> None:
    source = SourceFactory.create(code="studio", name="Studio events")
    delivery = DeliveryFactory.create(
        source=source, received_at=NOW.replace(day=20), leads_received=3, leads_quarantined=3
    )
    settled = {"state": "discarded", "settled_at": NOW, "settled_note": "spam"}
    QuarantinedItemFactory.create(delivery=delivery, received_at=delivery.received_at, **settled)
    item = QuarantinedItemFactory.create(
        delivery=delivery, received_at=delivery.received_at, message="There is no <b>product</b>."
    )
    answer = browser.get(reverse("admin:reports_source", args=["studio"]))

    (refusal,) = answer.context["refusals"]
    assert (refusal["code"], refusal["items"].words, refusal["waiting"], refusal["latest"]) == (
        "unknown_product",
        "2",
        1,
        reverse("admin:leads_quarantineditem_change", args=[item.pk]),
    )
    assert browser.get(refusal["items"].address).context["cl"].result_count == 2
    assert [row.pk for row in browser.get(refusal["these"]).context["cl"].result_list] == [item.pk]
    assert browser.get(refusal["fix"]).context["original"] == item
    assert "There is no &lt;b&gt;product&lt;/b&gt;." in answer.content.decode()
    strip = {name: (cell.words, cell.more) for name, cell in answer.context["strip"]}
    assert strip["Refused"] == ("3", "100.0%")
    assert strip["Last delivery"] == ("9 d", "Nov 20, 2026, 12:00 UTC") or strip["Last delivery"][0] == "9 d ago"


def test_customers_beyond_the_first_are_one_row_and_the_total_is_of_all(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_company(3)
    source = Source.objects.earliest("pk")
    page = reverse("admin:reports_source", args=[source.code])
    whole = browser.get(page, {"days": AUTUMN}).context["worth"].rows

    monkeypatch.setattr("reports.admin.sources.of_customers.CUSTOMERS_SHOWN", 0)
    cut = browser.get(page, {"days": AUTUMN}).context["worth"].rows

    totals = [
        [[cell.words for cell in row] for row in rows if row[0].words.startswith("Total")] for rows in (whole, cut)
    ]
    others = [[cell.words for cell in row[1:]] for row in cut if row[0].words.endswith(" others")]
    assert totals[0] == totals[1]
    assert others == [row[1:] for row in totals[0]]


def test_the_page_of_a_source_has_the_section_but_a_new_source_has_not(browser: Client) -> None:
    source = SourceFactory.create(code="studio")

    page = text_of(browser.get(reverse("admin:leads_source_change", args=[source.pk])))
    assert f'hx-get="{reverse("admin:reports_source", args=["studio"])}"' in page
    assert "Health and worth" not in text_of(browser.get(reverse("admin:leads_source_add")))
    # The section is put into the form of the page, so it must have no form itself.
    shown = text_of(browser.get(reverse("admin:reports_source", args=["studio"])))
    assert "<form" not in shown.partition('<div id="source-figures">')[2].partition("</main>")[0]


def test_a_source_without_a_delivery_says_what_comes_first(browser: Client) -> None:
    SourceFactory.create(code="studio")

    answer = browser.get(reverse("admin:reports_source", args=["studio"]))

    shown = text_of(answer).partition('<div id="source-figures">')[2]
    assert "Nothing was delivered yet. Create an API key or a webhook, or import a file" in shown
    assert ("source-strip" in shown, "What its leads were worth" in shown) == (False, False)


def test_what_arrived_today_is_told_beside_the_days_before(browser: Client) -> None:
    source = SourceFactory.create(code="studio")
    for back, refused in ((0, 2), (1, 1)):
        DeliveryFactory.create(
            source=source,
            received_at=NOW - timedelta(days=back, hours=1),
            leads_received=5,
            leads_created=5 - refused,
            leads_quarantined=refused,
        )
    page = reverse("admin:reports_source", args=["studio"])

    answer, of_today = browser.get(page), browser.get(page, {"days": "today"})

    strip = {name: cell.words for name, cell in answer.context["strip"]}
    assert (strip["Items"], [cell.words for cell in answer.context["today"]]) == ("5", ["5", "2"])
    deliveries = browser.get(answer.context["today"][0].address).context["cl"].result_list
    assert [each.received_at for each in deliveries] == [NOW - timedelta(hours=1)]
    assert of_today.context["today"] == []


def test_who_may_not_fix_sees_the_items_that_wait(client: Client) -> None:
    client.force_login(with_role("Viewer"))
    item = QuarantinedItemFactory.create(received_at=NOW - timedelta(days=2))

    (refusal,) = client.get(reverse("admin:reports_source", args=[item.source.code])).context["refusals"]

    assert refusal["fix"] == ""
    assert [row.pk for row in client.get(refusal["these"]).context["cl"].result_list] == [item.pk]


def test_an_unknown_source_is_not_found(browser: Client) -> None:
    assert browser.get(reverse("admin:reports_source", args=["nowhere"])).status_code == 404


def test_more_sources_and_customers_take_no_more_statements(browser: Client) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(RANKING, {"days": AUTUMN})
        return len(captured)

    a_company(1)
    statements()
    before = statements()
    for _ in range(4):
        DeliveryFactory.create(received_at=NOW)

    assert statements() == before
