"""Who may decide: a person with the permission who wrote no part of what takes effect."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Model, QuerySet

from billing_engine.core.approvals.kinds import Kind
from billing_engine.core.errors import Refused
from billing_engine.core.models import ApprovalRequest, Deed
from billing_engine.core.models.deed import reference


class NeedsApproval(Refused):
    """This person can't do it alone, but can ask a second person for approval; each domain says why in its words."""

    code = "second_person_needed"
    message = "This needs a second person. Ask for approval."


class AuthorApproves(Refused):
    """The people who wrote part of it, or asked, never approve it, not even superusers."""

    code = "author_approves"
    message = "You wrote part of this or requested its approval, so another person must approve it."


class MayNotDecide(Refused):
    """Deciding needs the permission, at the moment of the decision."""

    code = "may_not_decide"
    http_status = 403
    message = "You don't have the permission to decide this."


def doers(row: Model, verbs: Iterable[str]) -> set[int]:
    """Return the ids of the people who did one of these to the row."""
    found = Deed.objects.on(row).filter(verb__in=verbs, person__isnull=False)
    return {person for person in found.values_list("person", flat=True) if person is not None}


def authors(row: Model, kind: Kind) -> set[int]:
    """Return the ids of everyone who wrote part of the row by its deeds, and of who asked for its approval."""
    asked = ApprovalRequest.objects.filter(kind=kind.code, subject=reference(row), state=ApprovalRequest.State.WAITING)
    return doers(row, kind.written_by) | set(asked.values_list("asked_by", flat=True)) | set(kind.other_authors(row))


def check_second_person(row: Model, kind: Kind, *, by: User) -> None:
    """Refuse an author of the row; superusers too."""
    if by.pk in authors(row, kind):
        raise AuthorApproves


def check_may_decide(kind: Kind, by: User) -> None:
    """Refuse a person who is no longer active or lacks the permission."""
    if not (by.is_active and by.has_perm(kind.permission)):
        raise MayNotDecide


def who_may_decide(kind: Kind) -> "QuerySet[User]":
    """Return the active staff who have the permission to decide this kind."""
    return User.objects.with_perm(kind.permission, backend="django.contrib.auth.backends.ModelBackend").filter(
        is_staff=True
    )


def approved_by(row: Model, code: str, *, by: User, at: datetime) -> ApprovalRequest | None:
    """Return the request that this person approves at this moment; None if the act is the person's own."""
    return ApprovalRequest.objects.filter(
        kind=code, subject=reference(row), state=ApprovalRequest.State.APPROVED, decided_by=by, decided_at=at
    ).last()
