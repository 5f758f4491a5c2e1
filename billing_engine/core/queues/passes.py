"""A pass processes many things in order, a batch in each transaction; one row stands for the pass."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Generic, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet

from billing_engine.core.queues.attempt import GIVEN_UP, UNEXPECTED, Failure, attempted
from billing_engine.core.queues.hold import held
from billing_engine.core.queues.items import WorkPass
from billing_engine.core.queues.queue import AT_A_TIME, Message, RowQueue, logger
from billing_engine.core.saving import save_changes, values_of

Pass = TypeVar("Pass", bound=WorkPass)
Thing = TypeVar("Thing", bound=Model)


class PassQueue(RowQueue[Pass], Generic[Pass, Thing]):
    """For work that has an order, or must not be done by two workers at a time.

    A batch that fails, or ends with its worker, is processed again one thing at a time. Attempts are counted for the
    first thing of a batch: one that kills its workers is skipped, and the pass continues.
    """

    batch_size: ClassVar[int] = 1

    @abstractmethod
    def left_of(self, item: Pass) -> QuerySet[Thing]:
        """The things that are left, in the order of the pass."""

    @abstractmethod
    def act(self, item: Pass, things: Sequence[Thing], /, *, at: datetime) -> Mapping[int, Failure]:
        """Process these things, count them on the pass, and return by id those that were refused, and why.

        Use a savepoint: after an error, each of the things is processed alone. A refusal that is raised is one of all.
        """

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
        """Process the next batch of the pass; return whether more may remain. Skip a pass that another worker has."""
        with held(self.task, item_id) as is_ours:
            return is_ours and self._claim(item_id, at=at) and self._perform(item_id, at=at)

    @transaction.atomic
    def _claim(self, item_id: int, *, at: datetime) -> bool:
        item = self._free(item_id)
        if item is None:
            return False
        first = self.left_of(item).first()
        if first is None:
            before = values_of(item)
            self.finish(item, at=at)
            save_changes(item, since=before)
            return False
        if item.trying != first.pk:
            item.trying, item.attempts = first.pk, 0
        elif not item.one_by_one:  # the last batch began with it, and its worker ended
            item.one_by_one = self.batch_size
        item.attempts += 1
        item.save(update_fields=["attempts", "trying", "one_by_one"])
        return True

    @transaction.atomic
    def _perform(self, item_id: int, *, at: datetime) -> bool:
        item = self._free(item_id)
        if item is None:  # stopped
            return False
        before = values_of(item)
        things = list(self.left_of(item)[: 1 if item.one_by_one else self.batch_size])
        if not things or things[0].pk != item.trying:  # settled by a person in the meantime
            return True
        outcome = self._outcome(item, things, at)
        if isinstance(outcome, Failure):
            item.trying, item.one_by_one = 0, len(things)
        else:
            for thing in things:
                if thing.pk in outcome:
                    self.skip(item, thing, outcome[thing.pk], at=at)
            item.one_by_one = max(0, item.one_by_one - 1)
        save_changes(item, since=before)
        return True

    def _outcome(self, item: Pass, things: Sequence[Thing], at: datetime) -> Mapping[int, Failure] | Failure:
        """The failures by id; or the error of a batch, whose things are to be processed one by one."""
        what = f"{self.task} of {', '.join(str(thing.pk) for thing in things)}"
        if self.most_attempts is not None and item.attempts > self.most_attempts:
            logger.error("%s: no attempt had an outcome", what)
            return {things[0].pk: Failure(GIVEN_UP, self.given_up(item))}
        outcome = attempted(lambda: self.act(item, things, at=at), what=what)
        if not isinstance(outcome, Failure) or (outcome.code == UNEXPECTED and len(things) > 1):
            return outcome
        return dict.fromkeys((thing.pk for thing in things), outcome)

    def _free(self, item_id: int) -> Pass | None:
        return self.waiting().select_for_update(of=("self",), skip_locked=True).filter(pk=item_id).first()
