"""A scheduled report arrives once at a real mail server, with the figures, the chart and the file of its page."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from email.message import EmailMessage

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import Group, User

from billing_engine.core.models import Deed
from reports.domain.saved.saved_report import read, save_over, share, stop_sharing
from reports.domain.saved.schedules import run_now, schedule
from reports.models import ReportMailing, ReportSchedule, SavedReport
from reports.queries.explore.answer import answer_of
from reports.queries.explore.shown.table import table_of
from reports.tasks import MAILINGS
from tests.factories.people import UserFactory
from tests.invoices.post import PostOffice
from tests.reports.random_company import a_random_company
from tests.reports.saved.made import FIRST_DUE, NOV_20, QUESTION, SECOND_DUE, SITE, a_plan, scheduled, swept

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n"


def part(message: EmailMessage, kind: str) -> EmailMessage:
    """The one part of this kind."""
    [found] = [each for each in message.walk() if each.get_content_type() == kind]
    assert isinstance(found, EmailMessage)
    return found


def file_rows(message: EmailMessage) -> list[dict[str, str]]:
    text = part(message, "text/csv").get_payload(decode=True)
    assert isinstance(text, bytes)
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))
    assert f"Rows: {len(rows) - 1} of {len(rows) - 1}" in next(iter(rows[-1].values()))  # its last line
    return rows[:-1]


def subjects(office: PostOffice) -> list[str]:
    """Long ones are folded before their first word."""
    return [message["Subject"].strip() for message in office.arrived]


def states() -> list[str]:
    return list(ReportMailing.objects.order_by("due_at", "pk").values_list("state", flat=True))


def verbs() -> list[str]:
    return list(Deed.objects.filter(verb__startswith="report_").order_by("pk").values_list("verb", flat=True))


def test_the_email_the_page_and_the_file_have_the_same_figures(frank: User, post_office: PostOffice) -> None:
    a_random_company(7)
    scheduled(frank, question=f"{QUESTION}&channel=webinar", name="Webinars")
    [mailing] = swept(FIRST_DUE)

    assert (mailing.state, mailing.due_at, mailing.rows) == ("sent", FIRST_DUE, mailing.rows)
    [message] = post_office.arrived
    page = table_of(answer_of(read(f"{QUESTION}&channel=webinar"), at=FIRST_DUE))
    text, html = (part(message, kind).get_content() for kind in ("text/plain", "text/html"))
    assert page.parts
    for shown in page.parts:
        for row in (*shown.rows, shown.total):
            assert [row.name in text, row.name in html] == [True, True]
            assert [cell.words for cell in row.cells if cell.words not in text or cell.words not in html] == []
    rows = file_rows(message)
    for shown in page.parts:
        whole = answer_of(read(f"{QUESTION}&channel=webinar"), at=FIRST_DUE).by_currency[shown.currency]
        own = [row for row in rows if row["Currency"] == shown.currency]
        assert sum(Decimal(row["Amount"]) for row in own) == whole.total.sums["amount"]
        assert len(own) == len(whole.inside)
    assert mailing.rows == len(rows)
    assert f"Attached: webinars-2026-11-20.csv, rows: {len(rows)} of {len(rows)}" in text
    assert subjects(post_office) == ["Webinars: August 1, 2026 – November 30, 2026"]
    assert "Channel: Webinar" in text
    assert f"{SITE}/admin/reports/explorer/?{QUESTION}&channel=webinar" in text
    assert "Days are each customer’s own" in text
    picture = part(message, "image/png").get_payload(decode=True)
    assert isinstance(picture, bytes)
    assert picture.startswith(PNG)
    assert 'src="cid:chart"' in html
    assert part(message, "image/png")["Content-ID"] == "<chart>"
    assert (post_office.recipients, verbs()[-1]) == ([[frank.email]], "report_sent")


@pytest.mark.parametrize(
    ("form", "kind", "start"),
    [
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
        ("pdf", "application/pdf", b"%PDF"),
    ],
)
def test_the_file_has_the_format_of_the_schedule(
    frank: User, post_office: PostOffice, form: str, kind: str, start: bytes
) -> None:
    a_random_company(8)
    scheduled(frank, file_format=form)
    swept(FIRST_DUE)

    content = part(post_office.arrived[0], kind).get_payload(decode=True)
    assert isinstance(content, bytes)
    assert content.startswith(start)


def test_a_named_range_is_that_of_the_time_it_was_due_however_late_it_is_sent(
    frank: User, post_office: PostOffice
) -> None:
    a_random_company(9)
    scheduled(frank, question="show=amount&group=month&days=last_month")
    swept(FIRST_DUE + timedelta(days=12, hours=-2))

    assert subjects(post_office) == ["Revenue: Last month, October 2026"]
    assert {row["Month from"] for row in file_rows(post_office.arrived[0])} == {"2026-10-01"}


def test_each_due_time_is_mailed_once_also_those_missed_during_an_outage(frank: User, post_office: PostOffice) -> None:
    scheduled(frank)
    for _ in range(5):
        swept(SECOND_DUE + timedelta(days=1))

    due = list(ReportMailing.objects.order_by("due_at").values_list("due_at", "state"))
    assert due == [(FIRST_DUE + timedelta(days=day), "sent") for day in range(3)]
    assert len(post_office.arrived) == 3
    stored = ReportSchedule.objects.get()
    assert (stored.last_run_at, stored.next_run_at) == (due[-1][0], FIRST_DUE + timedelta(days=3))


def test_a_report_about_no_one_yet_says_so(frank: User, post_office: PostOffice) -> None:
    scheduled(frank)
    swept(FIRST_DUE)

    text = part(post_office.arrived[0], "text/plain").get_content()
    assert "Nothing was found for these days." in text
    assert "rows: 0 of 0" in text


def test_more_than_ten_groups_are_the_largest_ten_and_all_others(frank: User, post_office: PostOffice) -> None:
    a_random_company(10, leads=80)
    scheduled(frank, question="show=actions&group=day&days=2026-08-01..2026-11-30&sort=-actions")
    swept(FIRST_DUE)

    [message] = post_office.arrived
    answer = answer_of(read("show=actions&group=day&days=2026-08-01..2026-11-30&sort=-actions"), at=FIRST_DUE)
    [whole] = answer.by_currency.values()
    groups = list(whole.inside.values())
    text = part(message, "text/plain").get_content()
    rest = sum(int(each.total.sums["actions"]) for each in groups[10:])
    assert [line.split()[-1] for line in text.splitlines() if line.startswith("All others")] == [str(rest)]
    assert f"All others ({len(groups) - 10})" in text
    assert len(file_rows(message)) == len(groups)


def test_who_lost_the_right_gets_nothing_and_it_is_written_down(
    frank: User, olga: User, post_office: PostOffice
) -> None:
    left, none = UserFactory.create(first_name="Lena", email="lena@x.example", is_superuser=True), olga
    scheduled(frank, [frank, none, left])
    none.groups.clear()
    User.objects.filter(pk=left.pk).update(is_active=False)
    [mailing] = swept(FIRST_DUE)

    assert (mailing.state, mailing.addresses, post_office.recipients) == ("sent", [frank.email], [[frank.email]])
    assert mailing.left_out == {"Olga": "may not see the explorer", "Lena": "can no longer log in"}
    deed = Deed.objects.get(verb="report_sent")
    assert deed.after["left out"] == mailing.left_out


def test_if_no_recipient_may_see_it_nothing_is_sent(frank: User, olga: User, post_office: PostOffice) -> None:
    scheduled(frank, [olga])
    olga.groups.clear()
    [mailing] = swept(FIRST_DUE)

    assert (mailing.state, mailing.reason) == ("failed", "None of the recipients may see it.")
    assert (post_office.arrived, verbs()[-1]) == ([], "report_not_sent")


def test_an_address_that_does_not_exist_is_recorded_and_the_others_get_it(
    frank: User, olga: User, post_office: PostOffice
) -> None:
    post_office.refuses = {olga.email: "550 5.1.1 No such box"}
    scheduled(frank, [frank, olga])
    [mailing] = swept(FIRST_DUE)

    assert (mailing.state, mailing.outcome, mailing.accepted) == ("partly", "Sent to 1 of 2", [frank.email])
    assert mailing.rejected == {olga.email: "550 5.1.1 No such box"}
    assert ReportSchedule.objects.get().is_active


def test_a_busy_server_is_asked_again_with_the_same_message_id_for_a_day_at_most(
    frank: User, post_office: PostOffice
) -> None:
    scheduled(frank)
    post_office.answer = "452 4.3.1 Out of storage"
    [mailing] = swept(FIRST_DUE)
    assert (mailing.state, mailing.attempts, mailing.reason) == ("waiting", 1, "452 4.3.1 Out of storage")
    ReportSchedule.objects.update(next_run_at=FIRST_DUE + timedelta(days=90))
    at = FIRST_DUE
    while mailing.state == "waiting":
        assert mailing.next_attempt_at is not None
        at = mailing.next_attempt_at
        [mailing] = swept(at)

    assert mailing.reason == f"Given up after {mailing.attempts} attempts: 452 4.3.1 Out of storage"
    assert timedelta(hours=22) < at - FIRST_DUE < timedelta(hours=24)
    assert verbs()[-1] == "report_not_sent"


def test_a_worker_that_dies_five_times_over_a_report_ends_it(frank: User, post_office: PostOffice) -> None:
    scheduled(frank)
    MAILINGS.tidy(at=FIRST_DUE)
    ReportMailing.objects.update(is_being_sent=True, interrupted=4)
    [mailing] = swept(FIRST_DUE)

    assert (mailing.state, mailing.reason) == ("failed", "5 workers ended while sending it.")
    assert (mailing.may_have_arrived, post_office.arrived) == (True, [])


def test_an_email_sent_now_leaves_the_schedule_as_it_is(frank: User, post_office: PostOffice) -> None:
    row = scheduled(frank)
    run_now(row, by=frank, at=NOV_20)
    [mailing] = swept(NOV_20)

    assert (mailing.state, mailing.due_at, mailing.requested_by) == ("sent", NOV_20, frank)
    assert ReportSchedule.objects.get().next_run_at == FIRST_DUE
    assert verbs() == ["report_saved", "report_schedule_saved", "report_run_requested", "report_sent"]


def test_saving_over_a_report_changes_what_its_schedules_send(frank: User, post_office: PostOffice) -> None:
    row = scheduled(frank)
    save_over(row.report, read("show=actions&group=source&days=yesterday"), name="Sources", by=frank, at=NOV_20)
    swept(FIRST_DUE)

    assert subjects(post_office) == ["Sources: Yesterday, November 19, 2026"]


def test_without_a_mail_server_the_email_is_only_recorded(frank: User, settings: LazySettings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    scheduled(frank)
    [mailing] = swept(FIRST_DUE)

    assert (mailing.state, mailing.outcome) == ("written", "Not sent: no mail server")


def test_a_report_that_is_no_longer_shared_pauses_the_schedules_of_others_only(
    frank: User, olga: User, post_office: PostOffice
) -> None:
    own = scheduled(frank)
    report = share(own.report, by=frank, at=NOV_20)
    theirs = schedule(report, a_plan(olga), site=SITE, by=olga, at=NOV_20)
    stop_sharing(report, by=frank, at=NOV_20)
    swept(FIRST_DUE)
    swept(FIRST_DUE)

    theirs.refresh_from_db()
    assert (theirs.is_active, theirs.paused_reason) == (
        False,
        "The report is no longer shared with Olga, who set it up.",
    )
    assert sorted(
        (to[0], subject) for to, subject in zip(post_office.recipients, subjects(post_office), strict=True)
    ) == [
        (frank.email, "Revenue: August 1, 2026 – November 30, 2026"),
        (olga.email, "Paused: Revenue"),
    ]


class TestPaused:
    """A schedule that can no longer run is paused with the reason, and its owner is told once."""

    def paused(self) -> str:
        stored = ReportSchedule.objects.get()
        assert (stored.is_active, stored.next_run_at) == (False, None)
        assert verbs().count("report_schedule_paused") == 1
        return stored.paused_reason

    def test_its_owner_can_no_longer_log_in(self, frank: User, olga: User, post_office: PostOffice) -> None:
        scheduled(frank, [olga])
        User.objects.filter(pk=frank.pk).update(is_active=False)
        swept(FIRST_DUE)
        swept(SECOND_DUE)

        assert self.paused() == "Frank, who set it up, can no longer log in."
        assert (post_office.arrived, ReportMailing.objects.count()) == ([], 0)

    def test_its_owner_lost_the_right(self, frank: User, olga: User, post_office: PostOffice) -> None:
        scheduled(frank, [olga])
        frank.groups.clear()
        swept(FIRST_DUE)
        swept(SECOND_DUE)

        assert self.paused() == "Frank, who set it up, may not see the explorer."
        [told] = post_office.arrived
        assert (post_office.recipients, told["Subject"]) == ([[frank.email]], "Paused: Revenue")
        frank.groups.add(Group.objects.get(name="Finance"))

    def test_its_question_is_no_longer_known(self, frank: User, post_office: PostOffice) -> None:
        scheduled(frank)
        SavedReport.objects.update(question="show=clicks")
        swept(FIRST_DUE)
        swept(SECOND_DUE)

        assert self.paused().startswith("This report can no longer be shown. “clicks” can't be used for show.")
        [told] = post_office.arrived
        text = told.get_content()
        assert "“clicks” can't be used for show." in text
        assert f"{SITE}/admin/reports/reportschedule/{ReportSchedule.objects.get().pk}/change/" in text

    def test_what_it_is_about_is_gone(self, frank: User, post_office: PostOffice) -> None:
        scheduled(frank, question=f"{QUESTION}&product=987654")
        for _ in range(3):
            swept(SECOND_DUE + timedelta(days=4))

        assert self.paused() == "There is no product “987654”."
        assert states() == ["failed", "sent"]
        assert [message["Subject"] for message in post_office.arrived] == ["Paused: Revenue"]
