"""Clear the test leads of a source: their actions are voided, and what a test key left in quarantine is discarded.

Nothing is deleted, because leads, actions and deliveries stay as they were received. What a closed period or an invoice being
approved has is left alone.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.errors import Refused
from leads.domain.quarantine.settle import discard
from leads.domain.voiding import TESTS_CLEARED, Void, void_all
from leads.models import Action, BillingPeriod, QuarantinedItem, Source

# In one transaction; the rest is cleared by pressing again.
MOST_ACTIONS = 5_000
MOST_ITEMS = 500
REASON = "Test leads cleared"


class NothingToClear(Refused):
    """The source has no test leads whose actions could still be voided."""

    code = "nothing_to_clear"
    message = "This source has no test leads to clear."


class Clearing(NamedTuple):
    """How many test leads with how many actions, and how many quarantined items of test keys; `billed` actions stay."""

    leads: int
    actions: int
    items: int
    billed: int = 0


def to_clear(source: Source) -> Clearing:
    """Count what would be cleared, and what stays because its period is closed."""
    actions = _actions(source)
    counted = _in(_open_periods(), actions).aggregate(leads=Count("lead", distinct=True), actions=Count("pk"))
    billed = _in(BillingPeriod.objects.closed_or_sealed(), actions).count()
    return Clearing(**counted, items=_items(source).count(), billed=billed)


def has_tests(source: Source) -> bool:
    """Return whether there is anything to clear; of a source that never had a test key, quarantine isn't searched."""
    may_have_items = source.api_keys.filter(is_test=True).exists()
    return _in(_open_periods(), _actions(source)).exists() or (may_have_items and _items(source).exists())


@transaction.atomic
def clear_tests(source: Source, *, by: User, at: datetime) -> Clearing:
    """Void the actions of the test leads and discard what test keys left in quarantine; return what was cleared.

    At most MOST_ACTIONS and MOST_ITEMS at once. Raises NothingToClear.
    """
    if not has_tests(source):
        raise NothingToClear
    # The lock keeps the periods from being closed between the check and the change, but lets deliveries pass.
    asked = _in(_open_periods(), _actions(source)).values("period").distinct()
    still_open = list(_open_periods().select_for_update(no_key=True).filter(pk__in=asked).order_by("pk"))
    actions = list(_in(still_open, _actions(source)).order_by("pk").values_list("lead", "external_id")[:MOST_ACTIONS])
    voided = void_all([Void(lead, external_id, REASON) for lead, external_id in actions], at=at)
    items = list(_items(source).order_by("pk")[:MOST_ITEMS])
    for item in items:
        discard(item, note=REASON, by=by, at=at)
    done = Clearing(leads=len({lead for lead, _ in voided.now}), actions=len(voided.ids), items=len(items))
    after = {"leads": done.leads, "actions": done.actions, "quarantined_items": done.items}
    touched = [*(Action(pk=pk) for pk in sorted(voided.ids)), *still_open]
    record(TESTS_CLEARED, on=source, by=by, reason=REASON, after=after, also=touched)
    return done


def _actions(source: Source) -> QuerySet[Action]:
    """The actions of the source's test leads that aren't voided yet."""
    return Action.objects.filter(lead__source=source, lead__is_test=True, voided_at=None)


def _open_periods() -> QuerySet[BillingPeriod]:
    return BillingPeriod.objects.open().filter(is_sealed=False)


def _in(periods: Iterable[BillingPeriod], actions: QuerySet[Action]) -> QuerySet[Action]:
    return actions.filter(period__in=periods)


def _items(source: Source) -> QuerySet[QuarantinedItem]:
    """The waiting items in quarantine that were sent with a test key."""
    return QuarantinedItem.objects.waiting().filter(source=source, delivery__is_test=True)
