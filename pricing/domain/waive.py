"""Exclude actions of an open period: a person waives one with a reason, or a dispute about some is accepted."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from leads.domain.periods import mark_unrated
from leads.models import Action, BillingPeriod, Customer
from pricing.domain.rate.rate import PeriodIsClosed
from pricing.models import Waiver

ACTION_WAIVED = Verb("action_waived", "Action waived")


class NoteMissing(Refused):
    """A waiver needs a reason."""

    code = "note_missing"
    message = "Give a reason why this action is not charged."


class AlreadyWaived(Refused):
    """An action can be waived only once."""

    code = "already_waived"
    message = "This action is already waived."


@transaction.atomic
def waive(action: Action, *, note: str, by: User, at: datetime) -> Waiver:
    """Exclude the action from its open period as `waived`."""
    if not note.strip():
        raise NoteMissing
    # The lock keeps a close from happening between the check and the change.
    period = BillingPeriod.objects.select_for_update().get(pk=action.period_id)
    if not period.is_open:
        raise PeriodIsClosed
    waiver, is_new = Waiver.objects.get_or_create(
        action=action, defaults={"note": note.strip(), "waived_by": by, "waived_at": at}
    )
    if not is_new:
        raise AlreadyWaived
    record(ACTION_WAIVED, on=action, by=by, reason=note, also=[period, Customer(pk=period.customer_id)])
    mark_unrated([period], reason="waived")
    return waiver


@transaction.atomic
def exclude_disputed(actions: Sequence[Action], *, note: str, person: User, at: datetime) -> None:
    """Exclude the actions from their open period as `disputed`; the deed is that of the decision.

    An action that a person waived already stays waived.
    """
    # The lock keeps a close from happening between the check and the change.
    wanted = {action.period_id for action in actions}
    periods = list(BillingPeriod.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
    if not all(period.is_open for period in periods):
        raise PeriodIsClosed
    Waiver.objects.bulk_create(
        [Waiver(action=action, is_dispute=True, note=note, waived_by=person, waived_at=at) for action in actions],
        ignore_conflicts=True,
    )
    mark_unrated(periods, reason="disputed")
