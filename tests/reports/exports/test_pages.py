"""The pages of files: a short one is sent at once, a long one asks first, and each person sees only their own."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from billing_engine.core.models import Deed
from billing_engine.core.tables.formats import FORMATS
from invoices.models import Invoice
from reports.domain.exports.ask import ask
from reports.domain.exports.write import EXPORTS
from reports.models import Export
from tests.factories.people import with_role
from tests.invoices.made import a_price, an_open_period, billed, received
from tests.reports.exports import numbers

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 3, 12, tzinfo=UTC)
LIST = "admin:reports_export_changelist"


@pytest.fixture
def frank(client: Client) -> User:
    frank = with_role("Finance")
    client.force_login(frank)
    return frank


@pytest.fixture
def invoice() -> Invoice:
    period = an_open_period(name="Acme", code="ACME")
    a_price()
    received(period, 1, 2)
    return billed(period)


def file_address(form: str, invoice: Invoice) -> str:
    address = reverse("admin:reports_explorer_file", args=[form])
    return f"{address}?show=amount&group=source&customer={invoice.customer.code}&period={invoice.period.label}"


def page_of(export: Export) -> str:
    return reverse("admin:reports_export_change", args=[export.pk])


def file_of(export: Export) -> str:
    return reverse("admin:reports_export_file", args=[export.pk])


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_a_short_report_is_sent_at_once_in_every_format(
    form: str, client: Client, frank: User, invoice: Invoice
) -> None:
    answer = client.get(file_address(form, invoice))

    assert (answer.status_code, answer["Content-Disposition"], answer["Content-Type"]) == (
        200,
        f'attachment; filename="amount-by-source-{now():%Y-%m-%d}.{form}"',
        FORMATS[form].content_type,
    )
    starts = {"csv": b"\xef\xbb\xbfCurrency,Source code,", "xlsx": b"PK", "parquet": b"PAR1", "pdf": b"%PDF"}
    assert answer.getvalue().startswith(starts[form])
    assert not Export.objects.exists()


@pytest.mark.parametrize(
    ("report", "asked"),
    [
        ("admin:reports_explorer", {"customer": "ACME", "period": "2026-10"}),
        ("admin:reports_unbilled", {"as_of": "2026-10-31"}),
        ("admin:reports_prices", {"customer": "ACME"}),
    ],
)
def test_the_page_of_a_report_links_to_its_files(
    report: str, asked: dict[str, str], client: Client, frank: User, invoice: Invoice
) -> None:
    page = client.get(reverse(report), asked)

    assert [(link.title, client.get(link.address).status_code) for link in page.context["files"]] == [
        ("CSV", 200),
        ("Excel", 200),
        ("Parquet", 200),
        ("PDF", 200),
    ]


@pytest.fixture
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the smallest report took too long."""
    monkeypatch.setitem(FORMATS, "csv", replace(FORMATS["csv"], while_waiting=0))


@pytest.mark.usefixtures("_nobody_waits")
def test_a_long_report_is_asked_for_by_a_button_never_by_a_link(client: Client, frank: User, invoice: Invoice) -> None:
    asked = client.get(file_address("csv", invoice))
    assert "Export about 1 row as CSV?" in asked.content.decode()
    assert (Export.objects.count(), Deed.objects.filter(verb="export_asked").count()) == (0, 0)

    answer = client.post(file_address("csv", invoice))

    export = Export.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page_of(export))
    assert (export.asked_by, export.report, export.format, export.state) == (frank, "explorer", "csv", "waiting")


@pytest.mark.usefixtures("_nobody_waits")
def test_a_refusal_goes_back_to_the_report_with_its_sentence(client: Client, frank: User, invoice: Invoice) -> None:
    for _ in range(3):
        ask("numbers", "rows=3", "csv", by=frank, at=AT)

    answer = client.post(file_address("csv", invoice), follow=True)

    assert "You already have 3 exports in progress." in answer.content.decode()
    assert Export.objects.count() == 3


def test_the_page_shows_how_far_it_is_then_the_file(client: Client, frank: User) -> None:
    export = ask("numbers", "rows=1000000", "csv", by=frank, at=AT)
    assert "Waiting for a worker …" in client.get(page_of(export)).content.decode()

    Export.objects.update(state="running", rows_written=312_000, started_at=AT)
    page = client.get(page_of(export)).content.decode()
    assert "312,000 of 1,000,000 rows" in page
    assert 'value="31"' in page
    assert "You can leave this page." in page
    assert client.get(page_of(export), headers={"HX-Request": "true"}).status_code == 200

    Export.objects.filter(pk=export.pk).update(query="rows=3", state="waiting")
    EXPORTS.work(export.pk, attempt=0, at=AT)
    assert client.get(page_of(export), headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    page = client.get(page_of(export)).content.decode()
    assert "3 of 3 rows" in page
    answer = client.get(file_of(export))
    assert answer["Content-Disposition"] == 'attachment; filename="numbers.csv"'
    assert "no-store" in answer["Cache-Control"]
    content = answer.getvalue()
    assert len(content) == int(answer["Content-Length"])
    assert content.endswith(b"; Days: UTC; Made at: 2026-11-03 12:00:00 UTC\r\n")


def test_another_person_finds_neither_the_export_nor_its_file(client: Client, frank: User) -> None:
    export = ask("numbers", "rows=3", "csv", by=frank, at=AT)
    EXPORTS.work(export.pk, attempt=0, at=AT)
    assert (client.get(file_of(export)).status_code, client.get(page_of(export)).status_code) == (200, 200)

    other = with_role("Finance")
    User.objects.filter(pk=other.pk).update(is_superuser=True)
    client.force_login(other)

    stop = reverse("admin:reports_export_stop_export", args=[export.pk])
    assert [client.get(each).status_code for each in (file_of(export), page_of(export), stop)] == [404] * 3
    assert client.post(stop).status_code == 404
    assert "Numbers" not in client.get(reverse(LIST)).content.decode()


def test_a_file_that_is_not_there_says_why(client: Client, frank: User) -> None:
    export = ask("numbers", "rows=3", "csv", by=frank, at=AT)
    assert client.get(file_of(export)).status_code == 404

    EXPORTS.work(export.pk, attempt=0, at=AT)
    EXPORTS.tidy(at=AT + timedelta(days=8))

    assert client.get(file_of(export)).status_code == 404
    assert "was deleted. Export the report again." in client.get(page_of(export)).content.decode()
    assert "Expired" in client.get(reverse(LIST)).content.decode()


def test_a_person_who_lost_the_rights_gets_no_file(client: Client, frank: User) -> None:
    export = ask("numbers", "rows=3", "csv", by=frank, at=AT)
    EXPORTS.work(export.pk, attempt=0, at=AT)
    frank.groups.clear()

    assert client.get(file_of(export)).status_code == 403
    assert numbers.COLUMNS[0].name == "Name"
