"""Finds what waits to be rated, whatever became of the messages."""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from billing_engine.core.tasks import after_commit
from leads.models import BillingPeriod, UnratedMark
from pricing.domain.rate.attempts import claim, give_back, note_failure
from pricing.domain.rate.rate import rate_waiting
from pricing.models.attempts import TRIES

logger = logging.getLogger(__name__)

# Small periods are rated together, since reading the rules anew for each would cost more than rating it; a large one
# alone, so that it delays no other.
TOGETHER = 50
LARGE = 50_000


def ask_for_ratings() -> int:
    """Ask for the rating of every open period with a mark, but for those that were given up; answers how many."""
    _forget_marks_that_came_too_late()
    waiting = BillingPeriod.objects.open().filter(unrated_marks__isnull=False).distinct().order_by("pk")
    waiting = waiting.exclude(rating_attempts__attempts__gte=TRIES)
    sizes = list(waiting.values_list("pk", "tally__actions", "rating_attempts__attempts"))
    # One that was tried in vain before is tried alone: it may be it that kills its workers.
    alone = [pk for pk, actions, attempts in sizes if (actions or 0) > LARGE or attempts]
    together = [pk for pk, _, _ in sizes if pk not in set(alone)]
    for start in range(0, len(together), TOGETHER):
        after_commit("pricing.rate_periods", period_ids=together[start : start + TOGETHER])
    for pk in alone:
        after_commit("pricing.rate_periods", period_ids=[pk])
    return len(sizes)


def _forget_marks_that_came_too_late() -> None:
    """Take the marks off closed periods: nobody rates those, so one would stay, and excuse a month's sums, for ever.

    Who changes what other periods depend on marks those that are open when it looks; one of them may be closing just then.
    Once it is opened again it gets a mark of its own, and is rated from its first action on.
    """
    UnratedMark.objects.filter(period__state=BillingPeriod.State.CLOSED).delete()


def waiting_marks() -> QuerySet[UnratedMark]:
    """What came in and waits for a worker to rate it: of open periods, but for those that were given up."""
    marks = UnratedMark.objects.filter(period__state=BillingPeriod.State.OPEN)
    return marks.exclude(period__rating_attempts__attempts__gte=TRIES)


def rate_together(period_ids: Sequence[int], *, at: datetime) -> None:
    """Rate those that wait; if one of several can't be rated, each is asked for by itself, and only that one fails.

    One that fails by itself three times is a person's turn.
    """
    claimed = claim(period_ids, at=at)
    try:
        rate_waiting(claimed, at=at)
    except Exception as error:
        if len(claimed) == 1:
            note_failure(claimed[0], error)
            raise
        logger.exception("Could not rate the periods %s together; each is tried alone.", claimed)
        give_back(claimed)
        for period_id in claimed:
            after_commit("pricing.rate_periods", period_ids=[period_id])
