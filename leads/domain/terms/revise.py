"""What a revision makes of the terms in force: on its first day, and of later terms that it carries on into."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import datetime
from typing import Any, TypeVar

from billing_engine.core.errors import Refused
from leads.models.revision import RevisionOfTerms, in_force_on

AnyTerms = TypeVar("AnyTerms", bound=RevisionOfTerms)
Difference = tuple[str, Any, Any]


class NothingChanges(Refused):
    """Terms that are in force already need no revision."""

    code = "nothing_changes"
    message = "These are the terms in force on that day. Nothing would change."


def differences(before: RevisionOfTerms, changes: Mapping[str, Any]) -> list[Difference]:
    """Return the terms that these changes set to another value: name, before, after."""
    return [(name, getattr(before, name), value) for name, value in changes.items() if getattr(before, name) != value]


def before_and_after(found: Sequence[Difference]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values on each side, by name, as a deed keeps them."""
    return {name: before for name, before, _ in found}, {name: after for name, _, after in found}


def in_force_with(revision: AnyTerms, among: Sequence[AnyTerms], *, at: datetime) -> list[AnyTerms]:
    """Return the unsaved rows that put a revision in force: itself, complete, and later terms with its changes.

    Each row in force tells all terms from its first day on. So a change on November 10 is also written into the terms
    that begin on December 1, except for what those set themselves.
    """
    base = in_force_on(among, revision.first_day)
    for name in set(revision.TERMS) - set(revision.changed):
        setattr(revision, name, getattr(base, name))
    revision.in_force_at = at
    return [revision, *_carried_on(revision, among, at=at)]


def _carried_on(revision: AnyTerms, among: Sequence[AnyTerms], *, at: datetime) -> Iterable[AnyTerms]:
    later = [each for each in among if each.in_force_at is not None and each.first_day > revision.first_day]
    missing = set(revision.changed)
    for day in sorted({each.first_day for each in later}):
        missing -= {name for each in later if each.first_day == day for name in each.changed}
        if not missing:
            return
        row = copy(in_force_on(among, day))
        row.pk, row._state.adding, row.changed = None, True, []
        row.reason, row.written_by, row.written_at, row.in_force_at = revision.reason, revision.written_by, at, at
        for name in missing:
            setattr(row, name, getattr(revision, name))
        yield row
