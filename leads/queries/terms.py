"""The revisions of terms as a page shows them: what changed, from when, by whom, why, and who approved it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import User
from django.db.models import prefetch_related_objects

from billing_engine.core.models import ApprovalRequest
from billing_engine.core.models.deed import reference
from leads.domain.terms.revise import differences
from leads.domain.terms.wording import differences_in_words
from leads.models import Customer
from leads.models.revision import RevisionOfTerms, in_force_on


@dataclass(frozen=True, slots=True)
class ShownRevision:
    """One change as a page shows it."""

    first_day: date
    written_at: datetime
    author: User | None
    reason: str
    approver: User | None
    changed: list[tuple[str, str, str]]  # label, before, after
    is_waiting: bool = False
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class ShownTerms:
    """The changes of one subject: waiting for approval, to come, and those that began, latest first."""

    waiting: list[ShownRevision]
    to_come: list[ShownRevision]
    past: list[ShownRevision]


def shown_terms(revisions: Sequence[RevisionOfTerms], *, today: date, currency: str = "") -> ShownTerms:
    """Return all changes of one subject, each compared with the terms before it; the first terms are not a change."""
    first = min(each.pk for each in revisions)
    own = [each for each in revisions if each.changed and each.pk != first]
    prefetch_related_objects(own, "written_by")
    requests = _requests(own)
    shown = [_shown(each, revisions, requests.get(reference(each)), currency) for each in own]
    shown.sort(key=lambda each: (each.first_day, each.written_at), reverse=True)
    settled = [each for each in shown if not each.is_waiting]
    return ShownTerms(
        [each for each in shown if each.is_waiting],
        [each for each in settled if each.first_day > today and not each.is_withdrawn][::-1],
        [each for each in settled if each.first_day <= today or each.is_withdrawn],
    )


def cycle_changes(customer: Customer) -> list[ShownRevision]:
    """Return the customer's changes of its billing cycle in the same form, latest first."""
    found = customer.cycle_changes.select_related("changed_by").order_by("-takes_effect_at")
    return [
        ShownRevision(
            first_day=customer.day_of(change.takes_effect_at),
            written_at=change.changed_at,
            author=change.changed_by,
            reason="",
            approver=None,
            changed=[("Billing cycle", change.get_cycle_before_display(), change.get_cycle_after_display())],
        )
        for change in found
    ]


def _requests(revisions: Sequence[RevisionOfTerms]) -> dict[str, ApprovalRequest]:
    """Return the latest request for approval of each revision."""
    found = ApprovalRequest.objects.filter(subject__in=[reference(each) for each in revisions])
    return {request.subject: request for request in found.select_related("decided_by").order_by("pk")}


def _shown(
    revision: RevisionOfTerms, among: Sequence[RevisionOfTerms], request: ApprovalRequest | None, currency: str
) -> ShownRevision:
    before = in_force_on([each for each in among if _precedes(each, revision)], revision.first_day)
    changed = differences(before, {name: getattr(revision, name) for name in revision.changed})
    is_open = request is not None and request.is_waiting
    return ShownRevision(
        first_day=revision.first_day,
        written_at=revision.written_at,
        author=revision.written_by,
        reason=revision.reason,
        approver=request.decided_by if request and revision.in_force_at else None,
        changed=differences_in_words(type(revision), changed, currency=currency),
        is_waiting=revision.in_force_at is None and revision.withdrawn_at is None and is_open,
        is_withdrawn=revision.in_force_at is None and not is_open,
    )


def _precedes(other: RevisionOfTerms, revision: RevisionOfTerms) -> bool:
    """Whether the other was in force when this one was put in force, or is now that this one waits."""
    if other.in_force_at is None or other.pk == revision.pk:
        return False
    if revision.in_force_at is None:
        return True
    return (other.in_force_at, other.pk) < (revision.in_force_at, revision.pk)
