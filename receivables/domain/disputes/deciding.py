"""Decide a dispute: accept it, accept part of it, or reject it; alone, or with a second person."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse

from billing_engine.core import money
from billing_engine.core.approvals.kinds import Kind
from billing_engine.core.approvals.requests import ask, check_not_requested
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from receivables.domain.disputes.conversation import DISPUTE_ANSWERED, EVIDENCE_ASKED, check_words, locked, step
from receivables.domain.disputes.opening import DISPUTE_OPENED, about
from receivables.domain.disputes.reasons import last_raised_by
from receivables.domain.disputes.settling import Settlement, settle, settlement_of
from receivables.domain.disputes.speaker import Speaker
from receivables.models import Dispute, DisputeStep

DISPUTE_DECIDED = Verb("dispute_decided", "Dispute decided")
DECISION = "dispute_decision"

State = Dispute.State
VERDICTS = {
    State.ACCEPTED: DisputeStep.Kind.ACCEPTED,
    State.ACCEPTED_IN_PART: DisputeStep.Kind.ACCEPTED_IN_PART,
    State.REJECTED: DisputeStep.Kind.REJECTED,
}


class WrongCharges(Refused):
    """A decision in part accepts some charges of the dispute and rejects others."""

    code = "wrong_charges_of_dispute"


class SecondLookByTheSame(Refused):
    """A second look is by another person than the one who rejected the dispute."""

    code = "second_look_by_the_same"
    message = "You rejected this dispute, so another person takes the second look."


@dataclass(frozen=True, slots=True)
class Decision:
    """What a decision does, before it is made: the verdict, what it settles, and why a second person is needed, if so."""

    verdict: Dispute.State
    accepted: frozenset[int]  # the charges, by action
    settlement: Settlement
    why_second_person: str

    @property
    def in_words(self) -> str:
        second = f" {self.why_second_person} A second person must approve it." if self.why_second_person else ""
        return f"{self.settlement.in_words}{second}"


def accept(dispute: Dispute, *, words: str, by: User, at: datetime) -> Dispute:
    """Accept everything that is disputed."""
    return decide(dispute, accepted=None, verdict=State.ACCEPTED, words=words, by=by, at=at)


def accept_in_part(dispute: Dispute, *, accepted: Collection[int], words: str, by: User, at: datetime) -> Dispute:
    """Accept these charges, by action, and reject the others."""
    return decide(dispute, accepted=accepted, verdict=State.ACCEPTED_IN_PART, words=words, by=by, at=at)


def reject(dispute: Dispute, *, words: str, by: User, at: datetime) -> Dispute:
    """Reject everything that is disputed."""
    return decide(dispute, accepted=None, verdict=State.REJECTED, words=words, by=by, at=at)


@transaction.atomic
def decide(
    dispute: Dispute, *, accepted: Collection[int] | None, verdict: Dispute.State, words: str, by: User, at: datetime
) -> Dispute:
    """Decide a dispute, or ask a second person to approve the decision; the returned dispute says which.

    Raises WrongState, WordsMissing, WrongCharges, SecondLookByTheSame, or what the settlement refuses; then nothing has
    changed.
    """
    _lock_alike(dispute)
    dispute = locked(dispute, *Dispute.UNDECIDED)
    decision = plan(dispute, accepted=accepted, verdict=verdict, words=words, by=by)
    _mark(dispute, decision)
    if not decision.why_second_person:
        return _settle(dispute, decision, words=words, by=by, at=at)
    dispute.proposed = verdict
    dispute.save(update_fields=["proposed"])
    changed = [("State", dispute.get_state_display(), verdict.label), ("Words to the customer", "", words.strip())]
    effect = {"note": decision.settlement.in_words}
    ask(KIND, on=dispute, by=by, at=at, reason=words, differences=changed, effect=effect)
    return dispute


def plan(
    dispute: Dispute, *, accepted: Collection[int] | None, verdict: Dispute.State, words: str, by: User
) -> Decision:
    """Return what the decision would do, without making it; raises what `decide` raises."""
    if not dispute.is_undecided:
        locked(dispute, *Dispute.UNDECIDED)
    if verdict != State.ACCEPTED:
        check_words(words)
    if dispute.state == State.SECOND_LOOK and by.pk == dispute.decided_by_id:
        raise SecondLookByTheSame
    check_not_requested(dispute, DECISION)
    shares = dict(dispute.charges.values_list("action", "amount"))
    chosen = _chosen(set(shares), accepted, verdict)
    settlement = settlement_of(dispute, chosen if verdict != State.REJECTED else None, shares)
    return Decision(verdict, frozenset(chosen), settlement, why_second_person(dispute, by))


def why_second_person(dispute: Dispute, by: User | None = None) -> str:
    """Why one person, or this one, does not decide alone, or ""."""
    reason = dispute.reason
    if dispute.over_quota:
        return "The customer's quota was exceeded."
    if by is not None and by.pk == last_raised_by(reason):
        return f"You last raised the sum up to which one person decides “{reason}”."
    limit = reason.decided_alone_up_to
    if limit is None:
        return ""
    if dispute.currency != reason.decided_alone_currency:
        return f"One person decides “{reason}” in {reason.decided_alone_currency} only."
    if dispute.total + accepted_alike(dispute, by) > limit:
        of = " of a customer and period" if dispute.total <= limit else ""
        return f"One person decides “{reason}”{of} up to {money.in_words(limit, dispute.currency)}."
    return ""


def accepted_alike(dispute: Dispute, by: User | None) -> Decimal:
    """Return what the person has accepted of the same customer, period and reason, with tax: small pieces add up."""
    if by is None:
        return money.ZERO
    same = Dispute.objects.filter(customer=dispute.customer_id, period=dispute.period_id, reason=dispute.reason_id)
    accepted = same.filter(decided_by=by, state__in=[State.ACCEPTED, State.ACCEPTED_IN_PART]).exclude(pk=dispute.pk)
    return sum((each.total for each in accepted), money.ZERO)


def _lock_alike(dispute: Dispute) -> None:
    """Lock what adds up with the dispute, so that no one accepts two at once of which each is below the limit."""
    same = Dispute.objects.filter(customer=dispute.customer_id, period=dispute.period_id, reason=dispute.reason_id)
    list(same.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))


def _chosen(charges: set[int], accepted: Collection[int] | None, verdict: Dispute.State) -> set[int]:
    if verdict == State.ACCEPTED:
        return charges
    if verdict == State.REJECTED:
        return set()
    chosen = set(accepted or ())
    if not chosen or not charges - chosen or not chosen <= charges:
        raise WrongCharges("Choose some of the disputed charges, but not all. To decide about all, accept or reject.")
    return chosen


def _mark(dispute: Dispute, decision: Decision) -> None:
    """Write down which charges the decision accepts."""
    dispute.charges.update(is_accepted=False)
    dispute.charges.filter(action__in=decision.accepted).update(is_accepted=True)


def _settle(dispute: Dispute, decision: Decision, *, words: str, by: User, at: datetime) -> Dispute:
    before = {"state": dispute.state}
    dispute.charges.update(is_undecided=False)
    dispute.state, dispute.proposed, dispute.waits_since = decision.verdict, "", None
    dispute.decided_at, dispute.decided_by = at, by
    dispute.save(update_fields=["state", "proposed", "waits_since", "decided_at", "decided_by"])
    step(dispute, VERDICTS[decision.verdict], words, Speaker(by), at)
    settle(dispute, decision.settlement, words=words, by=by, at=at)
    after = {"state": dispute.state, "accepted": money.in_words(decision.settlement.amount, dispute.currency)}
    record(DISPUTE_DECIDED, on=dispute, by=by, before=before, after=after, also=about(dispute))
    return dispute


def _approve(dispute: Dispute, by: User, at: datetime, words: str) -> None:
    """Make the proposed decision; the person who approves it has decided."""
    dispute = locked(dispute, *Dispute.UNDECIDED)
    accepted = set(dispute.charges.filter(is_accepted=True).values_list("action", flat=True))
    verdict = State(dispute.proposed)
    decision = plan(dispute, accepted=accepted, verdict=verdict, words=words, by=by)
    _settle(dispute, decision, words=words, by=by, at=at)


def _set_aside(dispute: Dispute, by: User, at: datetime, words: str) -> None:  # noqa: ARG001 -- as `Kind` calls it
    """Forget the proposed decision; the dispute is as it was."""
    dispute.charges.update(is_accepted=None)
    dispute.proposed = ""
    dispute.save(update_fields=["proposed"])


KIND = Kind(
    code=DECISION,
    words="Decide a dispute",
    model=Dispute,
    permission="receivables.change_dispute",
    written_by=frozenset({DISPUTE_OPENED.code, DISPUTE_ANSWERED.code, EVIDENCE_ASKED.code}),
    approve=_approve,
    set_aside=_set_aside,
    page=lambda dispute: reverse("admin:receivables_dispute_change", args=[dispute.pk]),
)
