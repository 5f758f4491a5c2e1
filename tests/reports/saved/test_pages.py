"""The pages and dialogs of saved reports and schedules: what people see, and what they may do."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from reports.domain.saved.saved_report import share
from reports.models import ReportMailing, ReportSchedule, SavedReport
from tests.factories.people import UserFactory
from tests.factories.reports import ReportScheduleFactory, SavedReportFactory
from tests.reports.random_company import a_random_company
from tests.reports.saved.made import FIRST_DUE, NOV_20, scheduled, swept

pytestmark = pytest.mark.django_db

QUESTION = "show=amount&group=customer&days=last_quarter&channel=webinar"


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def finance(frank: User) -> Client:
    return browser_of(frank)


@pytest.fixture
def operations(olga: User) -> Client:
    return browser_of(olga)


def page_of(row: SavedReport | ReportSchedule, name: str = "change") -> str:
    return reverse(f"admin:reports_{row._meta.model_name}_{name}", args=[row.pk])


def test_a_question_is_saved_from_the_explorer_and_opened_again(finance: Client, frank: User) -> None:
    address = f"{reverse('admin:reports_save')}?{QUESTION}"
    dialog = finance.get(address).content.decode()
    assert "Save this report" in dialog
    assert "Amount by customer" in dialog
    answer = finance.post(address, {"name": "Webinars", "is_shared": "on"})

    report = SavedReport.objects.get()
    assert (report.name, report.question, report.owner, report.is_shared) == ("Webinars", QUESTION, frank, True)
    opened = f"{reverse('admin:reports_explorer')}?{QUESTION}&saved={report.pk}"
    assert (answer.status_code, answer["Location"]) == (302, opened)
    assert finance.get(reverse("admin:reports_open", args=[report.pk]))["Location"] == opened
    assert finance.get(opened).status_code == 200


def test_one_s_own_open_report_is_replaced_or_saved_as_a_new_one(finance: Client, frank: User) -> None:
    report = SavedReportFactory.create(owner=frank, name="Webinars")
    address = f"{reverse('admin:reports_save')}?{QUESTION}&saved={report.pk}"
    assert "Replace Webinars" in finance.get(address).content.decode()
    finance.post(address, {"how": "over", "name": "Webinars by customer"})
    finance.post(address, {"how": "new", "name": "Copy"})

    stored = SavedReport.objects.order_by("pk").values_list("name", "question")
    assert list(stored) == [("Webinars by customer", QUESTION), ("Copy", QUESTION)]


def test_someone_else_s_open_report_is_only_copied(operations: Client, frank: User, olga: User) -> None:
    report = SavedReportFactory.create(owner=frank, name="Webinars", is_shared=True)
    address = f"{reverse('admin:reports_save')}?{QUESTION}&saved={report.pk}"
    assert "Replace" not in operations.get(address).content.decode()
    operations.post(address, {"how": "over", "name": "Mine"})

    assert list(SavedReport.objects.order_by("pk").values_list("name", "owner")) == [
        ("Webinars", frank.pk),
        ("Mine", olga.pk),
    ]


def test_what_can_t_be_saved_is_said_in_the_dialog(finance: Client, frank: User) -> None:
    SavedReportFactory.create(owner=frank, name="Webinars")
    twice = finance.post(f"{reverse('admin:reports_save')}?{QUESTION}", {"name": "webinars"})
    odd = finance.get(f"{reverse('admin:reports_save')}?show=clicks")

    assert "You already have a report with this name." in twice.content.decode()
    assert "“clicks” can&#x27;t be used for show." in odd.content.decode()
    assert SavedReport.objects.count() == 1


def test_a_link_works_for_those_it_is_shared_with(finance: Client, operations: Client, frank: User) -> None:
    report = SavedReportFactory.create(owner=frank)
    link = reverse("admin:reports_open", args=[report.pk])
    assert operations.get(link).status_code == 403
    share(report, by=frank, at=NOV_20)

    assert operations.get(link).status_code == 302
    assert browser_of(UserFactory.create()).get(link).status_code == 403
    assert finance.get(reverse("admin:reports_open", args=[987_654])).status_code == 404


def test_the_list_has_one_s_own_and_the_shared_reports(finance: Client, operations: Client, frank: User) -> None:
    SavedReportFactory.create(owner=frank, name="Private matters")
    SavedReportFactory.create(owner=frank, name="Shared figures", is_shared=True)
    address = reverse("admin:reports_savedreport_changelist")

    both, shared = (client.get(address).content.decode() for client in (finance, operations))
    assert ("Private matters" in both, "Shared figures" in both) == (True, True)
    assert ("Private matters" in shared, "Shared figures" in shared) == (False, True)


def test_a_report_whose_question_is_no_longer_known_says_so_everywhere(finance: Client, frank: User) -> None:
    report = SavedReportFactory.create(owner=frank, question="show=clicks")
    words = "“clicks” can&#x27;t be used for show"

    listed = finance.get(reverse("admin:reports_savedreport_changelist")).content.decode()
    assert "Can no longer be shown" in listed
    assert words in finance.get(page_of(report)).content.decode()
    opened = finance.get(reverse("admin:reports_open", args=[report.pk]), follow=True)
    assert (opened.status_code, words in opened.content.decode()) == (400, True)


def test_a_report_is_scheduled_changed_and_sent_in_dialogs(finance: Client, frank: User, olga: User) -> None:
    report = SavedReportFactory.create(owner=frank)
    answers = {"when": "weekly 1", "month_day": 1, "hour": 8, "time_zone": "America/New_York", "file_format": "xlsx"}
    assert "Send to" in finance.get(page_of(report, "schedule")).content.decode()
    finance.post(page_of(report, "schedule"), answers)

    row = ReportSchedule.objects.get()
    assert (row.cadence, row.weekday, row.month_day, list(row.recipients.all())) == ("weekly", 1, None, [frank])
    assert row.site == "http://testserver"
    answers |= {"when": "quarterly", "month_day": 31, "recipients": [frank.pk, olga.pk]}
    finance.post(page_of(row, "edit"), answers)
    row = ReportSchedule.objects.get()
    assert (row.cadence, row.weekday, row.month_day, row.recipients.count()) == ("quarterly", None, 31, 2)
    shown = finance.get(page_of(row)).content.decode()
    assert "Every quarter on the last day of its first month at 8 AM (America/New_York)" in shown
    finance.post(page_of(row, "run_now"))
    assert ReportMailing.objects.get().requested_by == frank


def test_the_page_of_a_schedule_lists_its_emails_and_who_got_nothing(
    finance: Client, frank: User, olga: User, post_office: object
) -> None:
    row = scheduled(frank, [frank, olga])
    olga.groups.clear()
    swept(FIRST_DUE)

    shown = finance.get(page_of(row)).content.decode()
    assert "Olga: may not see the explorer" in shown
    assert frank.email in shown


def test_buttons_are_the_owner_s(finance: Client, operations: Client, frank: User) -> None:
    report = SavedReportFactory.create(owner=frank, is_shared=True)
    own, others = (client.get(page_of(report)).content.decode() for client in (finance, operations))

    for name in ("rename", "stop_sharing", "delete_report"):
        assert (page_of(report, name) in own, page_of(report, name) in others) == (True, False)
    for name in ("open", "schedule"):
        assert (page_of(report, name) in own, page_of(report, name) in others) == (True, True)
    assert operations.post(page_of(report, "delete_report")).status_code == 200
    assert SavedReport.objects.count() == 1


def test_a_schedule_of_someone_else_is_not_seen(operations: Client, frank: User) -> None:
    row = ReportScheduleFactory.create(report__owner=frank)

    assert operations.get(page_of(row)).status_code == 302
    assert operations.get(page_of(row, "run_now")).status_code == 404
    assert row.report.name not in operations.get(reverse("admin:reports_reportschedule_changelist")).content.decode()


def shown_links(client: Client, address: str) -> list[str]:
    """The addresses on the explorer's page."""
    return [unescape(found) for found in re.findall(r'href="([^"]+)"', client.get(address).content.decode())]


def test_an_open_report_stays_open_while_its_question_changes(finance: Client, operations: Client, frank: User) -> None:
    report = SavedReportFactory.create(owner=frank, name="Webinars")
    opened = f"{reverse('admin:reports_explorer')}?{QUESTION}&saved={report.pk}"
    shown = finance.get(opened).content.decode()
    assert f'<input type="hidden" name="saved" value="{report.pk}">' in shown
    links = shown_links(finance, opened)
    assert f"{reverse('admin:reports_save')}?{QUESTION}&saved={report.pk}" in links
    assert page_of(report) in links
    without_webinars = f"?show=amount&group=customer&days=last_quarter&saved={report.pk}"
    assert without_webinars in links
    sent = finance.get(reverse("admin:reports_explorer"), {"form": "1", "show": "actions", "saved": str(report.pk)})
    assert sent["Location"].endswith(f"&saved={report.pk}")

    others = shown_links(operations, opened)
    assert f"{reverse('admin:reports_save')}?{QUESTION}" in others
    assert page_of(report) not in others


def test_what_is_saved_is_what_was_asked_also_where_the_page_shows_less(
    finance: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_random_company(13)
    monkeypatch.setattr("reports.queries.explore.answer.MOST_ROWS", 5)
    asked = "show=amount&group=customer,product&days=2026-08-01..2026-11-30"
    links = shown_links(finance, f"{reverse('admin:reports_explorer')}?{asked}")

    assert f"{reverse('admin:reports_save')}?{asked}" in links
    assert f"{reverse('admin:reports_explorer_file', args=['xlsx'])}?{asked}" in links
