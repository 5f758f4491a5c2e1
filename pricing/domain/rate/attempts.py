"""Limit rating attempts: each attempt is counted before it starts, and the third is the last.

A period that fails three times needs attention: it shows on the front page, on the page of unrated actions and in the
metrics, and a person can let the workers try again.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.tasks import after_commit
from leads.models import BillingPeriod
from pricing.models import PeriodTally, RatingAttempts
from pricing.models.attempts import TRIES
from pricing.rating.unpriceable import in_words

RATING_RETRIED = Verb("rating_retried", "Rating tried again")

# Skip what another worker is rating now; that counts as its attempt only.
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
    """Only periods that the workers have given up on can be retried by a person."""

    code = "nothing_to_retry"
    message = "The workers have not given up on this billing period."


def claim(period_ids: Collection[int], *, at: datetime) -> list[int]:
    """Count an attempt at each waiting period that no worker is rating, and return their ids; committed first."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"periods": list(period_ids), "at": at, "tries": TRIES})
        return sorted(period for (period,) in cursor.fetchall())


@transaction.atomic
def give_back(period_ids: Sequence[int]) -> None:
    """These periods failed together; each is retried alone to find the cause."""
    tried = RatingAttempts.objects.filter(period__in=period_ids)
    tried.filter(attempts=1).delete()
    tried.update(attempts=F("attempts") - 1)


def note_failure(period_id: int, error: Exception) -> None:
    """Store why the last attempt failed."""
    RatingAttempts.objects.filter(period=period_id).update(message=in_words(error))


@transaction.atomic
def retry(period: BillingPeriod, *, by: User) -> None:
    """Let the workers try again and rate the whole period. Raises NothingToRetry."""
    if not RatingAttempts.objects.given_up().filter(period=period).delete()[0]:
        raise NothingToRetry
    record(RATING_RETRIED, on=period, by=by, also=[period.customer])
    PeriodTally.objects.filter(period=period).update(counters=None)  # the checkpoint itself may be what is wrong
    after_commit("pricing.rate_periods", period_ids=[period.pk])
