"""Join items that arrived too early: store an action when its lead arrives, and apply a void when its action does.

Until then, or until their time is over, they wait in quarantine without needing a person.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery

from billing_engine.core.queues.attempt import UNEXPECTED, Failure, attempted
from billing_engine.core.queues.hold import held
from billing_engine.core.queues.queue import AT_A_TIME, Message, Queue
from leads.domain.quarantine.settle import (
    AlreadySettled,
    Kind,
    StillRefused,
    note_refusal,
    note_refused_again,
    resend,
)
from leads.models import Action, Lead, QuarantinedItem

AT_ONCE = 100  # items per message
# An item whose other arrived in time still joins, if the workers were down; but not one that ends its workers every time.
GRACE = timedelta(hours=1)

LEAD = Lead.objects.filter(source=OuterRef("source"), external_id=OuterRef("lead_external_id"))
ACTION = Action.objects.filter(lead=OuterRef("stored_lead"), external_id=OuterRef("waits_for"))
ARRIVED = Q(waits_for="", stored_lead__isnull=False) | Q(awaited_action__isnull=False)


class Joins(Queue):
    """Items that wait for another; each is stored in a transaction of its own."""

    task = "leads.join"

    def due(self, *, at: datetime) -> Sequence[Message]:
        """Every item whose lead or action has arrived."""
        due = _waiting().filter(ARRIVED)
        found = list(due.order_by("pk").values_list("pk", flat=True)[:AT_A_TIME])
        return [{"item_ids": found[start : start + AT_ONCE]} for start in range(0, len(found), AT_ONCE)]

    def tidy(self, *, at: datetime) -> None:
        """Leave the items whose time is over to a person."""
        is_over = Q(waits_until__lte=at) & ~ARRIVED | Q(waits_until__lte=at - GRACE)
        _waiting().filter(is_over).update(waits_until=None)

    def work(self, item_ids: Sequence[int], *, at: datetime) -> None:
        """Join those of the items whose other has arrived and that no other worker has."""
        for pk in item_ids:
            with held(self.task, pk) as is_ours:
                arrived = _waiting().filter(ARRIVED, pk=pk).select_related("source")
                if is_ours and (item := arrived.first()):
                    outcome = attempted(partial(_join, item, at=at), what=f"{self.task} of {pk}")
                    if isinstance(outcome, Failure) and outcome.code == UNEXPECTED:
                        _leave(item, note=f"Failed unexpectedly: {outcome.words.partition(':')[0]}", at=at)


JOINS = Joins()


def _waiting() -> QuerySet[QuarantinedItem]:
    """The items that wait for another, with what they wait for; looked up for each item, never in all leads and actions."""
    return QuarantinedItem.objects.for_another().alias(
        stored_lead=Subquery(LEAD.values("pk")[:1]), awaited_action=Subquery(ACTION.values("pk")[:1])
    )


@transaction.atomic
def _join(item: QuarantinedItem, *, at: datetime) -> None:
    """Store the item, or leave it to a person if it is refused for another reason."""
    try:
        with transaction.atomic():
            resend(item, content=item.content, by=None, at=at, kind=Kind.JOINED)
    except AlreadySettled:
        return
    except StillRefused as refusal:
        note_refusal(item, refusal.fault, same=True, by=None, at=at)
        _stop_waiting(item)


@transaction.atomic
def _leave(item: QuarantinedItem, *, note: str, at: datetime) -> None:
    note_refused_again(item, note=note, by=None, at=at)
    _stop_waiting(item)


def _stop_waiting(item: QuarantinedItem) -> None:
    QuarantinedItem.objects.for_another().filter(pk=item.pk).update(waits_until=None)
