"""A report is scheduled by people who can open it, to people who may see it; each change is one deed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from billing_engine.core.errors import HasFaults
from billing_engine.core.models import Deed
from reports.domain.saved.access import NotYours
from reports.domain.saved.saved_report import share
from reports.domain.saved.schedules import (
    EmailOnItsWay,
    ReportNotVisible,
    ScheduleMayNotRun,
    ScheduleState,
    change,
    delete,
    pause,
    resume,
    run_now,
    schedule,
)
from reports.models import ReportMailing, ReportSchedule, SavedReport
from tests.factories.people import UserFactory, superuser
from tests.factories.reports import SavedReportFactory
from tests.reports.saved.made import FIRST_DUE, NOV_20, SECOND_DUE, SITE, a_plan, scheduled

pytestmark = pytest.mark.django_db


def verbs() -> list[str]:
    found = Deed.objects.filter(verb__startswith="report_").exclude(verb="report_saved").order_by("pk")
    return list(found.values_list("verb", flat=True))


def test_a_schedule_is_stored_with_its_next_time_and_its_recipients(frank: User, olga: User) -> None:
    row = scheduled(frank, [frank, olga])

    assert (row.is_active, row.next_run_at, row.last_run_at, row.owner) == (True, FIRST_DUE, None, frank)
    assert set(row.recipients.all()) == {frank, olga}
    deed = Deed.objects.get(verb="report_schedule_saved")
    assert deed.after == {
        "cadence": "daily",
        "hour": 8,
        "time_zone": "America/New_York",
        "file_format": "csv",
        "recipients": ["Frank", "Olga"],
    }


def test_a_private_report_is_scheduled_by_its_owner_and_a_shared_one_by_others(frank: User, olga: User) -> None:
    report = SavedReportFactory.create(owner=frank)
    with pytest.raises(ReportNotVisible):
        schedule(report, a_plan(olga), site=SITE, by=olga, at=NOV_20)
    assert (ReportSchedule.objects.count(), verbs()) == (0, [])
    share(report, by=frank, at=NOV_20)

    assert schedule(SavedReport.objects.get(), a_plan(olga), site=SITE, by=olga, at=NOV_20).owner == olga


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"cadence": "weekly"}, "Choose the day of the week."),
        ({"cadence": "weekly", "weekday": 8}, "Value 8 is not a valid choice."),
        ({"cadence": "monthly"}, "Choose the day of the month."),
        ({"cadence": "monthly", "month_day": 32}, "Ensure this value is less than or equal to 31."),
        ({"cadence": "daily", "month_day": 3}, "Choose the day of the month."),
        ({"cadence": "hourly"}, "Value 'hourly' is not a valid choice."),
        ({"hour": 24}, "Ensure this value is less than or equal to 23."),
        ({"time_zone": "Mars/Olympus"}, "Choose a time zone."),
        ({"file_format": "docx"}, "Value 'docx' is not a valid choice."),
        ({"recipients": []}, "Choose at least one person."),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(frank: User, wrong: dict[str, Any], words: str) -> None:
    report = SavedReportFactory.create(owner=frank)
    plan = a_plan(*wrong.pop("recipients", [frank]), **wrong)

    with pytest.raises(HasFaults) as refused:
        schedule(report, plan, site=SITE, by=frank, at=NOV_20)
    assert words in str(refused.value)
    assert (ReportSchedule.objects.count(), verbs()) == (0, [])


def test_recipients_are_people_who_may_see_it_and_have_an_address(frank: User) -> None:
    report = SavedReportFactory.create(owner=frank)
    stranger = UserFactory.create(first_name="Sam", email="sam@x.example")
    silent = UserFactory.create(first_name="Sue", is_superuser=True)
    gone = UserFactory.create(first_name="Gus", email="gus@x.example", is_superuser=True, is_active=False)

    with pytest.raises(HasFaults) as refused:
        schedule(report, a_plan(frank, stranger, silent, gone), site=SITE, by=frank, at=NOV_20)
    assert str(refused.value) == ("Sam may not see the explorer. Sue has no email address. Gus can no longer log in.")
    assert ReportSchedule.objects.count() == 0


def test_a_report_whose_question_is_no_longer_known_is_not_scheduled(frank: User) -> None:
    report = SavedReportFactory.create(owner=frank, question="show=clicks")

    with pytest.raises(ScheduleMayNotRun, match="can no longer be shown"):
        schedule(report, a_plan(frank), site=SITE, by=frank, at=NOV_20)
    assert (ReportSchedule.objects.count(), verbs()) == (0, [])


def test_a_change_is_one_deed_and_no_change_none(frank: User, olga: User) -> None:
    row = scheduled(frank, [frank])
    change(row, a_plan(frank), by=frank, at=NOV_20)
    change(row, a_plan(olga, hour=9), by=frank, at=NOV_20)

    stored = ReportSchedule.objects.get()
    assert (stored.hour, stored.next_run_at, list(stored.recipients.all())) == (9, FIRST_DUE.replace(hour=14), [olga])
    [_, deed] = Deed.objects.filter(verb="report_schedule_saved").order_by("pk")
    assert (deed.before, deed.after) == (
        {"hour": 8, "recipients": ["Frank"]},
        {"hour": 9, "recipients": ["Olga"]},
    )


def test_what_was_missed_during_a_pause_is_not_sent(frank: User) -> None:
    row = pause(scheduled(frank), by=frank)
    assert (row.is_active, row.next_run_at, row.paused_reason) == (False, None, "Paused by Frank.")
    with pytest.raises(ScheduleState):
        pause(row, by=frank)
    resume(row, by=frank, at=FIRST_DUE)

    stored = ReportSchedule.objects.get()
    assert (stored.is_active, stored.next_run_at, stored.paused_reason) == (True, SECOND_DUE, "")
    with pytest.raises(ScheduleState):
        resume(row, by=frank, at=FIRST_DUE)
    assert verbs() == ["report_schedule_saved", "report_schedule_paused", "report_schedule_resumed"]


def test_a_schedule_is_not_resumed_while_the_reason_for_its_pause_is_there(frank: User) -> None:
    row = pause(scheduled(frank), by=frank)
    SavedReport.objects.update(question="show=clicks")

    with pytest.raises(ScheduleMayNotRun, match="“clicks” can't be used for show"):
        resume(row, by=frank, at=NOV_20)
    assert not ReportSchedule.objects.get().is_active


def test_a_button_pressed_twice_sends_one_email(frank: User) -> None:
    row = scheduled(frank)
    run_now(row, by=frank, at=NOV_20)

    with pytest.raises(EmailOnItsWay):
        run_now(row, by=frank, at=NOV_20)
    assert ReportMailing.objects.count() == 1


def test_a_schedule_is_changed_by_the_person_who_set_it_up(frank: User, olga: User) -> None:
    row = scheduled(frank)
    acts: list[Callable[[], object]] = [
        lambda: change(row, a_plan(olga), by=olga, at=NOV_20),
        lambda: pause(row, by=olga),
        lambda: resume(row, by=olga, at=NOV_20),
        lambda: run_now(row, by=olga, at=NOV_20),
        lambda: delete(row, by=olga),
    ]
    for act in acts:
        with pytest.raises(NotYours, match="Only Frank can change this"):
            act()
    assert (ReportSchedule.objects.get().is_active, verbs()) == (True, ["report_schedule_saved"])


def test_an_administrator_pauses_and_deletes_what_people_left_behind(frank: User) -> None:
    row, by = scheduled(frank), superuser()
    pause(row, by=by)
    with pytest.raises(NotYours):
        run_now(row, by=by, at=NOV_20)
    delete(row, by=by)
    delete(row, by=by)

    assert ReportSchedule.objects.count() == 0
    assert verbs() == ["report_schedule_saved", "report_schedule_paused", "report_schedule_deleted"]


def test_the_owner_of_a_report_deletes_a_schedule_of_someone_else(frank: User, olga: User) -> None:
    report = SavedReportFactory.create(owner=frank, is_shared=True)
    row = schedule(report, a_plan(olga), site=SITE, by=olga, at=NOV_20)
    delete(row, by=frank)

    assert ReportSchedule.objects.count() == 0
