"""The queue of ratings: which periods wait, and a worker's attempt at some of them."""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from billing_engine.core.queues.queue import Message, Queue
from leads.models import BillingPeriod, UnratedMark
from pricing.domain.rate.attempts import claim, give_back, note_failure
from pricing.domain.rate.rate import rate_waiting
from pricing.models.attempts import TRIES

logger = logging.getLogger(__name__)

# Small periods are rated together, since reading the rules anew for each would cost more than rating it; a large one
# alone, so that it delays no other.
TOGETHER = 50
LARGE = 50_000


class Ratings(Queue):
    """Open periods with a mark. Marks come in bulk, so a period's attempts are counted in a row that only a rating makes."""

    task = "pricing.rate_periods"

    def tidy(self, *, at: datetime) -> None:
        """Take the marks off closed periods: nobody rates those, so one would stay, and excuse a month's sums, for ever.

        Who changes what other periods depend on marks those that are open when it looks; one of them may be closing just
        then. Once it is opened again it gets a mark of its own, and is rated from its first action on.
        """
        UnratedMark.objects.filter(period__state=BillingPeriod.State.CLOSED).delete()

    def due(self, *, at: datetime) -> list[Message]:
        """Every open period with a mark, except those that were given up."""
        waiting = BillingPeriod.objects.open().filter(unrated_marks__isnull=False).distinct().order_by("pk")
        waiting = waiting.exclude(rating_attempts__attempts__gte=TRIES)
        sizes = list(waiting.values_list("pk", "tally__actions", "rating_attempts__attempts"))
        # One that was tried in vain before is tried alone: it may be it that kills its workers.
        alone = [pk for pk, actions, attempts in sizes if (actions or 0) > LARGE or attempts]
        together = [pk for pk, _, _ in sizes if pk not in set(alone)]
        groups = [together[start : start + TOGETHER] for start in range(0, len(together), TOGETHER)]
        return [{"period_ids": group} for group in [*groups, *([pk] for pk in alone)]]

    def work(self, period_ids: Sequence[int], *, at: datetime) -> None:
        """Rate those that wait; if several cannot be rated together, each is tried alone, and only the culprit fails.

        One that fails alone three times is a person's turn.
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
                self.ask(period_ids=[period_id])


RATINGS = Ratings()


def rate_together(period_ids: Sequence[int], *, at: datetime) -> None:
    """Rate those of the periods that wait."""
    RATINGS.work(period_ids, at=at)


def waiting_marks() -> QuerySet[UnratedMark]:
    """What came in and waits for a worker to rate it: of open periods, but for those that were given up."""
    marks = UnratedMark.objects.filter(period__state=BillingPeriod.State.OPEN)
    return marks.exclude(period__rating_attempts__attempts__gte=TRIES)
