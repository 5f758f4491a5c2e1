"""The approval of facts by a second person; only the upper layers know what they do to charges."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from billing_engine.core.approvals.kinds import Kind, kind_of
from billing_engine.core.approvals.requests import Difference, ask
from billing_engine.core.errors import Refused
from leads.models import CatalogRevision, Subject

# Only the upper layers know what facts do to charges: both are registered at startup.
Effect = Callable[[CatalogRevision, User, datetime], Mapping[str, Any]]  # plain facts for the person who approves
Check = Callable[[CatalogRevision, datetime], object]  # raises Refused if the facts can't be approved yet
_effects: list[Effect] = []
_checks: list[Check] = []


class AnotherChangeWaits(Refused):
    """Facts are changed one at a time, because each change repeats the others' values."""

    code = "another_change_waits"
    message = "Another change of these facts waits for approval. Have it decided or withdrawn first."


def register(effect: Effect, check: Check) -> None:
    """Tell a second person what facts do, and refuse an approval before that is known."""
    _effects.append(effect)
    _checks.append(check)


def check_effect_is_known(revision: CatalogRevision, *, at: datetime) -> None:
    """Refuse an approval of facts whose effect the person who approves can't have seen."""
    for check in _checks:
        check(revision, at)


def check_no_change_waits(subject: Subject) -> None:
    """Refuse a second change while one waits."""
    if subject.revisions.waiting().exists():
        raise AnotherChangeWaits


def kind_for(revision: CatalogRevision) -> Kind:
    """Return the kind of approval of these facts."""
    return kind_of(f"{revision.SUBJECT}_facts")


def ask_second_person(
    revision: CatalogRevision, *, by: User, at: datetime, reason: str, differences: Sequence[Difference]
) -> None:
    """Request the approval of facts that are stored and wait."""
    effect: dict[str, Any] = {}
    for each in _effects:
        effect |= each(revision, by, at)
    ask(kind_for(revision), on=revision, by=by, at=at, reason=reason, differences=differences, effect=effect)
