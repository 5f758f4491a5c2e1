"""Validate and save sources: what they are. Their channel changes by `write_facts`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults
from billing_engine.core.saving import save_changes
from billing_engine.core.validation import row_faults
from leads.domain.catalog.facts import first_facts, values
from leads.models import Source

SOURCE_SAVED = Verb("source_saved", "Source saved")


class SourceHasFaults(HasFaults):
    """A source that could be mistaken for another, or whose every delivery would be refused."""

    code = "source_has_faults"


def code_faults(source: Source) -> list[FieldFault]:
    """Return a fault if another source has this code, ignoring case."""
    if not Source.objects.filter(code__iexact=source.code).exclude(pk=source.pk).exists():
        return []
    return [FieldFault("code", "code_taken", f"The source {source.code.lower()} already exists.")]


def signature_faults(source: Source, *, at: datetime) -> list[FieldFault]:
    """Return a fault if signatures are required but there is no valid signing secret."""
    secrets = source.signing_secrets.all() if source.pk else ()
    if not source.signature_required or any(secret.is_usable(at) for secret in secrets):
        return []
    words = "Create a signing secret first; otherwise every delivery would be refused."
    return [FieldFault("signature_required", "no_signing_secret", words)]


@transaction.atomic
def save_source(source: Source, *, by: User | None, at: datetime, facts: Mapping[str, Any] | None = None) -> Source:
    """Save a new or changed source, with its code in lowercase. Raises SourceHasFaults.

    `facts` are those that a new source has from the beginning; those of a known one change by `write_facts`.
    """
    stored = Source.objects.select_for_update(no_key=True).filter(pk=source.pk).first() if source.pk else None
    source.code = source.code.lower()
    if faults := [*code_faults(source), *signature_faults(source, at=at)] or row_faults(source):
        raise SourceHasFaults(faults)
    save_changes(source, since=stored)
    first: dict[str, Any] = {}
    if stored is None:
        revision = first_facts(source, at=at, by=by, facts=facts or {})
        if faults := row_faults(revision):
            raise SourceHasFaults(faults)
        revision.save(force_insert=True)
        first = {name: (None, value) for name, value in values(revision).items()}
    also = [source.customer] if source.customer else []
    record_saved(SOURCE_SAVED, on=source, stored=stored, by=by, also=also, **first)
    return source
