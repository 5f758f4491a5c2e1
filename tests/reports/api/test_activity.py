"""The activity report over HTTP: the page's answer as data, every refusal, and the examples in `docs/reports-api.md`."""

import csv
import json
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.test import Client

from billing_engine.core.api.filters import BadFilter
from leads.domain.credentials.api_keys import create_key
from leads.models import Channel, Customer
from pricing.domain.rate.rate import rate_together
from reports.api.activity_example import VALUE
from reports.domain.question.dimensions import OUTCOMES
from reports.domain.question.faults import BadQuestion
from reports.domain.question.question import Question
from reports.queries.explore.answer import Group, answer_of
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    BillingPeriodFactory,
    CustomerFactory,
    LeadFactory,
    ProductFactory,
    SourceFactory,
)
from tests.factories.people import UserFactory
from tests.factories.pricing import PriceRuleFactory
from tests.house.tree import ROOT, codes, table
from tests.reports.explore.test_answer import summed
from tests.reports.random_company import FIRST, MONTHS, RATED_AT, a_random_company

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/reports/activity"
PAGE = (ROOT / "docs" / "reports-api.md").read_text(encoding="utf-8")
QUESTIONS = (
    "show=amount,actions,average,quantity&group=customer,product&days=2026-09-01..2026-11-30",
    "show=actions,charged_share&group=source,outcome&columns=month&days=all",
    "show=amount&group=rule,week&days=this_quarter&sort=name&outcome=charged&outcome=included",
    "show=leads,amount,per_lead&group=channel&columns=week&days=2026-10-01..2026-10-31",
    "show=amount&group=&days=today",
    "show=full_amount&group=category,action_type,day&days=last_month&customer=c0&channel=webinar",
)


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(RATED_AT, tick=False):
        yield


def read(browser: Client, query: str, status: int = 200) -> Any:
    answer = browser.get(f"{ADDRESS}?{query}")
    assert answer.status_code == status, answer.content
    return answer.json()


def file(browser: Client, query: str, **headers: str) -> list[list[str]]:
    answer: Any = browser.get(f"{ADDRESS}?{query}", headers=headers)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.reader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()))


def asked(query: str) -> Question:
    parts = [part.split("=") for part in query.split("&")]
    return Question.read({name: [value for each, value in parts if each == name] for name, _ in parts})


Found = dict[tuple[str, ...], tuple[dict[str, Any], dict[str, dict[str, Any]]]]


def of_page(query: str) -> dict[str, Found]:
    """Figures in all and by column, of every group at every depth, by currency and the values of its keys."""
    answer = answer_of(asked(query), at=RATED_AT)

    def figures(sums: Any) -> dict[str, Any]:
        return {measure.code: sums.value(measure) for measure in answer.question.measures}

    def walk(path: tuple[str, ...], group: Group) -> Found:
        by_column = {str(key): figures(sums) for key, sums in group.by_column.items()}
        found = {path: (figures(group.total), by_column)}
        for each in group.inside.values():
            found |= walk((*path, str(each.key) if isinstance(each.key, date) else each.name.value), each)
        return found

    return {currency: walk((), group) for currency, group in answer.by_currency.items()}


def of_api(answer: Any) -> dict[str, Found]:
    def figures(shown: dict[str, Any]) -> dict[str, Any]:
        assert all(
            value is None or isinstance(value, int) or re.fullmatch(r"-?\d+\.\d{6}", value) for value in shown.values()
        )
        return {code: None if value is None else Decimal(value) for code, value in shown.items()}

    return {
        part["currency"] or "": {
            tuple(key["value"] for key in row["keys"]): (
                figures(row["figures"]),
                {cell["column"]: figures(cell["figures"]) for cell in row["cells"]},
            )
            for row in (part["total"], *part["subtotals"], *part["rows"])
        }
        for part in answer["currencies"]
    }


@pytest.mark.parametrize("query", QUESTIONS)
def test_it_has_the_figures_of_the_page_in_the_same_order(finance: Client, query: str) -> None:
    a_random_company(1)

    answer = read(finance, query)

    page = of_page(query)
    assert of_api(answer) == page
    depth = len(asked(query).group)
    assert [
        [[key["value"] for key in row["keys"]] for row in part["rows"]] for part in answer["currencies"] if depth
    ] == [[list(path) for path in groups if len(path) == depth] for groups in page.values() if depth]
    assert answer["question"]["query"] == query
    assert answer["rows"] == answer_of(asked(query), at=RATED_AT).rows


def test_a_file_has_the_sums_of_the_charges_row_by_row(finance: Client) -> None:
    a_random_company(2)
    header, *rows = file(
        finance,
        "show=amount,actions,charged,excluded,unrated,quantity&group=customer,outcome&columns=day&days=2026-08-01..2026-11-30",
        Accept="text/csv",
    )

    assert header == [
        *("Currency", "Customer code", "Customer", "Outcome code", "Outcome", "Day"),
        *("Amount", "Actions", "Charged", "Excluded", "Unrated", "Quantity"),
    ]
    codes_of = dict(Customer.objects.values_list("pk", "code"))
    expected = {
        (currency, codes_of[customer], outcome, str(day)): figures
        for (currency, customer, outcome, day), figures in summed(["customer", "outcome", "day"]).items()
    }
    assert len(rows) == len(expected)
    assert all(row[4] == OUTCOMES[row[3]] for row in rows)
    assert {(row[0], row[1], row[3], row[5]): tuple(map(Decimal, row[6:])) for row in rows} == expected


@pytest.mark.parametrize("query", QUESTIONS)
def test_a_file_has_the_innermost_groups_of_the_answer(finance: Client, query: str) -> None:
    a_random_company(3)
    question = asked(query)

    rows = file(finance, f"{query}&format=csv")[1:]

    figures = list[tuple[Decimal | None, ...]]()
    for groups in of_page(query).values():
        for path, (total, by_column) in groups.items():
            if len(path) == len(question.group) and total.get("actions", 1) is not None:
                figures += [tuple(each.values()) for each in (by_column.values() if question.columns else [total])]
    shown = len(question.show)
    found = [tuple(Decimal(cell) if cell else None for cell in row[-shown:]) for row in rows]
    assert sorted(map(str, found)) == sorted(map(str, figures))


def test_a_file_has_the_rows_that_an_answer_leaves_out(finance: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    a_random_company(4)
    query = "show=amount&group=customer,product&days=all"
    monkeypatch.setattr("reports.queries.explore.answer.MOST_ROWS", 5)

    answer = read(finance, query)

    assert (answer["left_out"], answer["rows"], answer["question"]["group"]) == (["product"], 4, ["customer"])
    assert len(file(finance, f"{query}&format=csv")) == 1 + 12


def test_it_says_which_days_are_today_in_each_time_zone(finance: Client) -> None:
    a_random_company(5)

    days = read(finance, "days=today")["question"]["days"]

    assert days == {
        "asked": "today",
        "first_day": "2026-11-20",
        "last_day": "2026-11-21",
        "by_time_zone": [
            {"time_zone": zone, "first_day": day, "last_day": day}
            for zone, day in (
                ("America/New_York", "2026-11-20"),
                ("Asia/Tokyo", "2026-11-20"),
                ("Europe/Berlin", "2026-11-20"),
                ("Pacific/Auckland", "2026-11-21"),
            )
        ],
        "rule": "A day is the date on which an action occurred, or a lead was received, in its customer's time zone.",
    }


@pytest.mark.parametrize(
    ("query", "part", "detail"),
    [
        ("show=profit", "show", "“profit” can't be used for show."),
        ("group=moon", "group", "“moon” can't be used for group."),
        ("group=customer,product,source,rule", "group", "Group by at most 3 things."),
        ("group=month&columns=month", "group", "Group by each thing once."),
        ("columns=hour", "columns", "“hour” can't be used for columns."),
        ("columns=day&days=2026-08-01..2026-11-30", "columns", "At most 62 columns fit."),
        ("days=2026-02-30", "days", "Write days as 2026-07-01..2026-09-30"),
        ("days=2026-09-30..2026-07-01", "days", "The last day must not be before the first."),
        ("days=1926-01-01..2026-01-01", "days", "Choose days from 2000 to 2199."),
        ("days=2000-01-01..2100-01-01", "days", "Choose at most 10 years."),
        ("sort=-moon", "sort", "“moon” can't be used for sort."),
        ("show=leads&group=outcome", "show", "Leads can't be shown by outcome"),
        ("customer=MISSING", "customer", "There is no customer “MISSING”."),
        ("product=x", "product", "There is no product “x”."),
        ("product=99999999999999999999", "product", "There is no product “99999999999999999999”."),
        ("outcome=lost", "outcome", "There is no outcome “lost”."),
        ("category=%00", "category", "One of the categories does not exist."),
        ("&".join(f"customer={n}" for n in range(201)), "customer", "Choose at most 200 customers."),
        ("channels=webinar", "channels", "“channels” can't be part of a question."),
    ],
)
@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_bad_question_is_a_problem_that_names_its_part(
    finance: Client, query: str, part: str, detail: str, form: str
) -> None:
    a_random_company(6, leads=20)
    if form == "csv" and part == "columns" and "days" in query:
        return  # a file may have any number of columns, because they are rows there

    problem = read(finance, f"{query}&format={form}", 400)

    assert (problem["code"], problem["part"]) == ("bad_question", part)
    assert problem["detail"].startswith(detail), problem["detail"]


def test_a_format_that_is_not_offered_is_refused(finance: Client) -> None:
    assert read(finance, "format=xml", 400)["detail"] == "format must be one of json, csv."
    assert finance.get(ADDRESS, headers={"Accept": "text/xml"}).status_code == 406


def source_with_a_key() -> Client:
    return Client(headers={"Authorization": f"Bearer {create_key(SourceFactory.create())[1]}"})


@pytest.mark.parametrize("form", ["json", "csv"])
def test_only_staff_who_can_see_charges_are_answered(client: Client, form: str) -> None:
    nobody, allowed = UserFactory.create(), UserFactory.create()
    allowed.user_permissions.add(Permission.objects.get(codename="view_charge"))
    outsider = UserFactory.create(is_staff=False)
    outsider.user_permissions.add(Permission.objects.get(codename="view_charge"))
    query = f"format={form}"

    assert read(Client(), query, 401)["code"] == "not_authenticated"
    assert read(source_with_a_key(), query, 403)["code"] == "permission_denied"
    for user, status in ((nobody, 403), (outsider, 403), (allowed, 200)):
        client.force_login(user)
        assert client.get(f"{ADDRESS}?{query}").status_code == status


def the_printed_company() -> None:
    customer = CustomerFactory.create(code="ACME", name="Acme Flooring")
    kind = ActionTypeFactory.create(code="sample_order")
    PriceRuleFactory.create(unit_price=Decimal("0.335"), action_type=kind)
    period = BillingPeriodFactory.create(customer=customer, month=MONTHS[1])
    lead = LeadFactory.create(
        product=ProductFactory.create(customer=customer, sku="OAK-1"),
        source=SourceFactory.create(code="web", name="Webinars", channel=Channel.WEBINAR),
        received_at=FIRST,
    )
    for _ in range(4):
        ActionFactory.create(lead=lead, action_type=kind, period=period, occurred_at=period.start_at)
    rate_together([period], at=RATED_AT)


def test_every_request_on_the_page_is_answered_as_printed(finance: Client) -> None:
    the_printed_company()
    data, table_ = re.findall(r"https://billing\.example/api/v1/reports/activity\?([^']*)'", PAGE)
    [printed] = re.findall(r"^```json answer\n([\s\S]*?)^```$", PAGE, re.MULTILINE)
    [lines] = re.findall(r"^```csv answer\n([\s\S]*?)^```$", PAGE, re.MULTILINE)

    assert read(finance, data) == json.loads(printed) == VALUE
    assert file(finance, table_) == list(csv.reader(lines.splitlines()))


def test_the_refusals_on_the_page_are_those_of_the_program(finance: Client) -> None:
    rows = table(PAGE, "status", "code", "what to do")

    assert {codes(row[1])[0]: int(row[0]) for row in rows} == {
        BadQuestion.code: BadQuestion.http_status,
        BadFilter.code: BadFilter.http_status,
        read(Client(), "", 401)["code"]: 401,
        read(source_with_a_key(), "", 403)["code"]: 403,
    }
