"""The approval of terms: a second person puts a revision in force, or sends it back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse

from billing_engine.core.approvals.kinds import Kind
from billing_engine.core.approvals.people import approved_by
from billing_engine.core.approvals.requests import ChangedSince, subject_of
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.models import ApprovalRequest
from leads.domain.access.term_owners import BANK_DETAILS, PERMISSION, Owner, may_agree
from leads.domain.terms import company_details, customer_terms
from leads.domain.terms.revise import before_and_after
from leads.models import Company, CompanyDetails, Customer, CustomerTerms

TERMS_APPROVED = Verb("customer_terms_approved", "Approved a change of terms")
DETAILS_APPROVED = Verb("company_details_approved", "Approved a change of company details")


class AnotherRoleAgrees(Refused):
    """What both roles own needs a person of the other role than its author's."""

    code = "another_role_agrees"
    http_status = 403
    message = "Finance and operations agree on this, so a person of the other role than its author's must approve it."


class IsOver(Refused):
    """A revision is put in force or withdrawn once."""

    code = "terms_are_settled"
    message = "This change was already put in force or withdrawn."


def _approve_terms(revision: CustomerTerms, by: User, at: datetime, reason: str) -> None:
    """Put the terms in force as they fit the terms of today; the open periods are rated again."""
    customer = Customer.objects.select_for_update(no_key=True).get(pk=revision.customer_id)
    _check_waits(revision)
    revision.customer = customer
    authors = [revision.written_by] if revision.written_by else []
    if not all(may_agree(by, name, authors=authors) for name in revision.changed):
        raise AnotherRoleAgrees
    proposal = customer_terms.proposal_of(revision, list(customer.terms.all()), at=at)
    _check_was_shown(revision, customer_terms.kind_code(proposal.owner), proposal.in_words(), by=by, at=at)
    customer_terms.put_in_force(proposal, at=at)
    before, after = before_and_after(proposal.differences)
    if proposal.effect.periods:
        before["amounts"] = {str(each.period): each.now for each in proposal.effect.periods}
        after["amounts"] = {str(each.period): each.then for each in proposal.effect.periods}
    record(TERMS_APPROVED, on=revision, by=by, reason=reason, before=before, after=after, also=[customer])


def _approve_details(revision: CompanyDetails, by: User, at: datetime, reason: str) -> None:
    company = Company.objects.select_for_update(no_key=True).get(pk=revision.company_id)
    _check_waits(revision)
    revision.company = company
    proposal = company_details.proposal_of(revision, list(company.details.all()), at=at)
    _check_was_shown(revision, company_details.KIND, proposal.in_words(), by=by, at=at)
    company_details.put_in_force(proposal, at=at)
    before, after = before_and_after(proposal.differences)
    record(DETAILS_APPROVED, on=revision, by=by, reason=reason, before=before, after=after, also=[company])


def _check_was_shown(
    revision: CustomerTerms | CompanyDetails,
    kind: str,
    shown: Sequence[tuple[str, str, str]],
    *,
    by: User,
    at: datetime,
) -> None:
    """Refuse to approve another difference than the request shows, because other terms are in force by now."""
    request = approved_by(revision, kind, by=by, at=at)
    if request is not None and request.differences != [list(each) for each in shown]:
        raise ChangedSince


def _effect_now(request: ApprovalRequest, at: datetime) -> dict[str, Any]:
    """Return the effect of a pending change as it would be now, because actions came in since it was requested."""
    revision = subject_of(request) if request.is_waiting else None
    if not isinstance(revision, CustomerTerms):
        return dict(request.effect)
    try:
        proposal = customer_terms.proposal_of(revision, list(revision.customer.terms.all()), at=at)
    except Refused as refusal:
        return {**request.effect, "note": str(refusal)}
    return customer_terms.effect_as_data(proposal.effect)


def _check_waits(revision: CustomerTerms | CompanyDetails) -> None:
    if revision.in_force_at is not None or revision.withdrawn_at is not None:
        raise IsOver


def _set_aside(revision: CustomerTerms | CompanyDetails, by: User, at: datetime, words: str) -> None:  # noqa: ARG001 -- as a Kind calls it
    revision.withdrawn_at = at
    revision.save(update_fields=["withdrawn_at"])


def _author(revision: CustomerTerms | CompanyDetails) -> set[int]:
    return {revision.written_by_id} if revision.written_by_id else set()


def _of_customers(owner: Owner) -> Kind:
    return Kind(
        code=customer_terms.kind_code(owner),
        words="Customer terms",
        model=CustomerTerms,
        permission=PERMISSION[owner],
        written_by=frozenset({customer_terms.TERMS_WRITTEN.code}),
        approve=_approve_terms,
        set_aside=_set_aside,
        page=lambda revision: reverse("admin:leads_customer_change", args=[revision.customer_id]),
        other_authors=_author,
        effect=_effect_now,
    )


KINDS = (
    *(_of_customers(owner) for owner in Owner),
    Kind(
        code=company_details.KIND,
        words="Company details",
        model=CompanyDetails,
        permission=BANK_DETAILS,
        written_by=frozenset({company_details.DETAILS_WRITTEN.code}),
        approve=_approve_details,
        set_aside=_set_aside,
        page=lambda revision: reverse("admin:leads_company_change", args=[revision.company_id]),
        other_authors=_author,
    ),
)
