"""Leased items that cost less together: their first attempt is made in batches, every later one alone.

A fault undoes what its batch has not committed; then each item is tried alone, in the same attempt, so that only the
cause fails. After a worker died, the items of its batch are requested one by one: one of them may be what killed it.
"""

import logging
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

from django.db import transaction

from billing_engine.core.queues.attempt import Failure, attempted
from billing_engine.core.queues.leased import Leased, LeasingQueue
from billing_engine.core.queues.queue import Message
from billing_engine.core.saving import save_all_changes, save_changes, values_of

logger = logging.getLogger(__name__)


class BatchQueue(LeasingQueue[Leased]):
    """For many small items in the database that share what has to be read for them."""

    batched_by: ClassVar[tuple[str, ...]]  # the columns that `batches` looks at

    @abstractmethod
    def batches(self, items: Iterable[Leased]) -> Iterable[list[Leased]]:
        """The items as they are tried together."""

    @abstractmethod
    def act(self, items: Sequence[Leased], *, at: datetime) -> None:
        """Do the work of these items, and settle each in the transaction that writes the last of its results."""

    @abstractmethod
    def after_batch(self, items: Sequence[Leased], *, at: datetime) -> None:
        """What follows once items of a batch are settled."""

    def due(self, *, at: datetime) -> Sequence[Message]:
        """Messages for all items that are due: first attempts in batches, others alone."""
        found = self.found_due("attempts", *self.batched_by, at=at)
        together = self.batches(item for item in found if not item.attempts)
        alone = ([item] for item in found if item.attempts)
        return [_message(items) for items in (*together, *alone)]

    def ask_for(self, items: Iterable[Leased]) -> None:
        """Request the first attempt at the items."""
        for some in self.batches(items):
            self.ask(**_message(some))

    def work(self, item_ids: Sequence[int], *, attempt: int, at: datetime) -> None:
        """Make this attempt at those of the items that are waiting for it."""
        found = self._claim(item_ids, attempt=attempt, at=at)
        if begun := [item for item in found if item.attempts > attempt]:
            self._try(begun, at=at)
        if found:
            self.after_batch(found, at=at)

    @transaction.atomic
    def _claim(self, item_ids: Sequence[int], *, attempt: int, at: datetime) -> list[Leased]:
        waiting = self.locked(self.waiting()).filter(pk__in=item_ids, attempts=attempt)
        found = list(waiting.order_by("pk"))
        before = {item.pk: values_of(item) for item in found}
        for item in found:
            if self.begin(item, at=at):
                item.next_attempt_at = at + self.lease
        save_all_changes(found, since=before)
        return found

    def _try(self, items: Sequence[Leased], *, at: datetime) -> None:
        numbers = [item.pk for item in items]
        outcome = attempted(lambda: self.act(items, at=at), what=f"{self.task} of {numbers}")
        if not isinstance(outcome, Failure):
            return
        if len(items) == 1:
            self._note(items[0], outcome, at=at)
            return
        logger.warning("%s: %s failed together (%s); each is tried alone.", self.task, numbers, outcome.words)
        for item in items:
            if again := self._begun_again(item, at=at):
                self._try([again], at=at)

    @transaction.atomic
    def _begun_again(self, item: Leased, *, at: datetime) -> Leased | None:
        found = self.locked(self.ours(item)).first()
        if found is None:  # settled, or another worker has it
            return None
        before = values_of(found)
        self.may_begin(found, at=at)
        save_changes(found, since=before)
        return found

    @transaction.atomic
    def _note(self, item: Leased, failure: Failure, *, at: datetime) -> None:
        found = self.ours(item).select_for_update(of=("self",)).first()
        if found is None:
            return
        before = values_of(found)
        self.fail(found, failure, at=at)
        save_changes(found, since=before)


def _message(items: Sequence[Leased]) -> Message:
    return {"item_ids": [item.pk for item in items], "attempt": items[0].attempts}
