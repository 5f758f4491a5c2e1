"""A queue: one kind of work, what is due, and the sweep that requests it.

The rows are the queue. A message only names a row, so it may be lost, duplicated or late.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar, Generic, TypeVar

from django.db.models import QuerySet

from billing_engine.core.queues.attempt import GIVEN_UP, Failure
from billing_engine.core.queues.items import MOST_ATTEMPTS, WorkItem
from billing_engine.core.tasks import Argument, after_commit

logger = logging.getLogger(__name__)

AT_A_TIME = 5_000  # messages per sweep: more would fill the broker

Message = dict[str, Argument]  # the task's arguments

Item = TypeVar("Item", bound=WorkItem)


class Queue(ABC):
    """One kind of work."""

    task: ClassVar[str]

    @abstractmethod
    def due(self, *, at: datetime) -> Sequence[Message]:
        """A message for each piece of work that is waiting and that no worker has."""

    def tidy(self, *, at: datetime) -> None:
        """Clean up after a worker that died; most kinds of work need nothing."""
        return

    def ask(self, **message: Argument) -> None:
        """Request one piece of work, after commit."""
        after_commit(self.task, **message)

    def sweep(self, *, at: datetime) -> int:
        """Tidy up, and request everything that is due, whether or not earlier messages arrived; return the number of messages."""
        self.tidy(at=at)
        messages = self.due(at=at)
        for message in messages:
            self.ask(**message)
        return len(messages)


def sweep(queues: Iterable[Queue], *, at: datetime) -> int:
    """Sweep every queue; return the number of messages."""
    return sum(queue.sweep(at=at) for queue in queues)


class RowQueue(Queue, Generic[Item]):
    """Work that has its own rows."""

    most_attempts: ClassVar[int | None] = MOST_ATTEMPTS

    @abstractmethod
    def waiting(self) -> QuerySet[Item]:
        """The rows that a worker may process: not settled, paused or stopped."""

    def given_up(self, item: Item) -> str:
        """The message for people once all attempts are used up."""
        return f"{self.most_attempts} attempts ended without an outcome."


class ItemQueue(RowQueue[Item]):
    """Work in which each piece is a row. A kind of work names its rows and its action; the rest is shared."""

    @abstractmethod
    def fail(self, item: Item, failure: Failure, *, at: datetime) -> None:
        """Record on the item that it failed, and why; the queue saves it."""

    def may_begin(self, item: Item, *, at: datetime) -> bool:
        """Whether an attempt may start now. The item is locked, and saved afterward: it may be settled or postponed instead."""
        return True

    def begin(self, item: Item, *, at: datetime) -> bool:
        """Count an attempt, if one starts now; an item whose attempts are used up fails."""
        if self.most_attempts is not None and item.attempts >= self.most_attempts:
            logger.error("%s: no attempt at %s had an outcome", self.task, item.pk)
            self.fail(item, Failure(GIVEN_UP, self.given_up(item)), at=at)
            return False
        if not self.may_begin(item, at=at):
            return False
        item.attempts += 1
        return True
