"""Rate a stored period: its actions stream in, its charges stream out, and no object is made per action."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice

from django.db import connection, transaction
from django.db.models import QuerySet

from billing_engine.core.errors import Refused
from leads.domain.periods import mark_unrated
from leads.models import BillingPeriod, UnratedMark
from pricing.domain.bookmark import Bookmark, bookmark, kept
from pricing.domain.carry import carried_over, carries
from pricing.domain.charges import copy_charges, in_units
from pricing.domain.facts import StoredActions, catalogue_for, customer_facts, rules_for
from pricing.models import PeriodTally, UnratedAction
from pricing.rating.facts import Decision, RuleFacts
from pricing.rating.period import needs_foresight, rate_period

# Large enough that a COPY's own cost vanishes, small enough that memory stays flat.
DECISIONS_AT_A_TIME = 20_000


class PeriodIsClosed(Refused):
    """What is billed is not rated again."""

    code = "period_is_closed"
    message = "This period is closed; its charges never change."


class Tally:
    """Counts decisions while they stream by."""

    def __init__(self) -> None:
        self.charged = self.excluded = self.amount = 0
        self.unrated: list[int] = []

    def watching(self, decisions: Iterable[Decision]) -> Iterator[list[Decision]]:
        """The decisions that become charges, batch by batch; the unrated ones stay here."""
        decisions = iter(decisions)
        while batch := list(islice(decisions, DECISIONS_AT_A_TIME)):
            rated = [one for one in batch if one.reason or one.rule is not None]
            if len(rated) < len(batch):
                self.unrated += [one.action for one in batch if one.is_unrated]
            excluded = sum([one.reason != "" for one in rated])
            self.excluded += excluded
            self.charged += len(rated) - excluded
            self.amount += sum([one.amount for one in rated])
            yield rated


@transaction.atomic
def rate_waiting(period_id: int, *, at: datetime) -> PeriodTally | None:
    """Rate a period if something has changed for it and nobody is rating it at this moment; otherwise None.

    Whoever is rating it leaves the newer marks where they are, and the next sweep asks again.
    """
    period = _locking().select_for_update(no_key=True, of=("self",), skip_locked=True).filter(pk=period_id).first()
    if period is None or not period.is_open or not period.unrated_marks.exists():
        return None
    return rate(period, at=at)


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
    # First the marks, then the actions: whoever commits in between leaves a mark that this rating does not take away.
    seen = dict(UnratedMark.objects.filter(period=period).values_list("pk", "reason"))
    rules = rules_for(period.customer)
    start = bookmark(period, rules, reasons=seen.values())
    stored = _rate_from(start, period, rules, at)
    UnratedMark.objects.filter(pk__in=seen).delete()
    if carries(rules):
        later = BillingPeriod.objects.open().filter(customer=period.customer, start_at__gt=period.start_at)
        mark_unrated(later, reason="earlier rated")
    return stored


def _rate_from(start: Bookmark | None, period: BillingPeriod, rules: list[RuleFacts], at: datetime) -> PeriodTally:
    """Rate on from there, or, without a start, forget what is charged and rate the whole period."""
    counters = carried_over(period, rules, with_own=start is not None)
    if start is None:
        _forget_charges(period)
    else:
        start.restore(counters)
    actions = StoredActions(period, after=None if start is None else (start.at, start.action))
    decisions = rate_period(
        actions,
        customer=customer_facts(period.customer),
        rules=rules,
        catalogue=catalogue_for(period.customer),
        carried=counters,
    )
    tally = Tally()
    copy_charges(period, tally.watching(decisions))
    UnratedAction.objects.bulk_create(
        [UnratedAction(action_id=action, period=period) for action in tally.unrated], batch_size=5_000
    )
    stored = PeriodTally(period=period) if start is None else start.tally
    _add(stored, tally, whole=start is None)
    stored.rated_to_at, stored.rated_to_action = actions.last or (None, None)
    stored.counters = None if needs_foresight(rules) else kept(counters)
    stored.rated_at = at
    stored.save()
    return stored


def _add(stored: PeriodTally, tally: Tally, *, whole: bool) -> None:
    if whole:
        stored.actions = stored.charged = stored.excluded = stored.unrated = 0
        stored.amount = Decimal(0)
    stored.charged += tally.charged
    stored.excluded += tally.excluded
    stored.unrated += len(tally.unrated)
    stored.actions = stored.charged + stored.excluded + stored.unrated
    stored.amount += in_units(tally.amount)


def _locking() -> QuerySet[BillingPeriod]:
    return BillingPeriod.objects.select_related("customer")


def _forget_charges(period: BillingPeriod) -> None:
    if not PeriodTally.objects.filter(period=period).exists():
        return  # it was never rated: the tally is written with the charges
    with connection.cursor() as cursor:
        # Through the actions' index: charges have none of their own by period, it would slow every write.
        cursor.execute(
            "DELETE FROM pricing_charge USING leads_action"
            " WHERE leads_action.id = pricing_charge.action_id AND leads_action.period_id = %s",
            [period.pk],
        )
    UnratedAction.objects.filter(period=period).delete()
