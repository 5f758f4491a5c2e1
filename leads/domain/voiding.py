"""An action that its source takes back."""

from datetime import datetime

from django.db import transaction

from billing_engine.core.errors import Refused
from leads.domain.periods import mark_unrated
from leads.models import Action, BillingPeriod


class PeriodClosed(Refused):
    """What is billed is not taken back, it is credited."""

    code = "period_is_closed"
    message = "This action is billed already."


class AlreadyVoided(Refused):
    """An action is voided once."""

    code = "already_voided"
    message = "This action is voided already."


@transaction.atomic
def void(action: Action, *, reason: str, at: datetime) -> None:
    """Exclude an action from its open period, for the reason its source gives."""
    # The lock keeps a close from passing between the look and the change.
    period = BillingPeriod.objects.select_for_update().get(pk=action.period_id)
    if not period.is_open:
        raise PeriodClosed
    if not Action.objects.filter(pk=action.pk, voided_at=None).update(voided_at=at, void_reason=reason):
        raise AlreadyVoided
    mark_unrated([period], reason="voided")
