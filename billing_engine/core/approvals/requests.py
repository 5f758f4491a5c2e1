"""Ask for an approval, and decide it: approve, send back or withdraw."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model, QuerySet

from billing_engine.core.approvals.kinds import Kind, kind_of
from billing_engine.core.approvals.people import AuthorApproves, authors, check_may_decide, check_second_person
from billing_engine.core.deeds.record import plain, record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.models import ApprovalRequest, Deed
from billing_engine.core.models.deed import reference

__all__ = ["AuthorApproves", "approve", "ask", "authors", "check_second_person", "send_back", "waiting_for", "withdraw"]

ASKED = Verb("approval_asked", "Asked for approval")
SENT_BACK = Verb("approval_sent_back", "Sent back")
WITHDRAWN = Verb("approval_withdrawn", "Withdrew the request for approval")

State = ApprovalRequest.State
NAME_LENGTH = 200
Difference = tuple[str, Any, Any]


class AlreadyAsked(Refused):
    """A request for the same approval waits already."""

    code = "approval_already_asked"
    message = "Approval was already requested, and nothing has changed since."


class RequestWaits(Refused):
    """What is waiting for an approval is decided on its request."""

    code = "approval_request_waits"
    message = "Approval was requested. Decide the request, or have it withdrawn."


class NotWaiting(Refused):
    """A request is decided once."""

    code = "approval_not_waiting"


class ChangedSince(Refused):
    """What was edited after the request was made must be requested again."""

    code = "changed_since_asked"
    message = "This was changed after approval was requested. Request approval again."


class SubjectGone(Refused):
    """What was deleted can't be approved."""

    code = "approval_subject_gone"
    message = "This no longer exists, so it can't be approved."


class NotTheAsker(Refused):
    """Only the person who asked withdraws a request."""

    code = "not_the_asker"
    message = "Only the person who requested approval can withdraw the request."


class NeedsWords(Refused):
    """A request is sent back with words."""

    code = "needs_words"
    message = "Say what to change."


@transaction.atomic
def ask(
    kind: Kind,
    *,
    on: Model,
    by: User,
    at: datetime,
    reason: str,
    differences: Sequence[Difference] = (),
    effect: Mapping[str, Any] | None = None,
) -> ApprovalRequest:
    """Ask for the approval of `on`.

    `differences` are (field, before, after), `effect` plain facts about what it does. Raises AlreadyAsked; a request
    from before the last change is replaced.
    """
    _locked_subject(kind, reference(on))
    earlier = _waiting(kind, on).select_for_update().first()
    if earlier is not None:
        if not changed_since(earlier):
            raise AlreadyAsked
        _decide(earlier, State.REPLACED, by=by, at=at)
    request = ApprovalRequest.objects.create(
        kind=kind.code,
        subject=reference(on),
        subject_name=str(on)[:NAME_LENGTH],
        reason=reason.strip(),
        differences=plain({"differences": differences})["differences"],
        effect=plain(effect),
        authors=sorted(authors(on, kind) | {by.pk}),
        asked_by=by,
        asked_at=at,
    )
    record(ASKED, on=on, by=by, reason=reason, also=[request])
    return request


@transaction.atomic
def approve(request: ApprovalRequest, *, by: User, at: datetime, reason: str = "") -> ApprovalRequest:
    """Put the subject in force; `reason` is what the person who approves adds, if anything.

    Raises NotWaiting, SubjectGone, ChangedSince, AuthorApproves or MayNotDecide, or what the subject's own domain
    refuses; then nothing has changed.
    """
    subject, request = _locked(request)
    check_may_approve(request, subject, by)
    _decide(request, State.APPROVED, by=by, at=at, words=reason)
    kind_of(request.kind).approve(subject, by, at, request.reason)
    return request


def check_may_approve(request: ApprovalRequest, subject: Model | None, by: User) -> None:
    """Refuse an approval by this person, or one of something that was edited or deleted since."""
    if subject is None:
        raise SubjectGone
    kind = kind_of(request.kind)
    check_may_decide(kind, by)
    check_second_person(subject, kind, by=by)
    if by.pk in request.authors:
        raise AuthorApproves
    if changed_since(request):
        raise ChangedSince


@transaction.atomic
def send_back(request: ApprovalRequest, *, by: User, at: datetime, words: str) -> ApprovalRequest:
    """Send it back to the person who asked, with words; raises NeedsWords without them."""
    subject, request = _locked(request)
    kind = kind_of(request.kind)
    check_may_send_back(request, by)
    if not words.strip():
        raise NeedsWords
    _decide(request, State.SENT_BACK, by=by, at=at, words=words)
    if subject is not None:
        kind.set_aside(subject, by, at, words.strip())
    record(SENT_BACK, on=subject or request, by=by, reason=words, also=[request])
    return request


def check_may_send_back(request: ApprovalRequest, by: User) -> None:
    """Refuse a person who may not decide it, and the person who asked, who withdraws instead."""
    check_may_decide(kind_of(request.kind), by)
    if by.pk == request.asked_by_id:
        raise AuthorApproves


@transaction.atomic
def withdraw(request: ApprovalRequest, *, by: User, at: datetime) -> ApprovalRequest:
    """Withdraw a pending request; only the person who asked can."""
    subject, request = _locked(request)
    if by.pk != request.asked_by_id:
        raise NotTheAsker
    _decide(request, State.WITHDRAWN, by=by, at=at)
    if subject is not None:
        kind_of(request.kind).set_aside(subject, by, at, "")
    record(WITHDRAWN, on=subject or request, by=by, also=[request])
    return request


def requested(rows: Iterable[Model], *codes: str) -> set[int]:
    """Return the ids of the rows about which such a request is pending."""
    by_reference = {reference(row): row.pk for row in rows}
    found = ApprovalRequest.objects.waiting().filter(kind__in=codes, subject__in=list(by_reference))
    return {by_reference[subject] for subject in found.values_list("subject", flat=True)}


def check_not_requested(row: Model, *codes: str) -> None:
    """Refuse to go past a pending request that still stands: its approval does the act."""
    waiting = ApprovalRequest.objects.waiting().filter(kind__in=codes, subject=reference(row))
    if any(not changed_since(request) for request in waiting):
        raise RequestWaits


@transaction.atomic
def close_for(*rows: Model, by: User, at: datetime) -> None:
    """Close the pending requests about rows, because they are deleted, replaced or in force without them."""
    about = [reference(row) for row in rows]
    waiting = ApprovalRequest.objects.select_for_update().filter(subject__in=about, state=State.WAITING)
    for request in waiting.order_by("pk"):
        _decide(request, State.REPLACED, by=by, at=at)


def changed_since(request: ApprovalRequest) -> bool:
    """Return whether an author changed the subject after the request was made."""
    asked = Deed.objects.filter(verb=ASKED.code, objects_touched__contains=[reference(request)]).order_by("pk").first()
    later = Deed.objects.filter(
        objects_touched__contains=[request.subject],
        verb__in=kind_of(request.kind).written_by,
    )
    return asked is None or later.filter(pk__gt=asked.pk).exists()


def waiting_for(row: Model, kind: Kind) -> ApprovalRequest | None:
    """Return the pending request for this approval of the row."""
    return _waiting(kind, row).select_related("asked_by").first()


def subject_of(request: ApprovalRequest) -> Model | None:
    """Return the row that is to be approved; None if it was deleted."""
    return _rows(kind_of(request.kind)).filter(pk=_key(request.subject)).first()


def _waiting(kind: Kind, row: Model) -> "QuerySet[ApprovalRequest]":
    return ApprovalRequest.objects.filter(kind=kind.code, subject=reference(row), state=State.WAITING)


def _key(subject: str) -> str:
    return subject.rpartition(":")[2]


def _locked_subject(kind: Kind, subject: str) -> Model | None:
    """Lock the row, so that no edit slips in between the check and the decision."""
    return _rows(kind).select_for_update(of=("self",)).filter(pk=_key(subject)).first()


def _rows(kind: Kind) -> "QuerySet[Any]":
    manager = kind.model._meta.default_manager
    assert manager is not None  # noqa: S101 -- tells mypy: only abstract models have none
    return manager.all()


def _locked(request: ApprovalRequest) -> tuple[Model | None, ApprovalRequest]:
    """Lock the subject, then its request; raise NotWaiting if it is decided."""
    subject = _locked_subject(kind_of(request.kind), request.subject)
    locked = ApprovalRequest.objects.select_for_update(of=("self",)).select_related("asked_by").get(pk=request.pk)
    if not locked.is_waiting:
        raise NotWaiting(f"This request was already {locked.get_state_display().lower()}.")
    return subject, locked


def _decide(request: ApprovalRequest, state: State, *, by: User, at: datetime, words: str = "") -> None:
    request.state, request.decided_by, request.decided_at, request.words = state, by, at, words.strip()
    request.save(update_fields=["state", "decided_by", "decided_at", "words"])
