"""Rate stored periods: stream their actions in and their charges out, without an object per action."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from billing_engine.core.errors import Refused
from billing_engine.core.queues.collector import collector_off
from leads.domain.periods import mark_unrated
from leads.models import Action, BillingPeriod, UnratedMark
from pricing.domain.rate.actions import START, Place, StoredActions, number_of
from pricing.domain.rate.activity import EVER, SoonRolledUp, Touched, roll_up, touched
from pricing.domain.rate.book.books import books_of
from pricing.domain.rate.carry_over import carried_over, carries
from pricing.domain.rate.charges import CHARGES_AT_A_TIME, REFUSED, ChargeWriter, FaultFinder
from pricing.domain.rate.checkpoint import Checkpoint, checkpoints, kept
from pricing.domain.rate.decisions import DecidedPeriod, in_rating_order
from pricing.domain.rate.inputs import period_facts
from pricing.domain.rate.tally import Tally, save_tallies
from pricing.models import PeriodTally, RatingAttempts, UnratedAction
from pricing.rating.instants import instant
from pricing.rating.values import ActionFacts, ActionId

UNRATED_AT_A_TIME = 5_000
# Dropping refused charges can make others fail that had been cut to zero; after this many rounds, the cause is another.
TIMES_SET_ASIDE = 3

logger = logging.getLogger(__name__)


class PeriodIsClosed(Refused):
    """Billed charges are never rated again."""

    code = "period_is_closed"
    message = "This period is closed. Its charges can't change."


@dataclass(slots=True, kw_only=True)
class PeriodRating(DecidedPeriod):
    """A period being rated: its starting point and its counts."""

    start: Checkpoint | None
    tally: Tally = field(init=False)
    is_rolled_up: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.tally = Tally(self.period.customer.zone)

    def touched(self, *, aside: bool) -> list[Touched]:
        """The days of the period whose activity may have changed; those without earlier actions need no counting."""
        sums = self.tally.sums
        if aside:  # not among the decisions
            return [touched(self.period)]
        if self.start is None:
            return [touched(self.period, counted=sums, after=EVER)]
        if not sums.days:
            return []
        # A day more, because a date comes back where clocks go back over midnight.
        last = self.period.customer.day_of(instant(self.start.place[0])) + timedelta(days=1)
        return [touched(self.period, min(sums.days), counted=sums, after=last)]

    def tallied(self, actions: StoredActions, at: datetime) -> PeriodTally:
        last = actions.last[self.period.pk]
        return self.tally.stored(
            self.period,
            self.start.tally if self.start else None,
            last=None if last == START else last,
            # Actions that could not be priced are retried with the next ones.
            counters=None if self.has_foresight or self.tally.faults else kept(self.counters),
            at=at,
        )

    def unrated(self) -> Iterator[UnratedAction]:
        """The actions without a price, and why; not saved yet."""
        faults = self.tally.faults
        for action in self.tally.unrated:
            code = UnratedAction.Code.UNPRICEABLE if action in faults else UnratedAction.Code.NO_RULE
            words = faults.get(action, "")
            yield UnratedAction(action_id=number_of(action), period=self.period, code=code, message=words)


@transaction.atomic
def rate_waiting(period_ids: Iterable[int], *, at: datetime) -> list[PeriodTally]:
    """Rate, in one transaction, those of the periods that have changes and that no other worker is rating.

    The worker that is rating a period leaves newer marks in place, and the next sweep picks them up.
    """
    marks = UnratedMark.objects.filter(period=OuterRef("pk"))
    waiting = _locking().filter(Exists(marks), pk__in=period_ids, state=BillingPeriod.State.OPEN)
    tallies = list[PeriodTally]()
    for periods in _one_per_customer(waiting.select_for_update(no_key=True, of=("self",), skip_locked=True)):
        tallies += _rate(periods, at)
    return tallies


@transaction.atomic
def rate(period: BillingPeriod, *, at: datetime) -> PeriodTally:
    """Rate an open period: each of its actions becomes charged, excluded or unrated, and the tally is updated.

    Rating continues from the checkpoint if only later actions came since; otherwise it starts over. Both give the same
    charges. Raises PeriodIsClosed. Safe to run twice, concurrently, and to kill: it commits whole or not at all.
    """
    return rate_together([period], at=at)[period.pk]


@transaction.atomic
def rate_together(periods: Sequence[BillingPeriod], *, at: datetime) -> dict[int, PeriodTally]:
    """The same for several periods; return their tallies."""
    # NO KEY UPDATE: intake, which only needs the period to exist, continues; another rating or a close waits.
    locked = _locking().select_for_update(no_key=True, of=("self",)).filter(pk__in=[period.pk for period in periods])
    tallies = dict[int, PeriodTally]()
    for some in _one_per_customer(locked):
        if closed := [period.pk for period in some if not period.is_open]:
            raise PeriodIsClosed(period=closed[0])
        tallies |= {tally.period_id: tally for tally in _rate(some, at)}
    return tallies


def _locking() -> QuerySet[BillingPeriod]:
    return BillingPeriod.objects.select_related("customer").prefetch_related("customer__terms").order_by("pk")


def _one_per_customer(periods: Iterable[BillingPeriod]) -> Iterator[list[BillingPeriod]]:
    """Group so that a customer's earlier period comes first: every customer's first, then every second, and so on."""
    left = sorted(periods, key=lambda period: (period.start_at, period.pk))
    while left:
        first = dict[int, BillingPeriod]()
        for period in left:
            first.setdefault(period.customer_id, period)
        yield list(first.values())
        left = [period for period in left if first[period.customer_id] is not period]


def _rate(periods: Sequence[BillingPeriod], at: datetime) -> list[PeriodTally]:
    """Rate locked open periods of different customers together, reading shared data once.

    Charges that PostgreSQL refuses are found, and their actions stay unrated; the others are rated without them.
    """
    aside = dict[ActionId, str]()
    for _ in range(TIMES_SET_ASIDE):
        try:
            with transaction.atomic(), collector_off():
                return _rate_without(aside, periods, at)
        except REFUSED:
            refused = _refused(periods, aside)
            if not refused:
                raise  # not due to a single action's charge
            logger.exception("Charges were refused: the actions %s stay unrated.", sorted(map(number_of, refused))[:10])
            aside |= refused
    return _rate_without(aside, periods, at)


def _rate_without(aside: Mapping[ActionId, str], periods: Sequence[BillingPeriod], at: datetime) -> list[PeriodTally]:
    # Read marks before actions: a concurrent commit leaves a mark that this rating does not remove.
    marks = list(UnratedMark.objects.filter(period__in=periods).values_list("pk", "period", "reason"))
    ratings = _starting_points(periods, marks)
    with ChargeWriter() as writer:
        activity = SoonRolledUp(writer.soon)

        def roll_up_soon(rating: PeriodRating) -> None:
            if rating.start is None and not aside:
                activity.add(*rating.touched(aside=False))
                rating.is_rolled_up = True

        read = _decide(ratings, aside, writer, roll_up_soon)
        activity.finish()
    found = Action.objects.filter(pk__in=map(number_of, aside), period__in=ratings).values_list("pk", "period")
    without = {period for _, period in found}
    for pk, period in found:
        action = ActionId(pk)
        ratings[period].tally.set_aside(action, aside[action])
    UnratedAction.objects.bulk_create(
        (row for one in ratings.values() for row in one.unrated()), batch_size=UNRATED_AT_A_TIME
    )
    tallies = [rating.tallied(read[period], at) for period, rating in ratings.items()]
    save_tallies(tallies)
    left = [rating for rating in ratings.values() if not rating.is_rolled_up]
    roll_up([each for rating in left for each in rating.touched(aside=rating.period.pk in without)])
    UnratedMark.objects.filter(pk__in=[pk for pk, _, _ in marks]).delete()
    RatingAttempts.objects.filter(period__in=periods).delete()
    _mark_later([one.period for one in ratings.values() if carries(one.book.rules)])
    return tallies


def _refused(periods: Sequence[BillingPeriod], aside: Mapping[ActionId, str]) -> dict[ActionId, str]:
    """Return the actions whose charges PostgreSQL refuses, and why; nothing is written."""
    finder = FaultFinder()
    with transaction.atomic():
        marks = list(UnratedMark.objects.filter(period__in=periods).values_list("pk", "period", "reason"))
        _decide(_starting_points(periods, marks), aside, finder)
        transaction.set_rollback(True)
    return finder.refused


def _starting_points(
    periods: Sequence[BillingPeriod], marks: Sequence[tuple[int, int, str]]
) -> dict[int, PeriodRating]:
    """Where each period starts from; the charges of those rated whole are deleted."""
    books = books_of(period.customer for period in periods)
    rules = {customer: book.rules for customer, book in books.items()}
    reasons = {period.pk: {reason for _, of, reason in marks if of == period.pk} for period in periods}
    starts = checkpoints(periods, rules, reasons=reasons)
    counters = carried_over(periods, rules, with_own=starts)
    _forget_charges([period for period in periods if period.pk not in starts])
    return {
        period.pk: PeriodRating(
            period=period,
            customer=period_facts(period),
            book=books[period.customer_id],
            counters=counters[period.pk],
            start=(start := starts.get(period.pk)),
            after=start.place if start else START,
        )
        for period in periods
    }


def _decide(
    ratings: Mapping[int, PeriodRating],
    aside: Mapping[ActionId, str],
    writer: ChargeWriter | FaultFinder,
    decided: Callable[[PeriodRating], None] = lambda _: None,
) -> dict[int, StoredActions]:
    """Decide every action and write the charges; return what was read, by period. Each period is told when it is decided."""
    read = dict[int, StoredActions]()

    def stored(after: Mapping[int, Place]) -> StoredActions:
        actions = StoredActions(after, soon=writer.soon)
        read.update(dict.fromkeys(after, actions))
        return actions

    for rating in ratings.values():
        if rating.start:
            rating.start.restore(rating.counters)
    for rating, actions in in_rating_order(ratings.values(), stored, aside=aside):
        _charge(rating, actions, writer)
        decided(rating)
    return read


def _charge(rating: PeriodRating, actions: Iterable[ActionFacts], writer: ChargeWriter | FaultFinder) -> None:
    decisions = rating.decide(actions, faults=rating.tally.faults, sums=rating.tally.sums)
    while batch := list(islice(decisions, CHARGES_AT_A_TIME)):
        writer.write(rating.period.pk, rating.tally.charges(batch))


def _forget_charges(periods: Sequence[BillingPeriod]) -> None:
    # A period that was never rated has no charges: the tally is written with them.
    rated = list(PeriodTally.objects.filter(period__in=periods).values_list("period", flat=True))
    if not rated:
        return
    with connection.cursor() as cursor:
        # Use the actions' index: charges have none by period, because it would slow every write.
        cursor.execute(
            "DELETE FROM pricing_charge USING leads_action"
            " WHERE leads_action.id = pricing_charge.action_id AND leads_action.period_id = ANY(%s)",
            [rated],
        )
    UnratedAction.objects.filter(period__in=rated).delete()


def _mark_later(periods: Sequence[BillingPeriod]) -> None:
    """Mark the customers' later periods, because rating carries over into them."""
    starts = {period.customer_id: period.start_at for period in periods}
    later = BillingPeriod.objects.open().filter(customer__in=starts)
    mark_unrated([one for one in later if one.start_at > starts[one.customer_id]], reason="earlier rated")
