"""What can be approved: each app registers its kinds when Django starts."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model

from billing_engine.core.models import ApprovalRequest

Decide = Callable[[Any, User, datetime, str], object]
Effect = Callable[[ApprovalRequest, datetime], dict[str, Any]]


def _no_others(_: Any) -> AbstractSet[int]:
    return frozenset()


def _as_kept(request: ApprovalRequest, at: datetime) -> dict[str, Any]:  # noqa: ARG001 -- as `effect` is called
    return dict(request.effect)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of approval: what it is about, who may decide it, and what a decision does.

    `approve` puts the subject in force for the person who decides, with the reason of the request; it records the deed
    of the approval and raises Refused if that is no longer possible. `set_aside` changes a subject that was sent back or
    withdrawn, if it needs that, and records nothing. Both are called as `(subject, by, at, words)`.
    """

    code: str
    words: str
    model: type[Model]
    permission: str
    written_by: frozenset[str]
    approve: Decide
    set_aside: Decide
    page: Callable[[Any], str]
    # Authors that deeds on the subject do not name, such as those of the draft that it replaces.
    other_authors: Callable[[Any], AbstractSet[int]] = _no_others
    # What the approver sees of its effect at a time; by default, as it was kept with the request.
    effect: Effect = _as_kept


def nothing_to_do(subject: Any, by: User, at: datetime, words: str) -> None:
    """A `set_aside` of a subject that stays as it is, such as a draft."""


_known: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Make a kind known; its code is taken once."""
    if kind.code in _known:
        raise ValueError(f"The kind of approval {kind.code} is registered twice.")
    _known[kind.code] = kind
    return kind


def kinds() -> dict[str, Kind]:
    """Return every registered kind by its code."""
    return dict(sorted(_known.items()))


def kind_of(code: str) -> Kind:
    """Return a registered kind."""
    return _known[code]
