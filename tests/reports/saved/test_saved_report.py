"""A question is kept under a name by the person who asked it, and shared with those who may ask it themselves."""

import pytest
from django.contrib.auth.models import User

from billing_engine.core.errors import HasFaults
from billing_engine.core.models import Deed
from reports.domain.question.faults import BadQuestion
from reports.domain.question.question import Question
from reports.domain.saved.access import NotYours
from reports.domain.saved.saved_report import (
    ReportIsScheduled,
    delete,
    question_of,
    read,
    rename,
    save_new,
    save_over,
    share,
    stop_sharing,
)
from reports.models import ReportSchedule, SavedReport
from reports.models.saved import MOST_CHARACTERS
from tests.factories.reports import IN_NOVEMBER, ReportScheduleFactory, SavedReportFactory

pytestmark = pytest.mark.django_db

WEBINARS = "show=amount&group=customer&days=last_quarter&channel=webinar"


def deeds() -> list[str]:
    return list(Deed.objects.order_by("pk").values_list("verb", flat=True))


def saved(by: User, name: str = "Webinars") -> SavedReport:
    return save_new(read(WEBINARS), name=name, by=by, at=IN_NOVEMBER)


def test_a_saved_report_asks_the_question_that_was_saved(frank: User) -> None:
    report = saved(frank, "  Webinars\n by customer ")

    assert question_of(SavedReport.objects.get()) == Question.read(
        {"show": ["amount"], "group": ["customer"], "days": ["last_quarter"], "channel": ["webinar"]}
    )
    assert (report.name, report.owner, report.is_shared, report.created_at) == (
        "Webinars by customer",
        frank,
        False,
        IN_NOVEMBER,
    )
    assert deeds() == ["report_saved"]


def test_a_question_without_groups_is_saved_as_one(frank: User) -> None:
    report = save_new(read("show=amount&group=&days=all"), name="All", by=frank, at=IN_NOVEMBER)

    assert question_of(report).group == ()


def test_a_person_has_one_report_of_a_name_and_two_people_may_have_the_same(frank: User, olga: User) -> None:
    saved(frank)
    saved(olga)

    with pytest.raises(HasFaults, match="You already have a report with this name"):
        saved(frank, "WEBINARS")
    assert SavedReport.objects.count() == 2
    assert deeds() == ["report_saved"] * 2


@pytest.mark.parametrize("name", ["", " \n ", "x" * 121])
def test_a_name_is_neither_empty_nor_longer_than_a_line(frank: User, name: str) -> None:
    with pytest.raises(HasFaults):
        saved(frank, name)
    assert (SavedReport.objects.count(), deeds()) == (0, [])


def test_a_question_that_is_no_address_is_not_saved(frank: User) -> None:
    long = "&".join(f"category={n:0199}" for n in range(100))
    with pytest.raises(BadQuestion, match=f"longer than {MOST_CHARACTERS:,} characters"):
        save_new(
            Question().with_filter("category", *(f"{n:0199}" for n in range(100))),
            name="Long",
            by=frank,
            at=IN_NOVEMBER,
        )
    with pytest.raises(BadQuestion, match="longer than"):
        read(long)
    assert (SavedReport.objects.count(), deeds()) == (0, [])


def test_saving_over_a_report_and_renaming_it_are_its_owner_s(frank: User, olga: User) -> None:
    report = saved(frank)
    save_over(report, read("show=actions&group=source"), name="Webinars", by=frank, at=IN_NOVEMBER)
    rename(report, "Actions", by=frank, at=IN_NOVEMBER)

    for change in (
        lambda: rename(report, "Mine", by=olga, at=IN_NOVEMBER),
        lambda: save_over(report, Question(), name="Mine", by=olga, at=IN_NOVEMBER),
        lambda: share(report, by=olga, at=IN_NOVEMBER),
        lambda: stop_sharing(report, by=olga, at=IN_NOVEMBER),
        lambda: delete(report, by=olga),
    ):
        with pytest.raises(NotYours, match="Only Frank can change this"):
            change()
    stored = SavedReport.objects.get()
    assert (stored.name, question_of(stored).show, stored.is_shared) == ("Actions", ("actions",), False)
    assert deeds() == ["report_saved"] * 3


def test_a_shared_report_is_seen_by_everyone_and_a_private_one_by_its_owner(frank: User, olga: User) -> None:
    report, own = saved(frank), saved(olga, "Own")
    share(report, by=frank, at=IN_NOVEMBER)
    share(report, by=frank, at=IN_NOVEMBER)

    assert set(SavedReport.objects.visible_to(olga)) == {report, own}
    assert set(SavedReport.objects.visible_to(frank)) == {report}
    stop_sharing(report, by=frank, at=IN_NOVEMBER)
    assert set(SavedReport.objects.visible_to(olga)) == {own}
    assert deeds() == ["report_saved", "report_saved", "report_shared", "report_unshared"]


def test_a_report_is_deleted_with_its_owner_s_schedules(frank: User) -> None:
    report = saved(frank)
    ReportScheduleFactory.create(report=report)
    delete(report, by=frank)
    delete(report, by=frank)

    assert (SavedReport.objects.count(), ReportSchedule.objects.count()) == (0, 0)
    deed = Deed.objects.get(verb="report_deleted")
    assert deed.before == {"name": "Webinars", "question": WEBINARS}


def test_a_report_that_another_person_gets_by_schedule_is_not_deleted(frank: User, olga: User) -> None:
    report = SavedReportFactory.create(owner=frank, is_shared=True)
    theirs = ReportScheduleFactory.create(report=report, owner=olga)

    with pytest.raises(ReportIsScheduled, match="Scheduled by Olga"):
        delete(report, by=frank)
    assert SavedReport.objects.count() == 1
    ReportSchedule.objects.filter(pk=theirs.pk).update(is_active=False, next_run_at=None, paused_reason="Why")
    delete(report, by=frank)
    assert (SavedReport.objects.count(), ReportSchedule.objects.count()) == (0, 0)


def test_a_question_that_is_no_longer_known_is_said_in_a_sentence(frank: User) -> None:
    report = SavedReportFactory.create(question="show=clicks&group=customer")

    with pytest.raises(BadQuestion) as refused:
        question_of(report)
    assert str(refused.value).startswith("This report can no longer be shown. “clicks” can't be used for show.")
