"""Nothing is rated again and again without an end: each attempt is counted before it is made, the third is the last.

What fails three times is a person's turn: it is told on the front page, on the page of what is unrated and to whoever
watches the metrics, and a person lets the workers try again.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F

from billing_engine.core.errors import Refused
from billing_engine.core.tasks import after_commit
from leads.models import BillingPeriod
from pricing.models import PeriodTally, RatingAttempts
from pricing.models.attempts import TRIES
from pricing.rating.unpriceable import in_words

# What somebody is rating at this moment is left to him, and counted as his attempt alone.
CLAIM = """
    INSERT INTO pricing_ratingattempts (period_id, attempts, attempted_at, message)
    SELECT free.id, 1, %(at)s, '' FROM (
        SELECT period.id FROM leads_billingperiod period
         WHERE period.id = ANY(%(periods)s) AND period.state = 'open'
           AND EXISTS (SELECT FROM leads_unratedmark mark WHERE mark.period_id = period.id)
           AND NOT EXISTS (SELECT FROM pricing_ratingattempts tried
                            WHERE tried.period_id = period.id AND tried.attempts >= %(tries)s)
         ORDER BY period.id FOR NO KEY UPDATE SKIP LOCKED) free
    ON CONFLICT (period_id)
    DO UPDATE SET attempts = pricing_ratingattempts.attempts + 1, attempted_at = EXCLUDED.attempted_at, message = ''
    RETURNING period_id
"""


class NothingToRetry(Refused):
    """Only what the workers have given up is a person's to retry."""

    code = "nothing_to_retry"
    message = "The workers have not given this billing period up."


def claim(period_ids: Collection[int], *, at: datetime) -> list[int]:
    """Count an attempt at each of the periods that wait and that nobody is rating; answers which. Committed before the work."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"periods": list(period_ids), "at": at, "tries": TRIES})
        return sorted(period for (period,) in cursor.fetchall())


@transaction.atomic
def give_back(period_ids: Sequence[int]) -> None:
    """These were tried together and failed together: whose fault it is is found out one by one."""
    tried = RatingAttempts.objects.filter(period__in=period_ids)
    tried.filter(attempts=1).delete()
    tried.update(attempts=F("attempts") - 1)


def note_failure(period_id: int, error: Exception) -> None:
    """Keep why the last attempt failed."""
    RatingAttempts.objects.filter(period=period_id).update(message=in_words(error))


@transaction.atomic
def retry(period: BillingPeriod) -> None:
    """Let the workers try again, and rate the whole period. Raises NothingToRetry."""
    if not RatingAttempts.objects.given_up().filter(period=period).delete()[0]:
        raise NothingToRetry
    PeriodTally.objects.filter(period=period).update(counters=None)  # where to go on from may be what is wrong
    after_commit("pricing.rate_periods", period_ids=[period.pk])
