"""Runs that start by themselves: each day from an hour on, once, covering what was open before; off unless wanted."""

from datetime import UTC, datetime, timedelta

import pytest

from billing_engine.core.models import Deed
from receivables.domain.reminders.run import NoLevels, RanToday, preview, resume, start, stop
from receivables.domain.reminders.schedule import set_levels
from receivables.domain.reminders.timetable import STARTS, set_timetable
from receivables.models import Reminder, ReminderRun, ReminderTimetable
from tests.factories.leads import CompanyFactory, CustomerFactory
from tests.factories.people import with_role
from tests.invoices.post import PostOffice
from tests.processes import at_once
from tests.receivables.mailing.made import invoiced
from tests.receivables.reminders.made import send

pytestmark = pytest.mark.django_db

DECEMBER_1 = datetime(2026, 12, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def due(at: datetime) -> list[dict[str, object]]:
    return list(STARTS.due(at=at))


def begin(at: datetime) -> None:
    for message in STARTS.due(at=at):
        STARTS.work(**message, at=at)


def switched_on(at: datetime = DECEMBER_1) -> ReminderTimetable:
    by = with_role("Finance")
    set_levels(None, {1: -3, 2: 7, 3: 30, 4: 60}, by=by)
    return set_timetable(None, hour=8, is_on=True, by=by, at=at)


def reminded() -> list[tuple[str, int, str]]:
    rows = Reminder.objects.order_by("pk").values_list("run__day", "level", "state")
    return [(f"{day:%b %d}", level, state) for day, level, state in rows]


def test_nothing_starts_by_itself_until_a_person_wants_it() -> None:
    by = with_role("Finance")
    with pytest.raises(NoLevels):
        set_timetable(None, hour=8, is_on=True, by=by, at=DECEMBER_1)
    assert ReminderTimetable.objects.count() == 0

    set_levels(None, {1: 7}, by=by)
    invoiced(CustomerFactory.create(), 5)
    begin(DECEMBER_1)
    assert ReminderRun.objects.count() == 0


def test_what_was_long_overdue_when_it_was_switched_on_is_told_once_at_its_highest_level(
    post_office: PostOffice,
) -> None:
    invoiced(CustomerFactory.create(billing_contacts=["books@ash.example"]), 5, due=(DECEMBER_1 - DAY * 200).date())
    switched_on()
    assert due(DECEMBER_1) == []
    [counted] = preview(None, at=DECEMBER_1)
    assert (counted.level, counted.totals()) == (4, {"USD": 5})

    for days in range(1, 70):
        begin(DECEMBER_1 + DAY * days)
        send(DECEMBER_1 + DAY * days)
    assert reminded() == [("Dec 02", 4, "sent")]
    assert len(post_office.arrived) == 1
    assert ReminderRun.objects.count() == 69  # a quiet row a day


def test_it_starts_once_a_day_from_its_hour_on_also_if_a_person_was_faster() -> None:
    invoiced(CustomerFactory.create(), 5, due=(DECEMBER_1 - DAY * 20).date())
    switched_on()
    early, at = DECEMBER_1 + DAY - timedelta(hours=5), DECEMBER_1 + DAY - timedelta(hours=4)
    assert due(early) == []
    start(None, by=with_role("Finance"), at=early)
    begin(at)
    begin(at + timedelta(hours=1))

    assert reminded() == [("Dec 02", 2, "waiting")]
    row = ReminderTimetable.objects.get()
    assert (row.next_at, row.reason) == (datetime(2026, 12, 3, 8, tzinfo=UTC), "")
    begin(row.next_at or at)
    with pytest.raises(RanToday):
        start(None, by=with_role("Finance"), at=at + DAY)


def test_each_company_has_its_own_hour_and_one_that_cannot_start_stops_no_other() -> None:
    by, other = with_role("Finance"), CompanyFactory.create()
    switched_on()
    set_levels(other, {1: 7}, by=by)
    set_timetable(other, hour=6, is_on=True, by=by, at=DECEMBER_1)
    set_levels(other, {}, by=by)
    begin(DECEMBER_1 + DAY)

    assert [run.seller for run in ReminderRun.objects.all()] == [None]
    assert ReminderTimetable.objects.get(seller=other).reason == NoLevels.message
    assert ReminderTimetable.objects.get(seller=other).next_at == DECEMBER_1 + DAY + timedelta(hours=6)


def test_it_is_switched_off_with_a_deed() -> None:
    switched_on()
    row = set_timetable(None, hour=8, is_on=False, by=with_role("Finance"), at=DECEMBER_1)

    assert row.next_at is None
    assert due(DECEMBER_1 + DAY * 2) == []
    assert Deed.objects.filter(verb="reminder_timetable_set").count() == 2


def test_a_customer_whose_reminder_still_waits_gets_no_second_one_from_the_next_run(post_office: PostOffice) -> None:
    invoiced(CustomerFactory.create(billing_contacts=["books@ash.example"]), 5, due=(DECEMBER_1 - DAY * 20).date())
    switched_on()
    post_office.refusal = "450 Busy"
    begin(DECEMBER_1 + DAY)
    send(DECEMBER_1 + DAY)
    begin(DECEMBER_1 + DAY * 2)
    assert reminded() == [("Dec 02", 2, "waiting")]

    post_office.refusal = ""
    send(DECEMBER_1 + DAY * 2)
    assert (reminded(), len(post_office.arrived)) == ([("Dec 02", 2, "sent")], 1)


SEND = f"""
from datetime import datetime
from receivables.domain.reminders.sending import REMINDERS
from receivables.models import Reminder
for reminder in Reminder.objects.order_by("pk")[PLACE:PLACE + 1]:
    REMINDERS.work(reminder.pk, attempt=reminder.attempts, at=datetime.fromisoformat({(DECEMBER_1 + DAY * 2).isoformat()!r}))
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.processes
def test_two_runs_that_name_the_same_customer_remind_once_even_at_the_same_time(post_office: PostOffice) -> None:
    invoiced(CustomerFactory.create(billing_contacts=["books@ash.example"]), 5, due=(DECEMBER_1 - DAY * 20).date())
    switched_on()
    by = with_role("Finance")
    first = start(None, by=by, at=DECEMBER_1)
    stop(first, by=by, at=DECEMBER_1)
    begin(DECEMBER_1 + DAY)
    resume(first, by=by)
    at_once(SEND.replace("PLACE", "0"), SEND.replace("PLACE", "1"))
    send(DECEMBER_1 + DAY * 2 + timedelta(minutes=5))

    assert sorted(state for _, _, state in reminded()) == ["dropped", "sent"]
    assert len(post_office.arrived) == 1
