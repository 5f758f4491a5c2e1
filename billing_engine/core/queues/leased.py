"""Items that are not locked while a worker has them, so no transaction waits for a mail server or a PDF.

The attempt is counted and a lease starts before the work. A message names its attempt, so only one of several messages
starts it; a result counts only while its attempt is the latest. If a worker dies, its lease runs out, and the sweep
requests the next attempt.
"""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Generic, TypeVar

from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core.queues.attempt import Failure, attempted
from billing_engine.core.queues.items import LeasedItem
from billing_engine.core.queues.queue import AT_A_TIME, ItemQueue, Message
from billing_engine.core.saving import save_changes, values_of

ASKED_AGAIN_AFTER = timedelta(minutes=1)

Leased = TypeVar("Leased", bound=LeasedItem)
Result = TypeVar("Result")


class LeasingQueue(ItemQueue[Leased]):
    """Items with leases: what is due, and whose it is."""

    lease: ClassVar[timedelta]  # longer than the task's own time limit

    def locked(self, items: QuerySet[Leased]) -> QuerySet[Leased]:
        """The items under the locks that `may_begin` needs."""
        return items.select_for_update(of=("self",), skip_locked=True)

    @transaction.atomic
    def found_due(self, *columns: str, at: datetime) -> list[Leased]:
        """Everything that is due, or whose lease has ended, with these columns; not again within a minute.

        If a server hangs, thousands may be due. If every sweep requested them, their messages would fill the broker.
        """
        due = self.waiting().filter(next_attempt_at__lte=at)
        locked = due.select_for_update(of=("self",), skip_locked=True).order_by("next_attempt_at")
        found = list(locked.select_related(None).only(*columns)[:AT_A_TIME])
        due.filter(pk__in=[item.pk for item in found]).update(next_attempt_at=at + ASKED_AGAIN_AFTER)
        return found

    def ours(self, item: Leased) -> QuerySet[Leased]:
        """The item while our attempt is the latest; empty once another worker has it."""
        return self.waiting().filter(pk=item.pk, attempts=item.attempts)


class LeasedQueue(LeasingQueue[Leased], Generic[Leased, Result]):
    """For work that takes long, or happens outside the database."""

    @abstractmethod
    def act(self, item: Leased, *, at: datetime) -> Result:
        """Do the work; nothing is locked."""

    @abstractmethod
    def settle(self, item: Leased, result: Result, *, at: datetime) -> None:
        """Write the result on the item, which is locked, and saved afterward."""

    def after(self, item: Leased, *, at: datetime) -> None:
        """What follows once an item is settled."""

    def due(self, *, at: datetime) -> Sequence[Message]:
        """A message for each item that is due."""
        return [{"item_id": item.pk, "attempt": item.attempts} for item in self.found_due("attempts", at=at)]

    def ask_for(self, item: Leased) -> None:
        """Request the item's next attempt."""
        self.ask(item_id=item.pk, attempt=item.attempts)

    def work(self, item_id: int, *, attempt: int, at: datetime) -> None:
        """Make this attempt, if the item is waiting for it."""
        item = self._claim(item_id, attempt=attempt, at=at)
        if item is None:
            return
        outcome = attempted(lambda: self.act(item, at=at), what=f"{self.task} of {item.pk}")
        if self._note(item, outcome, at=at):
            self.after(item, at=at)

    def _claim(self, item_id: int, *, attempt: int, at: datetime) -> Leased | None:
        with transaction.atomic():
            item = self.locked(self.waiting()).filter(pk=item_id, attempts=attempt).first()
            if item is None:
                return None
            before = values_of(item)
            begins = self.begin(item, at=at)
            if begins:
                item.next_attempt_at = at + self.lease
            save_changes(item, since=before)
        if begins:
            return item
        self.after(item, at=at)
        return None

    @transaction.atomic
    def _note(self, item: Leased, outcome: Result | Failure, *, at: datetime) -> bool:
        found = self.ours(item).select_for_update(of=("self",)).first()
        if found is None:
            return False
        before = values_of(found)
        if isinstance(outcome, Failure):
            self.fail(found, outcome, at=at)
        else:
            self.settle(found, outcome, at=at)
        save_changes(found, since=before)
        return True
