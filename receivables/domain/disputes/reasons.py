"""Save reasons for disputes and credit notes, and who last raised what one person decides for one."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core import money
from billing_engine.core.deeds.record import record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults
from billing_engine.core.models import Deed
from billing_engine.core.saving import save_changes
from receivables.models import Reason

REASON_SAVED = Verb("reason_saved", "Reason saved")


class ReasonHasFaults(HasFaults):
    """A reason whose sum is in no currency in force."""

    code = "reason_has_faults"


@transaction.atomic
def save_reason(reason: Reason, *, by: User) -> None:
    """Save a new or changed reason; disputes and credit notes keep theirs. Raises ReasonHasFaults."""
    currency = reason.decided_alone_currency
    if currency and not money.is_currency(currency):
        raise ReasonHasFaults([FieldFault("decided_alone_currency", "no_such_currency", "Choose a currency in force.")])
    stored = Reason.objects.filter(pk=reason.pk).first()
    save_changes(reason)
    record_saved(REASON_SAVED, on=reason, stored=stored, by=by)


def last_raised_by(reason: Reason) -> int | None:
    """Return the id of the person who last raised what one person decides, or made the reason; None if it came with us.

    That person decides nothing alone for it, so that no one raises the sum for a decision of their own.
    """
    saved = Deed.objects.on(reason).filter(verb=REASON_SAVED.code)
    return next((deed.person_id for deed in saved if _is_raised(deed.before, deed.after)), None)


def _is_raised(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    if not before:
        return True  # it was new
    if after.get("decided_alone_currency"):
        return True
    if "decided_alone_up_to" not in after:
        return False
    was, now = before["decided_alone_up_to"], after["decided_alone_up_to"]
    return now is None or (was is not None and Decimal(now) > Decimal(was))
