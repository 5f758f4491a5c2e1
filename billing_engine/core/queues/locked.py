"""Items that stay locked while a worker has them: work and outcome are committed together, so it happens once."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime

from django.db import OperationalError, transaction

from billing_engine.core.queues.attempt import Failure, NotYet, attempted
from billing_engine.core.queues.hold import held
from billing_engine.core.queues.queue import AT_A_TIME, Item, ItemQueue, Message
from billing_engine.core.saving import save_changes, values_of


class LockedQueue(ItemQueue[Item]):
    """For work in the database only.

    If a worker dies, only its attempt is used up, which was counted and committed before the work. Another worker finds
    the item free as soon as PostgreSQL has noticed.
    """

    @abstractmethod
    def act(self, item: Item, *, at: datetime) -> None:
        """Do the work, and write the outcome on the item, which is locked, and saved afterward.

        What must be undone if the work fails belongs in its own savepoint, because the failure is written in this
        transaction.
        """

    def interrupted(self, item_id: int, error: OperationalError) -> None:
        """The database prevented the work; the item stays waiting."""

    def due(self, *, at: datetime) -> Sequence[Message]:
        """All waiting items."""
        return [{"item_id": pk} for pk in self.waiting().order_by("pk").values_list("pk", flat=True)[:AT_A_TIME]]

    def work(self, item_id: int, *, at: datetime) -> None:
        """One attempt at the item, if it is waiting and no other worker has it."""
        with held(self.task, item_id) as is_ours:
            if not is_ours or not self._claim(item_id, at=at):
                return
            try:
                self._perform(item_id, at=at)
            except OperationalError as error:
                self.interrupted(item_id, error)
                raise

    @transaction.atomic
    def _claim(self, item_id: int, *, at: datetime) -> bool:
        item = self._free(item_id)
        if item is None:
            return False
        before = values_of(item)
        begins = self.begin(item, at=at)
        save_changes(item, since=before)
        if not begins:
            self.after(item, at=at)
        return begins

    def _perform(self, item_id: int, *, at: datetime) -> None:
        with transaction.atomic():
            item = self._free(item_id)
            if item is None:  # settled, paused or stopped in the meantime
                return
            before = values_of(item)
            try:
                outcome = attempted(lambda: self.act(item, at=at), what=f"{self.task} of {item.pk}")
            except NotYet:
                return
            if isinstance(outcome, Failure):
                self.fail(item, outcome, at=at)
            save_changes(item, since=before)
        self.after(item, at=at)

    def _free(self, item_id: int) -> Item | None:
        return self.waiting().select_for_update(of=("self",), skip_locked=True).filter(pk=item_id).first()
