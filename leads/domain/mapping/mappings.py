"""Write mappings and their revisions; the only place that does."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record, record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults, Refused
from billing_engine.core.saving import save_changes
from billing_engine.core.validation import row_faults
from leads.domain.mapping.differences import Difference, differences
from leads.domain.mapping.doors import doors
from leads.domain.mapping.language.converter import Found
from leads.domain.mapping.language.read import DocumentNotValid, read_document
from leads.models import MappingRevision, SourceMapping

MAPPING_SAVED = Verb("mapping_saved", "Mapping saved")
MAPPING_REVISED = Verb("mapping_revised", "Mapping revised")

FIRST = "First version"


class MappingHasFaults(HasFaults):
    """A mapping that can't be read, or that never finds what it needs; `field` is a JSON pointer into the document."""

    code = "mapping_has_faults"


class RevisedMeanwhile(Refused):
    """Somebody else saved a revision since the editor was opened."""

    code = "mapping_revised_meanwhile"
    message = "Somebody else has saved a revision since you opened this page. Reload it to see theirs."


def document_faults(content: Any) -> list[FieldFault]:
    """Return every mistake in a document, with its place."""
    try:
        read_document(content)
    except DocumentNotValid as error:
        return [FieldFault(one.pointer, "mapping_invalid", one.words) for one in error.mistakes]
    return []


def sample_faults(found: Sequence[Found]) -> list[FieldFault]:
    """Return the fields whose expressions find nothing in any record of a sample."""
    return [
        FieldFault(one.pointer, "never_found", f"{one.field}: {one.expression} is in none of {one.of:,} records.")
        for one in found
        if one.is_never_there
    ]


@transaction.atomic
def save_mapping(
    mapping: SourceMapping, *, document: Any, by: User | None, at: datetime, reason: str = "", since: int = 0
) -> SourceMapping:
    """Save a mapping and, if its document changed, a new revision, which is in force at once.

    `since` is the number of the revision that the author has seen, 0 for a new mapping. Raises MappingHasFaults or
    RevisedMeanwhile.
    """
    stored = SourceMapping.objects.select_for_update(no_key=True).filter(pk=mapping.pk).first() if mapping.pk else None
    mapping.name = mapping.name.strip()
    if faults := [*name_faults(mapping), *document_faults(document)]:
        raise MappingHasFaults(faults)
    save_changes(mapping, since=stored)
    record_saved(MAPPING_SAVED, on=mapping, stored=stored, by=by, also=[mapping.source])
    last = mapping.revisions.order_by("-number").first()
    if (last.number if last else 0) != since:
        raise RevisedMeanwhile
    changed = differences(last.document if last else {}, document)
    if not changed:
        return mapping
    if last and not reason.strip():
        raise MappingHasFaults([FieldFault("reason", "reason_missing", "Enter what you changed, and why.")])
    revision = MappingRevision.objects.create(
        mapping=mapping,
        number=since + 1,
        document=document,
        reason=reason.strip() or FIRST,
        written_at=at,
        written_by=by,
    )
    if last:
        _record(mapping, revision, changed, by)
    return mapping


def _record(mapping: SourceMapping, revision: MappingRevision, changed: list[Difference], by: User | None) -> None:
    before = {one.place: one.before for one in changed}
    after = {one.place: one.after for one in changed}
    record(
        MAPPING_REVISED, on=mapping, by=by, reason=revision.reason, before=before, after=after, also=[mapping.source]
    )


def name_faults(mapping: SourceMapping) -> list[FieldFault]:
    """Return what is wrong with the name, the door or the source of a mapping."""
    others = SourceMapping.objects.filter(source=mapping.source_id).exclude(pk=mapping.pk)
    faults = list[FieldFault]()
    if mapping.name and others.filter(name__iexact=mapping.name).exists():
        faults.append(FieldFault("name", "name_taken", f"This source already has a mapping named {mapping.name}."))
    if mapping.door not in doors():
        faults.append(FieldFault("door", "door_unknown", "Choose where the records come from."))
    if mapping.pk and not SourceMapping.objects.filter(pk=mapping.pk, source=mapping.source_id).exists():
        faults.append(FieldFault("source", "fixed", "A mapping can't move to another source."))
    return faults or row_faults(mapping)
