"""The queue of periods to bill: each is closed and its invoice drafted, or the reason why not is recorded."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from django.db import DatabaseError, OperationalError, transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from billing_engine.core import log_context
from billing_engine.core.deeds.record import deed_of, record_all
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.models import Deed
from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.locked import LockedQueue
from billing_engine.core.queues.queue import AT_A_TIME, Message
from invoices.domain.life.close import PeriodNotOver, close_together
from invoices.domain.life.deeds import total_of
from invoices.domain.run.free_periods import free_to_close, free_to_rate
from invoices.models import BillingRun, BillingRunItem
from pricing.domain.rate.rate import rate_waiting

QUIET = timedelta(seconds=10)
NOT_SAID = "Its worker ended each time. Check the workers' log."
# Customers are billed together, because reading what they share costs more than the lines of one. Deliveries for these
# periods wait meanwhile, so all of them together have no more actions than this, unless one alone has.
TOGETHER = 50
ACTIONS_TOGETHER = 50_000
State = BillingRunItem.State

PERIOD_BILLED = Verb("period_billed", "Period billed")


class Bills(LockedQueue[BillingRunItem]):
    """Periods to bill, of different customers together."""

    task = "invoices.bill"

    def waiting(self) -> QuerySet[BillingRunItem]:
        return BillingRunItem.objects.to_bill().select_related("period__customer", "run__started_by")

    def act(self, items: Sequence[BillingRunItem], *, at: datetime) -> Sequence[BillingRunItem]:
        _follow(items)
        ready = list({item.period.customer_id: item for item in reversed(items)}.values())
        if len(items) > 1:
            free = free_to_rate([item.period for item in ready])
            ready = [item for item in ready if item.period_id in free]
        # In its own transaction: if unrated actions block the close, the list of unrated actions shows them.
        rate_waiting([item.period_id for item in ready], at=at)
        if len(items) > 1:
            free = free_to_close([item.period_id for item in ready])
            ready = [item for item in ready if item.period_id in free]
        self._bill(ready, at)
        return [item for item in items if item not in ready]

    @transaction.atomic
    def _bill(self, items: Sequence[BillingRunItem], at: datetime) -> None:
        closed = close_together([item.period for item in items], at=at)
        for item in items:
            refusal = closed.refused.get(item.period_id)
            if refusal is None:
                item.invoice = closed.drafts[item.period_id]
                item.state, item.settled_at = State.BILLED if item.invoice else State.NOTHING, at
            elif not isinstance(refusal, PeriodNotOver):  # by this worker's clock: it stays waiting
                self.fail(item, Failure(refusal.code, str(refusal)), at=at)
        record_all(_deed(item) for item in items if item.period_id in closed.drafts)

    def fail(self, item: BillingRunItem, failure: Failure, *, at: datetime) -> None:
        item.state, item.code, item.message, item.settled_at = State.FAILED, failure.code, failure.words, at

    def may_begin(self, item: BillingRunItem, *, at: datetime) -> bool:
        item.message = ""
        return True

    def interrupted(self, item_ids: Sequence[int], error: OperationalError) -> None:
        with suppress(DatabaseError):
            BillingRunItem.objects.waiting().filter(pk__in=item_ids).update(message=f"{type(error).__name__}: {error}")

    def given_up(self, item: BillingRunItem) -> str:
        return f"Started {self.most_attempts} times without finishing. {item.message or NOT_SAID}"

    def after(self, items: Sequence[BillingRunItem], *, at: datetime) -> None:
        finish_done_runs(BillingRun.objects.filter(pk__in={item.run_id for item in items}), at=at)

    def tidy(self, *, at: datetime) -> None:
        """Finish the runs whose last worker died after billing, before it could finish the run."""
        finish_done_runs(at=at)

    def ask_for(self, items: QuerySet[BillingRunItem]) -> int:
        """Request that these items be billed; return their number."""
        messages = [{"item_ids": ids} for ids in _together(items)]
        for message in messages:
            self.ask(**message)
        return sum(len(message["item_ids"]) for message in messages)

    def due(self, *, at: datetime) -> Sequence[Message]:
        """Return the waiting items of runs in which nothing was settled lately.

        In an active run the messages still exist; queueing them again would flood a long run.
        """
        latest = Coalesce(Max("items__settled_at"), "started_at")
        quiet = BillingRun.objects.filter(finished_at=None).annotate(latest=latest).filter(latest__lt=at - QUIET)
        waiting = self.waiting().filter(run__in=quiet.values("pk"))
        messages: list[Message] = [{"item_ids": ids} for ids in _together(waiting)]
        return messages[:AT_A_TIME]


BILLS = Bills()


def finish_done_runs(runs: QuerySet[BillingRun] | None = None, *, at: datetime) -> int:
    """Finish the runs (by default all) that have no waiting items; return how many."""
    waiting = BillingRunItem.objects.waiting().filter(run=OuterRef("pk"))
    done = (BillingRun.objects.all() if runs is None else runs).filter(~Exists(waiting), finished_at=None)
    return done.update(finished_at=at, paused_at=None, paused_by=None)


def _together(items: QuerySet[BillingRunItem]) -> Iterable[list[int]]:
    """Yield the ids of items of one run that are billed together; those that were tried before are alone."""
    rows = items.order_by("run", "pk").values_list("run", "pk", "attempts", "period__tally__actions")
    for _, of_run in groupby(rows, key=itemgetter(0)):
        some, actions = list[int](), 0
        for _, pk, attempts, size in of_run:
            if attempts:
                yield [pk]
                continue
            if some and (len(some) == TOGETHER or actions + (size or 0) > ACTIONS_TOGETHER):
                yield some
                some, actions = [], 0
            some.append(pk)
            actions += size or 0
        if some:
            yield some


def _follow(items: Sequence[BillingRunItem]) -> None:
    numbers = [str(item.pk) for item in items]
    log_context.follow(run=items[0].run_id, item=items[0].pk if len(items) == 1 else ", ".join(numbers))


def _deed(item: BillingRunItem) -> Deed:
    draft = item.invoice
    after = {"draft": str(draft), "total": total_of(draft)} if draft else {"draft": None}
    also = [*([draft] if draft else []), item.period.customer, item.run]
    return deed_of(PERIOD_BILLED, on=item.period, by=item.run.started_by, after=after, also=also)
