"""Save reasons for disputes and credit notes."""

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.saving import save_changes
from receivables.models import Reason

REASON_SAVED = Verb("reason_saved", "Reason saved")


@transaction.atomic
def save_reason(reason: Reason, *, by: User) -> None:
    """Save a new or changed reason; disputes and credit notes keep theirs."""
    stored = Reason.objects.filter(pk=reason.pk).first()
    save_changes(reason)
    record_saved(REASON_SAVED, on=reason, stored=stored, by=by)
