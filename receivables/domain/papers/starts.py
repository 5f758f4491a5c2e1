"""What starts by itself at its time: reminders of a company, statements of a customer."""

import logging
from datetime import datetime, timedelta
from typing import TypeVar

from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.locked import LockedQueue
from receivables.models import ReminderTimetable, StatementSchedule

AGAIN_AFTER = timedelta(hours=6)
Start = TypeVar("Start", ReminderTimetable, StatementSchedule)

logger = logging.getLogger(__name__)


class Starts(LockedQueue[Start]):
    """Rows that say when they are due next; one that failed says why, and is tried again later."""

    def may_begin(self, item: Start, *, at: datetime) -> bool:
        """A message may be late: by then, it may have been started."""
        return item.next_at is not None and item.next_at <= at

    def fail(self, item: Start, failure: Failure, *, at: datetime) -> None:
        """Say why on the row, and try again later."""
        logger.error("%s: %s did not start: %s", self.task, item.pk, failure.words)
        item.attempts, item.reason, item.next_at = 0, failure.words, at + AGAIN_AFTER
