"""Who sends leads: what a source may be, and what is rated again when it changes."""

from datetime import datetime

from django.db import transaction

from billing_engine.core.errors import FieldFault, HasFaults
from billing_engine.core.validation import row_faults
from leads.domain.periods import mark_open_periods
from leads.models import Source


class SourceHasFaults(HasFaults):
    """A source that could be taken for another, or that would be refused whatever it sends."""

    code = "source_has_faults"


def code_faults(source: Source) -> list[FieldFault]:
    """Why its code is another's, in whatever capitals."""
    if not Source.objects.filter(code__iexact=source.code).exclude(pk=source.pk).exists():
        return []
    return [FieldFault("code", "code_taken", f"There is a source {source.code.lower()} already.")]


def signature_faults(source: Source, *, at: datetime) -> list[FieldFault]:
    """Why it can't be asked for signatures: it has nothing to sign with."""
    secrets = source.signing_secrets.all() if source.pk else ()
    if not source.signature_required or any(secret.is_good(at) for secret in secrets):
        return []
    words = "Make a signing secret first, or everything would be refused."
    return [FieldFault("signature_required", "no_signing_secret", words)]


@transaction.atomic
def save_source(source: Source, *, at: datetime) -> Source:
    """Store a source, new or changed, its code in small letters. Raises SourceHasFaults.

    Another channel is another price: every open period is rated again.
    """
    stored = Source.objects.select_for_update(no_key=True).filter(pk=source.pk).first() if source.pk else None
    source.code = source.code.lower()
    if faults := [*code_faults(source), *signature_faults(source, at=at)] or row_faults(source):
        raise SourceHasFaults(faults)
    source.save()
    if stored is not None and stored.channel != source.channel:
        mark_open_periods(customer=None, reason="source changed")
    return source
