"""Items that stay locked while a worker has them: work and outcome are committed together, so it happens once.

Several items are worked on together, because reading what they share for each would cost more than the work. If they
fail together, each is tried alone, so that only the cause fails. An item that was tried before is tried alone from the
start, because it may be what kills its workers.
"""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime

from django.db import OperationalError, transaction

from billing_engine.core.queues.attempt import Failure, attempted
from billing_engine.core.queues.collector import collector_off
from billing_engine.core.queues.hold import all_held
from billing_engine.core.queues.queue import Item, ItemQueue
from billing_engine.core.saving import save_all_changes, values_of


class LockedQueue(ItemQueue[Item]):
    """For work in the database only.

    If a worker dies, only its attempt is used up, which was counted and committed before the work. Another worker finds
    the items free as soon as PostgreSQL has noticed.
    """

    @abstractmethod
    def act(self, items: Sequence[Item], *, at: datetime) -> Sequence[Item]:
        """Do the work, and write the outcome on each item; they are locked, and saved afterward.

        Return the items that must be tried alone; a single one never is. What must be undone if the work on a single
        item fails belongs in its own savepoint, because the failure is written in this transaction.
        """

    def after(self, items: Sequence[Item], *, at: datetime) -> None:
        """What follows once items are settled."""

    def interrupted(self, item_ids: Sequence[int], error: OperationalError) -> None:
        """The database prevented the work; the items stay waiting."""

    def work(self, item_ids: Sequence[int], *, at: datetime) -> None:
        """One attempt at the items that are waiting and that no other worker has."""
        with all_held(self.task, item_ids) as ours:
            found = dict(self.waiting().filter(pk__in=ours).order_by("pk").values_list("pk", "attempts"))
            fresh = [pk for pk, attempts in found.items() if not attempts]
            for some in [fresh, *([pk] for pk, attempts in found.items() if attempts)]:
                with collector_off():  # a third of its time would go into looking for cycles among rows
                    self._attempt(some, at=at)

    def _attempt(self, item_ids: Sequence[int], *, at: datetime) -> None:
        claimed = self._claim(item_ids, at=at) if item_ids else []
        try:
            for pk in self._perform(claimed, at=at) if claimed else ():
                self._perform([pk], at=at)
        except OperationalError as error:
            self.interrupted(claimed, error)
            raise

    @transaction.atomic
    def _claim(self, item_ids: Sequence[int], *, at: datetime) -> list[int]:
        items = self._free(item_ids)
        before = {item.pk: values_of(item) for item in items}
        begun = [item for item in items if self.begin(item, at=at)]
        save_all_changes(items, since=before)
        if settled := [item for item in items if item not in begun]:
            self.after(settled, at=at)
        return [item.pk for item in begun]

    def _perform(self, item_ids: Sequence[int], *, at: datetime) -> list[int]:
        """Work on the items together; return those that must be tried alone."""
        with transaction.atomic():
            items = self._free(item_ids)  # some may have been settled, paused or stopped in the meantime
            before = {item.pk: values_of(item) for item in items}
            outcome = self._outcome(items, at)
            if isinstance(outcome, Failure):
                if len(items) > 1:
                    transaction.set_rollback(True)
                    return [item.pk for item in items]
                self.fail(items[0], outcome, at=at)
            save_all_changes(items, since=before)
        self.after(items, at=at)
        return [] if isinstance(outcome, Failure) else [item.pk for item in outcome]

    def _outcome(self, items: Sequence[Item], at: datetime) -> Sequence[Item] | Failure:
        if not items:
            return ()
        numbers = ", ".join(str(item.pk) for item in items)
        return attempted(lambda: self.act(items, at=at), what=f"{self.task} of {numbers}")

    def _free(self, item_ids: Sequence[int]) -> list[Item]:
        locked = self.waiting().select_for_update(of=("self",), skip_locked=True)
        return list(locked.filter(pk__in=item_ids).order_by("pk"))
