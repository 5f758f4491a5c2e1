"""Count the charges of each price rule and their sum, per period after its rating, so that pages need not.

Charges have no index by rule, because it would cost every rating more than all pages save. A period's charges are read
once after its rating; a period that is rated often is counted every few minutes.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import F, Q, Sum

from billing_engine.core.queues.queue import Message, Queue
from pricing.models import PeriodTally, RuleUse, UseCount

AT_MOST_EVERY = timedelta(minutes=5)
AT_A_TIME = 500

COUNT = """
    INSERT INTO pricing_ruleuse (rule_id, period_id, charges, amount)
    SELECT charge.rule_id, %(period)s, count(*), sum(charge.amount)
      FROM leads_action action JOIN pricing_charge charge ON charge.action_id = action.id
     WHERE action.period_id = %(period)s AND charge.reason = ''
     GROUP BY charge.rule_id
"""


@dataclass(frozen=True, slots=True)
class Use:
    """What a rule has charged in all periods."""

    charges: int
    amount: Decimal


class UseCounts(Queue):
    """Periods whose charges are to be counted by rule. A lost count is repeated; counting twice changes nothing."""

    task = "pricing.count_uses"

    def due(self, *, at: datetime) -> list[Message]:
        """Every period rated since its last count, unless that count was recent."""
        counted = Q(period__use_count__rated_at=F("rated_at")) | Q(period__use_count__counted_at__gt=at - AT_MOST_EVERY)
        stale = PeriodTally.objects.exclude(counted).values_list("period_id", flat=True)[:AT_A_TIME]
        return [{"period_id": pk} for pk in stale]

    def work(self, period_id: int, *, at: datetime) -> None:
        """Count one period."""
        count_uses(period_id, at=at)


USE_COUNTS = UseCounts()


@transaction.atomic
def count_uses(period_id: int, *, at: datetime) -> None:
    """Count what each rule charged in the period; never waits for another count and never blocks one."""
    # If two counts run at once, the second finds the row locked and leaves it to the first.
    UseCount.objects.get_or_create(period_id=period_id, defaults={"rated_at": at, "counted_at": at})
    if not UseCount.objects.select_for_update(skip_locked=True).filter(pk=period_id).exists():
        return
    tally = PeriodTally.objects.get(pk=period_id)
    RuleUse.objects.filter(period_id=period_id).delete()
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"period": period_id})
    UseCount.objects.filter(pk=period_id).update(rated_at=tally.rated_at, counted_at=at)


def uses_of(rules: Collection[int]) -> dict[int, Use]:
    """By rule; rules that never charged anything are missing."""
    found = RuleUse.objects.filter(rule__in=rules).values_list("rule").annotate(Sum("charges"), Sum("amount"))
    return {rule: Use(charges, amount) for rule, charges, amount in found}
