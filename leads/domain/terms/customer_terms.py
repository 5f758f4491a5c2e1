"""Write a customer's terms: each change is a revision from a day on.

It is in force at once, unless it touches what is priced already or where money goes, or both roles own the term: then it
waits for the approval of a second person, who sees its effect.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, prefetch_related_objects

from billing_engine.core.approvals.kinds import kind_of
from billing_engine.core.approvals.requests import ask
from billing_engine.core.calendar.spans import midnight
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults, Refused
from billing_engine.core.saving import save_changes
from billing_engine.core.validation import row_faults
from leads.domain.access.term_owners import CUSTOMER_TERMS, Owner, owner_faults
from leads.domain.periods import mark_open_periods
from leads.domain.terms.effects import Effect, ProposedTerms, effect_of
from leads.domain.terms.notices import tell_old_contacts
from leads.domain.terms.revise import Difference, NothingChanges, before_and_after, differences, in_force_with
from leads.domain.terms.wording import differences_in_words, from_in_words
from leads.models import Action, BillingPeriod, Customer, CustomerTerms
from leads.models.revision import in_force_on

TERMS_WRITTEN = Verb("customer_terms_written", "Changed the terms")

# What the amount of a period depends on.
PRICED = (
    *("contract_from", "contract_to", "excluded_domains", "monthly_minimum", "monthly_budget", "hard_budget"),
    *("taxes", "tax_exempt_reason"),
)
# Who gets the money, and who hears of it.
WHERE_MONEY_GOES = ("seller", "billing_contacts")


class TermsHaveFaults(HasFaults):
    """Terms that contradict each other or later ones, or that are not this person's."""

    code = "customer_terms_have_faults"


class TwoOwners(Refused):
    """What both roles own is approved by the other role, which may not own the rest."""

    code = "terms_of_two_owners"
    message = "Change the contract, minimum and budget separately from other terms."


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of terms before it is made: what differs, what it touches, and whether it needs a second person."""

    revision: CustomerTerms
    rows: list[CustomerTerms]  # what puts it in force
    differences: list[Difference]
    proposed: ProposedTerms
    effect: Effect

    @property
    def owner(self) -> Owner:
        return CUSTOMER_TERMS[self.revision.changed[0]]

    def in_words(self) -> list[tuple[str, str, str]]:
        """What differs as people read it: label, before, after."""
        return differences_in_words(CustomerTerms, self.differences, currency=self.revision.customer.currency)

    @property
    def moves_money(self) -> bool:
        return any(name in WHERE_MONEY_GOES for name in self.revision.changed)

    @property
    def why_approval(self) -> str:
        """Why a second person must approve it, or ""."""
        if self.owner is Owner.BOTH:
            return "Finance and operations agree on contracts, minimums and budgets."
        if self.moves_money:
            return "It changes where money goes, or who hears of it."
        if self.proposed.periods:
            return "It changes the amounts of a billing period that has actions."
        return "Price checks fail." if self.effect.failing_checks else ""


@transaction.atomic
def write_terms(
    customer: Customer, *, changes: Mapping[str, Any], first_day: date, reason: str, by: User, at: datetime
) -> CustomerTerms:
    """Change these terms from this day on; the revision is in force, or waits for approval.

    Raises TermsHaveFaults, NothingChanges or TwoOwners; then nothing has changed.
    """
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    proposal = propose(customer, changes=changes, first_day=first_day, reason=reason, by=by, at=at)
    revision = proposal.revision
    if proposal.why_approval:
        if not revision.reason:
            raise TermsHaveFaults([FieldFault("reason", "missing", f"Give a reason. {proposal.why_approval}")])
        revision.in_force_at = None
        revision.save(force_insert=True)
        kind, effect = kind_of(kind_code(proposal.owner)), effect_as_data(proposal.effect)
        ask(kind, on=revision, by=by, at=at, reason=reason, differences=proposal.in_words(), effect=effect)
        return revision
    put_in_force(proposal, at=at)
    before, after = before_and_after(proposal.differences)
    record(TERMS_WRITTEN, on=revision, by=by, reason=reason, before=before, after=after, also=[customer])
    return revision


def propose(
    customer: Customer, *, changes: Mapping[str, Any], first_day: date, reason: str, by: User, at: datetime
) -> Proposal:
    """Return a change of terms without making it; raises what `write_terms` raises."""
    there = list(customer.terms.all())
    base = in_force_on(there, first_day)
    changed = differences(base, changes)
    if not changed:
        raise NothingChanges
    names = [name for name, _, _ in changed]
    if faults := owner_faults(by, names):
        raise TermsHaveFaults(faults)
    if len({CUSTOMER_TERMS[name] is Owner.BOTH for name in names}) > 1:
        raise TwoOwners
    revision = CustomerTerms(
        customer=customer,
        first_day=first_day,
        reason=reason.strip(),
        written_by=by,
        written_at=at,
        changed=names,
        **{name: changes[name] for name in names},
    )
    return proposal_of(revision, there, at=at)


def proposal_of(revision: CustomerTerms, there: list[CustomerTerms], *, at: datetime) -> Proposal:
    """Return what putting this revision in force would do; raises TermsHaveFaults if later terms contradict it."""
    base = in_force_on(there, revision.first_day)
    changed = differences(base, {name: getattr(revision, name) for name in revision.changed})
    rows = in_force_with(revision, there, at=at)
    for row in rows:
        if faults := row_faults(row, exclude={"written_by"}):
            raise TermsHaveFaults(faults if row is revision else [_later(row, fault) for fault in faults])
    proposed = ProposedTerms(revision.customer, revision.first_day, [*there, *rows], [])
    periods = [each for each in _with_actions(revision) if _differ(each, proposed)]
    proposed = replace(proposed, periods=periods)
    touches_prices = any(name in PRICED for name in revision.changed)
    return Proposal(revision, rows, changed, proposed, effect_of(proposed, at=at) if touches_prices else Effect())


def put_in_force(proposal: Proposal, *, at: datetime) -> None:
    """Store the rows; the open periods are rated again if amounts may differ, and the old contacts are told."""
    revision = proposal.revision
    old_contacts = revision.customer.terms.on(revision.customer.day_of(at)).billing_contacts
    for row in proposal.rows:
        save_changes(row)
    if any(name in PRICED for name in revision.changed):
        mark_open_periods(customer=revision.customer, reason="terms changed")
    if proposal.moves_money:
        tell_old_contacts(revision, to=old_contacts, at=at)


def kind_code(owner: Owner) -> str:
    """The kind of approval that a change of this owner's terms needs."""
    return f"customer_terms_{owner}"


def first_free_day(customer: Customer) -> date:
    """The first day whose terms no action is billed by yet: the usual first day of a change."""
    last = _having_actions(customer).order_by("-end_at").first()
    return customer.today if last is None else max(customer.today, customer.day_of(last.end_at))


def effect_as_data(effect: Effect) -> dict[str, Any]:
    """Return the effect as a request for approval keeps it."""
    rows = [
        {
            "customer": f"{each.period.customer}, {each.period.in_words}",
            "now": each.now,
            "then": each.then,
            "difference": each.difference,
        }
        for each in effect.periods
    ]
    return {"failing_checks": effect.failing_checks, "customers": rows, "note": effect.note}


def _with_actions(revision: CustomerTerms) -> list[BillingPeriod]:
    """The periods from the first day on that have actions; a period is billed by the terms of its first day."""
    started = _having_actions(revision.customer)
    if revision.first_day > date.min:
        started = started.filter(start_at__gte=midnight(revision.first_day, revision.customer.zone))
    found = list(started.order_by("start_at"))
    prefetch_related_objects([revision.customer], "terms")
    for period in found:
        period.customer = revision.customer
    return found


def _having_actions(customer: Customer) -> "QuerySet[BillingPeriod]":
    there = Action.objects.filter(period=OuterRef("pk"))
    return BillingPeriod.objects.filter(Exists(there), customer=customer)


def _differ(period: BillingPeriod, proposed: ProposedTerms) -> bool:
    now, then = period.customer_terms, proposed.on(period.first_day)
    return any(getattr(now, name) != getattr(then, name) for name in PRICED)


def _later(row: CustomerTerms, fault: FieldFault) -> FieldFault:
    words = f"Other terms apply {from_in_words(row.first_day)}: {fault.words}"
    return FieldFault(fault.field, fault.code, words)
