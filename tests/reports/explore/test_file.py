"""The file of the explorer: the page's question with every row, and what was asked for which days in whose time zones."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from pyarrow import parquet

from billing_engine.core.tables.formats import FORMATS
from leads.models import Customer
from pricing.domain.rate.rate import rate
from reports.domain.exports.ask import ask, download
from reports.domain.exports.write import EXPORTS
from reports.domain.question.question import Question
from reports.models import Export
from reports.queries.explore.answer import answer_of
from reports.queries.explore.asked.scope import scope_of
from reports.queries.explore.every_row import count_of, every_row_of
from reports.queries.explore.file import table_of
from reports.queries.explore.parts import parts_of
from tests.factories.people import UserFactory, with_role
from tests.invoices.made import a_price, an_open_period, billed, received
from tests.reports.random_company import RATED_AT, a_random_company

pytestmark = pytest.mark.django_db

ALL_OF_IT = "days=2026-08-01..2026-11-30"


def asked(address: str) -> Question:
    return Question.read({name: [value] for name, value in (part.split("=") for part in address.split("&"))})


def file_address(address: str, form: str = "csv") -> str:
    return f"{reverse('admin:reports_explorer_file', args=[form])}?{address}"


def rows_of(content: bytes) -> tuple[list[dict[str, str]], list[str]]:
    """The rows of a CSV file, and the cells of its last line."""
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:-1]], lines[-1]


def test_the_file_has_every_row_also_where_the_page_leaves_some_out(
    finance: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_random_company(1)
    address = f"show=amount,actions&group=customer,product&columns=month&{ALL_OF_IT}"
    whole = answer_of(asked(address), at=RATED_AT)
    monkeypatch.setattr("reports.queries.explore.answer.MOST_ROWS", 20)

    page = finance.get(f"{reverse('admin:reports_explorer')}?{address}")
    files = {each.title: each.address for each in page.context["files"]}
    rows, last = rows_of(finance.get(files["CSV"]).getvalue())

    assert page.context["answer"].left_out == ("product",)
    assert last[0] == f"Rows: {len(rows)} of {len(rows)}"
    for currency, group in whole.by_currency.items():
        amounts = [Decimal(row["Amount"]) for row in rows if row["Currency"] == currency]
        assert sum(amounts) == group.total.sums["amount"]
    assert len(rows) == sum(
        len(product.by_column)
        for group in whole.by_currency.values()
        for customer in group.inside.values()
        for product in customer.inside.values()
    )


@pytest.mark.parametrize(
    "address",
    [
        f"show=amount&group=customer,product,source&columns=day&{ALL_OF_IT}",
        f"show=leads,actions&group=source&columns=week&{ALL_OF_IT}",
        f"show=actions&group=outcome,channel&{ALL_OF_IT}",
        f"show=leads,amount&group=category&{ALL_OF_IT}",
        f"show=amount&group=&{ALL_OF_IT}",
        "show=amount&group=rule&days=2020-01-01",
    ],
)
def test_its_rows_are_counted_without_reading_them(address: str) -> None:
    a_random_company(2)
    scope = scope_of(asked(address), at=RATED_AT)

    assert count_of(scope) == len(list(every_row_of(scope).rows))


def test_every_format_has_the_same_rows_with_their_types(finance: Client) -> None:
    a_random_company(3)
    question = asked(f"show=leads,amount,average,charged_share&group=source,product&columns=month&{ALL_OF_IT}")
    expected = list(table_of(question, at=RATED_AT).rows)

    content = finance.get(file_address(str(question), "parquet")).getvalue()

    found = parquet.read_table(io.BytesIO(content))
    assert [tuple(row.values()) for row in found.to_pylist()] == expected
    assert len(expected) > 20
    types = {field.name: str(field.type) for field in found.schema}
    assert (types["Month from"], types["Amount"], types["Leads"], types["Product ID"]) == (
        *("date32[day]", "decimal128(38, 6)", "int64", "int64"),
    )


def test_it_says_what_was_asked_for_which_days_and_in_whose_time_zones(finance: Client) -> None:
    period = an_open_period(name="Acme", code="ACME", time_zone="America/New_York")
    an_open_period(time_zone="Pacific/Auckland")
    a_price()
    received(period, 3)
    billed(period)

    one = finance.get(file_address("show=amount&group=channel&customer=ACME&days=2026-10-01..2026-10-31"))
    both = finance.get(file_address("show=amount&group=channel&days=2026-10-01..2026-10-31"))

    _, (rows, about) = rows_of(one.getvalue())
    assert rows == "Rows: 1 of 1"
    assert about.startswith(
        "Question: Amount by channel. October 2026. Customer: Acme; "
        "Days: each customer’s own, in its billing time zone: America/New_York; Made at: "
    )
    assert "time zone: America/New_York, Pacific/Auckland;" in rows_of(both.getvalue())[1][1]


def test_an_export_answers_for_the_day_on_which_it_was_asked_for() -> None:
    period = an_open_period(name="Acme", code="ACME", time_zone="America/New_York")
    a_price()
    late = datetime(2026, 10, 20, 23, 59, 59, tzinfo=ZoneInfo("America/New_York"))
    received(period, 3, at=late)
    rate(period, at=late)
    frank = with_role("Finance")

    export = ask("explorer", "show=actions&group=day&days=today", "csv", by=frank, at=late)
    EXPORTS.work(export.pk, attempt=0, at=datetime(2026, 10, 21, 12, tzinfo=UTC))

    rows, (_, about) = rows_of(b"".join(download(Export.objects.get(), by=frank)))
    assert rows == [{"Day": "2026-10-20", "Actions": "1"}]
    assert "Today, October 20, 2026" in about
    assert "Made at: 2026-10-21 12:00:00 UTC" in about


def test_what_is_too_long_for_paper_is_refused_before_a_worker_is_asked(
    finance: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_random_company(4)
    monkeypatch.setitem(FORMATS, "pdf", replace(FORMATS["pdf"], most_rows=3, while_waiting=2))
    address = f"show=amount&group=customer,product&{ALL_OF_IT}"

    answer = finance.get(file_address(address, "pdf"))

    assert (answer.status_code, answer["Location"]) == (302, f"{reverse('admin:reports_explorer')}?{address}")
    [words] = map(str, get_messages(answer.wsgi_request))
    assert words.endswith("Download the CSV, which has no limit.")
    assert not Export.objects.exists()


@pytest.mark.parametrize("address", ["days=1926-01-01..2026-01-01", "group=moon", "customer=ghost", "product=9"])
def test_a_question_that_cannot_be_asked_has_no_file(finance: Client, address: str) -> None:
    answer = finance.get(file_address(address))

    assert (answer.status_code, answer["Location"]) == (302, f"{reverse('admin:reports_explorer')}?{address}")
    assert finance.get(answer["Location"]).status_code == 400


def test_who_may_not_see_charges_gets_no_file_and_who_may_not_see_invoices_no_foot(client: Client) -> None:
    period = an_open_period(code="ACME")
    a_price()
    received(period, 3)
    billed(period)
    person: User = UserFactory.create(is_staff=True)
    client.force_login(person)
    assert client.get(file_address("")).status_code == 403

    for name, feet in (("view_charge", 0), ("view_invoice", 1)):
        person.user_permissions.add(Permission.objects.get(codename=name))
        page = client.get(reverse("admin:reports_explorer"), {"period": "2026-10"})
        assert len(page.context["feet"]) == feet
    assert Customer.objects.count() == 1


def test_its_rows_are_in_the_order_of_their_names() -> None:
    a_price()
    for name in ("beech", "Ash", "Cedar"):
        received(period := an_open_period(name=name), 1)
        billed(period)

    rows = list(table_of(asked("show=actions&group=customer&days=all"), at=RATED_AT).rows)

    assert [row[1] for row in rows] == ["Ash", "beech", "Cedar"]


@pytest.mark.parametrize(
    "address",
    [
        f"show=amount,average,actions&group=customer,product,source&columns=day&{ALL_OF_IT}",
        f"show=amount&group=product,action_type&{ALL_OF_IT}&customer=C1",
        f"show=actions,charged_share&group=product,outcome&{ALL_OF_IT}",
        f"show=actions&group=customer&{ALL_OF_IT}",
        f"show=leads,amount&group=customer&{ALL_OF_IT}",
        f"show=amount&group=source,customer&{ALL_OF_IT}",
        f"show=amount&group=&{ALL_OF_IT}",
    ],
)
def test_a_file_read_in_parts_has_the_same_rows_in_the_same_order(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.queries.explore.parts.FEW", 1)
    monkeypatch.setattr("reports.queries.explore.parts.MANY", 3)
    a_random_company(4)
    address = address.replace("C1", Customer.objects.order_by("pk")[0].code)
    scope = scope_of(asked(address), at=RATED_AT)

    whole = list(every_row_of(scope).rows)

    assert list(every_row_of(scope, soon=True).rows) == whole
    assert len(whole) >= 1
    assert len(list(parts_of(scope))) > 1 or "leads" in address or address.split("group=")[1][:1] in "s&"
