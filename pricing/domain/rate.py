"""Rate stored periods: their actions stream in, their charges stream out, and no object is made per action."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, islice

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from billing_engine.core.errors import Refused
from leads.domain.periods import mark_unrated
from leads.models import BillingPeriod, UnratedMark
from pricing.domain.actions import START, StoredActions, period_of
from pricing.domain.bookmark import Bookmark, bookmarks, kept
from pricing.domain.carry import carried_over, carries
from pricing.domain.charges import CHARGES_AT_A_TIME, ChargeWriter
from pricing.domain.facts import catalogue_for, period_facts, rule_books
from pricing.domain.tally import Tally, save_tallies
from pricing.models import PeriodTally, UnratedAction
from pricing.rating.counters import Counters
from pricing.rating.facts import ActionFacts, Catalogue, RuleFacts
from pricing.rating.period import needs_foresight, rate_period

UNRATED_AT_A_TIME = 5_000


class PeriodIsClosed(Refused):
    """What is billed is not rated again."""

    code = "period_is_closed"
    message = "This period is closed; its charges never change."


@dataclass(slots=True)
class PeriodRating:
    """One period on its way: where it starts from, what it counts."""

    period: BillingPeriod
    rules: list[RuleFacts]
    start: Bookmark | None
    counters: Counters
    tally: Tally = field(default_factory=Tally)

    @property
    def has_foresight(self) -> bool:
        return needs_foresight(self.rules)

    def tallied(self, actions: StoredActions, at: datetime) -> PeriodTally:
        last = actions.last[self.period.pk]
        return self.tally.stored(
            self.period,
            self.start.tally if self.start else None,
            last=None if last == START else last,
            counters=None if self.has_foresight else kept(self.counters),
            at=at,
        )


@transaction.atomic
def rate_waiting(period_ids: Iterable[int], *, at: datetime) -> list[PeriodTally]:
    """Rate those of the periods that something has changed for and nobody is rating at this moment; all, or none.

    Whoever is rating one leaves the newer marks where they are, and the next sweep asks again.
    """
    marks = UnratedMark.objects.filter(period=OuterRef("pk"))
    waiting = _locking().filter(Exists(marks), pk__in=period_ids, state=BillingPeriod.State.OPEN)
    tallies = list[PeriodTally]()
    for periods in _one_per_customer(waiting.select_for_update(no_key=True, of=("self",), skip_locked=True)):
        tallies += _rate(periods, at)
    return tallies


@transaction.atomic
def rate(period: BillingPeriod, *, at: datetime) -> PeriodTally:
    """Rate an open period: afterwards each of its actions is charged, excluded or unrated, and the tally says so.

    On from where the last rating ended, if nothing but later actions has come since; otherwise anew: the charges are the
    same. Raises PeriodIsClosed. Safe to run twice, twice at once, and to kill: it happens whole or not at all.
    """
    # NO KEY UPDATE: intake, which only wants the period to stay, goes on meanwhile; another rating and a close wait.
    period = _locking().select_for_update(no_key=True, of=("self",)).get(pk=period.pk)
    if not period.is_open:
        raise PeriodIsClosed(period=period.pk)
    [tally] = _rate([period], at)
    return tally


def _locking() -> QuerySet[BillingPeriod]:
    return BillingPeriod.objects.select_related("customer").order_by("pk")


def _one_per_customer(periods: Iterable[BillingPeriod]) -> Iterator[list[BillingPeriod]]:
    """A customer's later period depends on its earlier one: first every customer's first, then every second, …"""
    left = sorted(periods, key=lambda period: (period.start_at, period.pk))
    while left:
        first = dict[int, BillingPeriod]()
        for period in left:
            first.setdefault(period.customer_id, period)
        yield list(first.values())
        left = [period for period in left if first[period.customer_id] is not period]


def _rate(periods: Sequence[BillingPeriod], at: datetime) -> list[PeriodTally]:
    """Rate locked open periods of as many customers together: what they have in common is read once."""
    # First the marks, then the actions: whoever commits in between leaves a mark that this rating does not take away.
    marks = list(UnratedMark.objects.filter(period__in=periods).values_list("pk", "period", "reason"))
    rules = rule_books([period.customer for period in periods])
    reasons = {period.pk: {reason for _, of, reason in marks if of == period.pk} for period in periods}
    starts = bookmarks(periods, rules, reasons=reasons)
    counters = carried_over(periods, rules, with_own=starts)
    ratings = {
        period.pk: PeriodRating(period, rules[period.customer_id], starts.get(period.pk), counters[period.pk])
        for period in periods
    }
    _forget_charges([period for period in periods if period.pk not in starts])
    tallies = _decide(ratings, catalogue_for(*(period.customer for period in periods)), at)
    UnratedMark.objects.filter(pk__in=[pk for pk, _, _ in marks]).delete()
    _mark_later([period for period in periods if carries(rules[period.customer_id])])
    return tallies


def _decide(ratings: Mapping[int, PeriodRating], catalogue: Catalogue, at: datetime) -> list[PeriodTally]:
    """Decide every action, write the charges, the unrated actions and the tallies."""
    with ChargeWriter() as writer:
        read = dict[int, StoredActions]()
        for rating in ratings.values():
            if rating.start:
                rating.start.restore(rating.counters)
        # One at a time where a rule needs foresight: its actions are gone through more than once.
        for some in _together(ratings.values()):
            after = {rating.period.pk: rating.start.place if rating.start else START for rating in some}
            actions = StoredActions(after, before_fetch=writer.wait)
            read |= dict.fromkeys(after, actions)
            if some[0].has_foresight:
                _charge(some[0], actions.remember(), catalogue, writer)
                continue
            for period, each in groupby(actions, key=period_of):
                _charge(ratings[period], each, catalogue, writer)
    unrated = [UnratedAction(action_id=pk, period=one.period) for one in ratings.values() for pk in one.tally.unrated]
    UnratedAction.objects.bulk_create(unrated, batch_size=UNRATED_AT_A_TIME)
    tallies = [rating.tallied(read[period], at) for period, rating in ratings.items()]
    save_tallies(tallies)
    return tallies


def _together(ratings: Iterable[PeriodRating]) -> list[list[PeriodRating]]:
    alone, together = list[list[PeriodRating]](), list[PeriodRating]()
    for rating in ratings:
        if rating.has_foresight:
            alone.append([rating])
        else:
            together.append(rating)
    return [*alone, together] if together else alone


def _charge(rating: PeriodRating, actions: Iterable[ActionFacts], catalogue: Catalogue, writer: ChargeWriter) -> None:
    customer = period_facts(rating.period)
    decisions = iter(
        rate_period(actions, customer=customer, rules=rating.rules, catalogue=catalogue, carried=rating.counters)
    )
    while batch := list(islice(decisions, CHARGES_AT_A_TIME)):
        writer.write(rating.period.pk, rating.tally.count(batch))


def _forget_charges(periods: Sequence[BillingPeriod]) -> None:
    # One that was never rated has none: the tally is written with the charges.
    rated = list(PeriodTally.objects.filter(period__in=periods).values_list("period", flat=True))
    if not rated:
        return
    with connection.cursor() as cursor:
        # Through the actions' index: charges have none of their own by period, it would slow every write.
        cursor.execute(
            "DELETE FROM pricing_charge USING leads_action"
            " WHERE leads_action.id = pricing_charge.action_id AND leads_action.period_id = ANY(%s)",
            [rated],
        )
    UnratedAction.objects.filter(period__in=rated).delete()


def _mark_later(periods: Sequence[BillingPeriod]) -> None:
    """These carry over: what was rated after them is rated anew."""
    starts = {period.customer_id: period.start_at for period in periods}
    later = BillingPeriod.objects.open().filter(customer__in=starts)
    mark_unrated([one for one in later if one.start_at > starts[one.customer_id]], reason="earlier rated")
