"""Rate a stored period: its actions stream in, its charges stream out, and no object is made per action."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet

from billing_engine.core.errors import Refused
from leads.models import BillingPeriod, UnratedMark
from pricing.domain.charges import copy_charges, in_units
from pricing.domain.facts import actions_of, catalogue_for, customer_facts, rules_for
from pricing.models import PeriodTally, UnratedAction
from pricing.rating.facts import Decision
from pricing.rating.period import rate_period


class PeriodIsClosed(Refused):
    """What is billed is not rated again."""

    code = "period_is_closed"
    message = "This period is closed; its charges never change."


class Tally:
    """Counts decisions while they stream by."""

    def __init__(self) -> None:
        self.charged = self.excluded = self.amount = 0
        self.unrated: list[int] = []

    def watching(self, decisions: Iterable[Decision]) -> Iterator[Decision]:
        """The decisions that become charges; the unrated ones stay here."""
        for decision in decisions:
            if decision.is_unrated:
                self.unrated.append(decision.action)
                continue
            if decision.reason:
                self.excluded += 1
            else:
                self.charged += 1
                self.amount += decision.amount
            yield decision


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
    """Rate an open period anew: afterwards each of its actions is charged, excluded or unrated, and the tally says so.

    Raises PeriodIsClosed. Safe to run twice, twice at once, and to kill: it happens whole or not at all.
    """
    # NO KEY UPDATE: intake, which only wants the period to stay, goes on meanwhile; another rating and a close wait.
    period = _locking().select_for_update(no_key=True, of=("self",)).get(pk=period.pk)
    if not period.is_open:
        raise PeriodIsClosed(period=period.pk)
    # First the marks, then the actions: whoever commits in between leaves a mark that this rating does not take away.
    seen = list(UnratedMark.objects.filter(period=period).values_list("pk", flat=True))
    _forget_charges(period)
    tally = Tally()
    with actions_of(period) as actions:
        decisions = rate_period(
            actions,
            customer=customer_facts(period.customer),
            rules=rules_for(period.customer),
            catalogue=catalogue_for(period.customer),
        )
        copy_charges(period, tally.watching(decisions))
    UnratedAction.objects.bulk_create(
        [UnratedAction(action_id=action, period=period) for action in tally.unrated], batch_size=5_000
    )
    UnratedMark.objects.filter(pk__in=seen).delete()
    return _store_tally(period, tally, at)


def _locking() -> QuerySet[BillingPeriod]:
    return BillingPeriod.objects.select_related("customer")


def _forget_charges(period: BillingPeriod) -> None:
    with connection.cursor() as cursor:
        # Through the actions' index: charges have none of their own by period, it would slow every write.
        cursor.execute(
            "DELETE FROM pricing_charge USING leads_action"
            " WHERE leads_action.id = pricing_charge.action_id AND leads_action.period_id = %s",
            [period.pk],
        )
    UnratedAction.objects.filter(period=period).delete()


def _store_tally(period: BillingPeriod, tally: Tally, at: datetime) -> PeriodTally:
    stored, _ = PeriodTally.objects.update_or_create(
        period=period,
        defaults={
            "actions": tally.charged + tally.excluded + len(tally.unrated),
            "charged": tally.charged,
            "excluded": tally.excluded,
            "unrated": len(tally.unrated),
            "amount": in_units(tally.amount),
            "rated_at": at,
        },
    )
    return stored
