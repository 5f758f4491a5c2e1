"""Runs that start by themselves: each day from an hour on, once a day, if the company wants that."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core.deeds.record import record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.queues.queue import AT_A_TIME, Message
from billing_engine.core.saving import save_changes
from leads.models import Company
from receivables.domain.papers.starts import Starts
from receivables.domain.reminders.run import NoLevels, RanToday, start
from receivables.models import ReminderSchedule, ReminderTimetable

TIMETABLE_SET = Verb("reminder_timetable_set", "Timetable of reminders set")


class ReminderStarts(Starts[ReminderTimetable]):
    """The companies whose run of today is to be started."""

    task = "receivables.start_reminders"

    def waiting(self) -> QuerySet[ReminderTimetable]:
        return ReminderTimetable.objects.filter(is_on=True).select_related("seller")

    def due(self, *, at: datetime) -> Sequence[Message]:
        """Each company is started alone."""
        found = self.waiting().filter(next_at__lte=at).order_by("pk").values_list("pk", flat=True)
        return [{"item_ids": [pk]} for pk in found[:AT_A_TIME]]

    def act(self, items: Sequence[ReminderTimetable], *, at: datetime) -> Sequence[ReminderTimetable]:
        for item in items:
            with suppress(RanToday):  # a person was faster
                start(item.seller, by=None, at=at)
            item.next_at = _on_day(item, at + timedelta(days=1))
            item.attempts, item.reason = 0, ""
        return ()


STARTS = ReminderStarts()


@transaction.atomic
def set_timetable(seller: Company | None, *, hour: int, is_on: bool, by: User, at: datetime) -> ReminderTimetable:
    """Let the company's reminders start by themselves each day from this hour on, or no longer. Raises NoLevels."""
    if is_on and not ReminderSchedule.objects.filter(seller=seller, is_active=True).exists():
        raise NoLevels
    stored = ReminderTimetable.objects.select_for_update(of=("self",)).filter(seller=seller).first()
    row = ReminderTimetable.objects.get(pk=stored.pk) if stored else ReminderTimetable(seller=seller)
    row.hour, row.is_on, row.reason, row.attempts = hour, is_on, "", 0
    today = _on_day(row, at)
    row.next_at = (today if today > at else _on_day(row, at + timedelta(days=1))) if is_on else None
    save_changes(row, since=stored)
    record_saved(TIMETABLE_SET, on=row, stored=stored, by=by, also=[seller] if seller else [])
    return row


def _on_day(item: ReminderTimetable, at: datetime) -> datetime:
    return datetime.combine(at.astimezone(UTC).date(), time(item.hour), UTC)
