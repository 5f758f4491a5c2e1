"""The queue of ratings: which periods are due, and one attempt at some of them."""

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

# Small periods are rated together, because reading the rules for each would cost more than the rating; a large one
# is rated alone so that it delays no other.
TOGETHER = 50
LARGE = 50_000


class Ratings(Queue):
    """Open periods with a mark. Marks come in bulk, so attempts are counted in a row that only ratings write."""

    task = "pricing.rate_periods"

    def tidy(self, *, at: datetime) -> None:
        """Remove the marks of closed periods, which are never rated: a mark would stay and excuse wrong sums forever.

        Changes mark the dependent periods that are open at that moment, and one of them may be closing. A reopened
        period gets its own mark and is rated from its first action.
        """
        UnratedMark.objects.filter(period__state=BillingPeriod.State.CLOSED).delete()

    def due(self, *, at: datetime) -> list[Message]:
        """Every open period with a mark, except those given up on."""
        waiting = BillingPeriod.objects.open().filter(unrated_marks__isnull=False).distinct().order_by("pk")
        waiting = waiting.exclude(rating_attempts__attempts__gte=TRIES)
        sizes = list(waiting.values_list("pk", "tally__actions", "rating_attempts__attempts"))
        # A period that failed before is tried alone, because it may be what kills its workers.
        alone = [pk for pk, actions, attempts in sizes if (actions or 0) > LARGE or attempts]
        together = [pk for pk, _, _ in sizes if pk not in set(alone)]
        groups = [together[start : start + TOGETHER] for start in range(0, len(together), TOGETHER)]
        return [{"period_ids": group} for group in [*groups, *([pk] for pk in alone)]]

    def work(self, period_ids: Sequence[int], *, at: datetime) -> None:
        """Rate the due periods; if several fail together, retry each alone so that only the cause fails.

        A period that fails alone three times needs attention.
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


def waiting_marks() -> QuerySet[UnratedMark]:
    """Marks waiting for a worker: those of open periods that were not given up on."""
    marks = UnratedMark.objects.filter(period__state=BillingPeriod.State.OPEN)
    return marks.exclude(period__rating_attempts__attempts__gte=TRIES)
