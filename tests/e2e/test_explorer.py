"""Finance asks a question in a real browser, opens the rows behind a figure, saves, shares, schedules and exports it."""

from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from billing_engine.core.tables.formats import FORMATS
from reports.domain.exports.write import EXPORTS
from reports.models import Export, ReportMailing, SavedReport
from reports.tasks import MAILINGS
from tests.e2e.conftest import log_in
from tests.factories.leads import SourceFactory
from tests.invoices.conftest import post_office
from tests.invoices.made import a_price, an_open_period, billed, received
from tests.invoices.post import PostOffice

__all__ = ["post_office"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def _activity(people: dict[str, User]) -> None:
    """$7.50 of webinars and $10.00 of the web in October; finance has an email address."""
    period = an_open_period(name="Acme", code="ACME")
    a_price("2.50")
    received(period, 1, 2, source=SourceFactory.create(name="Webinars"))
    received(period, 4, source=SourceFactory.create(name="Web"))
    billed(period)
    User.objects.filter(username="finance").update(email="frank@swatchyard.example")


@pytest.mark.usefixtures("_activity")
def test_a_question_is_built_explained_saved_shared_mailed_and_exported(
    page: Page, post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(page, "finance")
    _build(page)
    _open_the_rows_behind_a_figure(page)
    _save_and_share(page)
    _schedule_and_send(page, post_office)
    _export(page, monkeypatch)

    log_in(page, "operations")
    page.goto(reverse("admin:reports_open", args=[SavedReport.objects.get().pk]))
    expect(page.get_by_role("heading", name="Amount by source")).to_be_visible()


def _build(page: Page) -> None:
    page.goto(reverse("admin:reports_explorer"))
    page.locator("summary", has_text="Show").click()
    for figure in ("Actions", "Average price"):
        page.locator("fieldset label", has_text=figure).first.locator("input").uncheck()
    page.keyboard.press("Escape")
    page.locator("select[name=group]").first.select_option("source")
    page.locator("summary", has_text="Filters").click()
    page.locator("[name=period]").fill("2026-10")
    page.locator("[name=days]").select_option("all")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="Amount by source")).to_be_visible()
    expect(page.get_by_role("row", name="Total, USD")).to_contain_text("$17.50")
    expect(page.locator(".explorer-feet")).to_contain_text("Agrees to the cent.")


def _open_the_rows_behind_a_figure(page: Page) -> None:
    page.get_by_role("row", name="Webinars").get_by_role("link", name="$7.50").click()
    expect(page.get_by_role("heading", name="Actions behind the figure")).to_be_visible()
    expect(page.get_by_role("row", name="Webinars")).to_have_count(2)
    page.go_back()


def _save_and_share(page: Page) -> None:
    page.get_by_role("link", name="Save", exact=True).click()
    page.locator("[name=name]").fill("October by source")
    page.get_by_role("button", name="Save").click()
    page.locator("header").get_by_role("link", name="October by source").click()
    _press(page, "group Share", "Share")
    expect(page.get_by_text("Shared. Link:")).to_be_visible()


def _schedule_and_send(page: Page, post_office: PostOffice) -> None:
    _press(page, "schedule_send Schedule", "Schedule")
    page.get_by_role("link", name="Every day at").click()
    _press(page, "send Send now", "Send")
    expect(page.get_by_text("The email is on its way.")).to_be_visible()
    mailing = ReportMailing.objects.get()
    MAILINGS.work(mailing.pk, attempt=mailing.attempts, at=now())

    [message] = post_office.arrived
    assert (message["To"], message["Subject"]) == ("frank@swatchyard.example", "October by source: All days")
    text = message.get_body(("plain",))
    assert text is not None
    assert "$17.50" in text.get_content()
    files = [part.get_filename() for part in message.iter_attachments()]
    assert files == ["chart.png", f"october-by-source-{mailing.due_at:%Y-%m-%d}.xlsx"]
    page.reload()
    expect(page.get_by_role("row", name="frank@swatchyard.example")).to_contain_text("Sent")


def _export(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    page.goto(reverse("admin:reports_open", args=[SavedReport.objects.get().pk]))
    page.locator(".report-downloads summary").click()
    with page.expect_download() as short:
        page.get_by_role("link", name="CSV", exact=True).click()
    lines = short.value.path().read_text("utf-8-sig").splitlines()
    assert lines[0] == "Currency,Source code,Source,Amount"
    assert [line.split(",")[2:] for line in lines[1:3]] == [["Web", "10.000000"], ["Webinars", "7.500000"]]
    assert lines[3].startswith("Rows: 2 of 2,")

    monkeypatch.setitem(FORMATS, "xlsx", replace(FORMATS["xlsx"], while_waiting=0))
    page.locator(".report-downloads summary").click()
    page.get_by_role("link", name="Excel").click()
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    EXPORTS.work(Export.objects.get().pk, attempt=0, at=now())
    with page.expect_download() as long:
        page.get_by_role("link", name="Download amount-by-source").click()
    assert long.value.path().read_bytes().startswith(b"PK")


def _press(page: Page, name: str, submit: str) -> None:
    """A button of the page, and the one of its window."""
    page.get_by_role("link", name=name, exact=True).click()
    page.locator("#modal-content #dialog form").get_by_role("button", name=submit, exact=True).click()
