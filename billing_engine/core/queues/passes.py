"""A pass processes many things in order, each in its own transaction; one row stands for the pass."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar

from django.db import transaction
from django.db.models import Model

from billing_engine.core.queues.attempt import GIVEN_UP, Failure, attempted
from billing_engine.core.queues.hold import held
from billing_engine.core.queues.items import WorkPass
from billing_engine.core.queues.queue import AT_A_TIME, Message, RowQueue, logger
from billing_engine.core.saving import save_changes, values_of

Pass = TypeVar("Pass", bound=WorkPass)
Thing = TypeVar("Thing", bound=Model)


class PassQueue(RowQueue[Pass], Generic[Pass, Thing]):
    """For work that has an order, or must not be done by two workers at a time.

    Attempts are counted for the current thing: one that kills its workers is skipped, and the pass continues.
    """

    @abstractmethod
    def next_of(self, item: Pass) -> Thing | None:
        """The next thing of the pass."""

    @abstractmethod
    def act(self, item: Pass, thing: Thing, /, *, at: datetime) -> None:
        """Process this thing and count it on the pass; as for a locked item, use a savepoint."""

    @abstractmethod
    def skip(self, item: Pass, thing: Thing, failure: Failure, /, *, at: datetime) -> None:
        """Record why this thing was skipped, so that the pass does not return to it."""

    @abstractmethod
    def finish(self, item: Pass, *, at: datetime) -> None:
        """Nothing is left: record that on the pass, which is saved afterward."""

    def due(self, *, at: datetime) -> Sequence[Message]:
        """Every unfinished pass."""
        return [{"item_id": pk} for pk in self.waiting().order_by("pk").values_list("pk", flat=True)[:AT_A_TIME]]

    def work(self, item_id: int, *, at: datetime) -> bool:
        """Process the next thing of the pass; return whether more may remain. Skip a pass that another worker has."""
        with held(self.task, item_id) as is_ours:
            return is_ours and self._claim(item_id, at=at) and self._perform(item_id, at=at)

    @transaction.atomic
    def _claim(self, item_id: int, *, at: datetime) -> bool:
        item = self._free(item_id)
        if item is None:
            return False
        thing = self.next_of(item)
        if thing is None:
            before = values_of(item)
            self.finish(item, at=at)
            save_changes(item, since=before)
            return False
        item.attempts = item.attempts + 1 if item.trying == thing.pk else 1
        item.trying = thing.pk
        item.save(update_fields=["attempts", "trying"])
        return True

    @transaction.atomic
    def _perform(self, item_id: int, *, at: datetime) -> bool:
        item = self._free(item_id)
        thing = None if item is None else self.next_of(item)
        if item is None or thing is None or thing.pk != item.trying:
            return item is not None  # stopped, or settled by a person in the meantime
        before = values_of(item)
        outcome = self._outcome(item, thing, at)
        if isinstance(outcome, Failure):
            self.skip(item, thing, outcome, at=at)
        save_changes(item, since=before)
        return True

    def _outcome(self, item: Pass, thing: Thing, at: datetime) -> Failure | None:
        what = f"{self.task} of {thing.pk}"
        if self.most_attempts is not None and item.attempts > self.most_attempts:
            logger.error("%s: no attempt had an outcome", what)
            return Failure(GIVEN_UP, self.given_up(item))
        return attempted(lambda: self.act(item, thing, at=at), what=what)

    def _free(self, item_id: int) -> Pass | None:
        return self.waiting().select_for_update(of=("self",), skip_locked=True).filter(pk=item_id).first()
