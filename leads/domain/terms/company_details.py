"""Write what invoices say about a company, and where customers send the money: each change is a revision from a day on.

Another account or address for questions waits for the approval of a second person; then the customers' contacts are told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.approvals.kinds import kind_of
from billing_engine.core.approvals.requests import ask
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults
from billing_engine.core.saving import save_changes
from billing_engine.core.validation import row_faults
from leads.domain.access.term_owners import COMPANY_BANK_DETAILS, bank_faults
from leads.domain.terms.notices import tell_customers
from leads.domain.terms.revise import Difference, NothingChanges, before_and_after, differences, in_force_with
from leads.domain.terms.wording import differences_in_words
from leads.models import Company, CompanyDetails
from leads.models.revision import in_force_on

DETAILS_WRITTEN = Verb("company_details_written", "Changed the company details")
KIND = "company_details"
WHY_APPROVAL = "It changes where customers send the money, or whom they ask."


class DetailsHaveFaults(HasFaults):
    """Details that contradict themselves, or that this person may not change."""

    code = "company_details_have_faults"


@dataclass(frozen=True, slots=True)
class DetailsProposal:
    """A change of details before it is made."""

    revision: CompanyDetails
    rows: list[CompanyDetails]
    differences: list[Difference]

    def in_words(self) -> list[tuple[str, str, str]]:
        """What differs as people read it: label, before, after."""
        return differences_in_words(CompanyDetails, self.differences)

    @property
    def moves_money(self) -> bool:
        return any(name in COMPANY_BANK_DETAILS for name in self.revision.changed)

    @property
    def why_approval(self) -> str:
        """Why a second person must approve it, or ""."""
        return WHY_APPROVAL if self.moves_money else ""


@transaction.atomic
def write_details(
    company: Company, *, changes: Mapping[str, Any], first_day: date, reason: str, by: User, at: datetime
) -> CompanyDetails:
    """Change these details from this day on; the revision is in force, or waits for approval.

    Raises DetailsHaveFaults or NothingChanges; then nothing has changed.
    """
    company = Company.objects.select_for_update(no_key=True).get(pk=company.pk)
    proposal = propose(company, changes=changes, first_day=first_day, reason=reason, by=by, at=at)
    revision = proposal.revision
    if proposal.why_approval:
        if not revision.reason:
            raise DetailsHaveFaults([FieldFault("reason", "missing", f"Give a reason. {proposal.why_approval}")])
        revision.in_force_at = None
        revision.save(force_insert=True)
        note = "Invoices issued from that day on print the new details. Issued invoices stay as they are."
        kind, told = kind_of(KIND), {"note": note}
        ask(kind, on=revision, by=by, at=at, reason=reason, differences=proposal.in_words(), effect=told)
        return revision
    put_in_force(proposal, at=at)
    before, after = before_and_after(proposal.differences)
    record(DETAILS_WRITTEN, on=revision, by=by, reason=reason, before=before, after=after, also=[company])
    return revision


def propose(
    company: Company, *, changes: Mapping[str, Any], first_day: date, reason: str, by: User, at: datetime
) -> DetailsProposal:
    """Return a change of details without making it; raises what `write_details` raises."""
    there = list(company.details.all())
    changed = differences(in_force_on(there, first_day), changes)
    if not changed:
        raise NothingChanges
    names = [name for name, _, _ in changed]
    if faults := bank_faults(by, names):
        raise DetailsHaveFaults(faults)
    revision = CompanyDetails(
        company=company,
        first_day=first_day,
        reason=reason.strip(),
        written_by=by,
        written_at=at,
        changed=names,
        **{name: changes[name] for name in names},
    )
    return proposal_of(revision, there, at=at)


def proposal_of(revision: CompanyDetails, there: list[CompanyDetails], *, at: datetime) -> DetailsProposal:
    """Return what putting this revision in force would do; raises DetailsHaveFaults."""
    base = in_force_on(there, revision.first_day)
    changed = differences(base, {name: getattr(revision, name) for name in revision.changed})
    rows = in_force_with(revision, there, at=at)
    if faults := row_faults(revision, exclude={"written_by"}):
        raise DetailsHaveFaults(faults)
    return DetailsProposal(revision, rows, changed)


def put_in_force(proposal: DetailsProposal, *, at: datetime) -> None:
    """Store the rows; the customers of this seller are told at the contacts that they have now."""
    for row in proposal.rows:
        save_changes(row)
    if proposal.moves_money:
        tell_customers(proposal.revision, at=at)
