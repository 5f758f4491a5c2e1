"""What happens between opening and decision: ask for evidence, answer, withdraw, and ask once for a second look."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.approvals.requests import close_for
from billing_engine.core.deeds.record import changes, record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from receivables.domain.disputes.evidence import Evidence, keep
from receivables.domain.disputes.opening import about
from receivables.domain.disputes.speaker import Speaker
from receivables.domain.disputes.telling import tell_of
from receivables.domain.disputes.windows import decide_by
from receivables.models import Dispute, DisputeStep

EVIDENCE_ASKED = Verb("dispute_evidence_asked", "Asked for evidence")
DISPUTE_ANSWERED = Verb("dispute_answered", "Evidence added")
DISPUTE_WITHDRAWN = Verb("dispute_withdrawn", "Dispute withdrawn")
SECOND_LOOK_ASKED = Verb("dispute_second_look_asked", "Second look asked for")

RELATED = ("customer", "period__customer", "invoice", "reason", "line")

State = Dispute.State
Kind = DisputeStep.Kind


class WrongState(Refused):
    """The dispute's state does not allow this step."""

    code = "dispute_in_wrong_state"


class WordsMissing(Refused):
    """The customer reads why: a question and a decision need words."""

    code = "dispute_words_missing"
    message = "Write what the customer should read."


class NothingAdded(Refused):
    """An answer has words or files."""

    code = "dispute_nothing_added"
    message = "Add words or a file."


@transaction.atomic
def ask_for_evidence(dispute: Dispute, *, words: str, by: User, at: datetime) -> Dispute:
    """Ask the customer for more; the clock waits until the answer."""
    dispute = locked(dispute, State.OPEN)
    check_words(words)
    dispute.state, dispute.waits_since, dispute.proposed = State.WAITING, at, ""
    dispute.save(update_fields=["state", "waits_since", "proposed"])
    step(dispute, Kind.ASKED, words, Speaker(by), at)
    close_for(dispute, by=by, at=at)
    record(EVIDENCE_ASKED, on=dispute, by=by, also=about(dispute))
    return dispute


@transaction.atomic
def answer(dispute: Dispute, *, words: str, by: Speaker, at: datetime, files: Sequence[Evidence] = ()) -> Dispute:
    """Add words or files to an undecided dispute; what we waited for is here, so the clock goes on."""
    dispute = locked(dispute, *Dispute.UNDECIDED)
    if not words.strip() and not files:
        raise NothingAdded
    was = {"state": dispute.state, "decide_by": dispute.decide_by}
    if dispute.waits_since is not None:
        dispute.decide_by += dispute.customer.day_of(at) - dispute.customer.day_of(dispute.waits_since)
        dispute.state, dispute.waits_since = State.OPEN, None
        dispute.save(update_fields=["state", "waits_since", "decide_by"])
    keep(files, step(dispute, Kind.ANSWERED, words, by, at))
    before, after = changes(was, {"state": dispute.state, "decide_by": dispute.decide_by})
    after |= {"files": len(files)} if files else {}  # a name of a file may name a person
    record(
        DISPUTE_ANSWERED,
        on=dispute,
        by=by.actor(dispute.customer),
        before=before,
        after=after,
        also=about(dispute),
    )
    return dispute


@transaction.atomic
def withdraw(dispute: Dispute, *, words: str, by: Speaker, at: datetime) -> Dispute:
    """Withdraw an undecided dispute: its charges may be disputed again, and fall due on their day."""
    dispute = locked(dispute, *Dispute.UNDECIDED)
    before = {"state": dispute.state}
    dispute.state, dispute.waits_since, dispute.proposed = State.WITHDRAWN, None, ""
    dispute.save(update_fields=["state", "waits_since", "proposed"])
    dispute.charges.update(is_undecided=False, is_accepted=None)
    step(dispute, Kind.WITHDRAWN, words, by, at)
    if by.user:
        close_for(dispute, by=by.user, at=at)
    after = {"state": dispute.state}
    record(
        DISPUTE_WITHDRAWN,
        on=dispute,
        by=by.actor(dispute.customer),
        before=before,
        after=after,
        also=about(dispute),
    )
    return dispute


@transaction.atomic
def ask_for_second_look(dispute: Dispute, *, words: str, by: Speaker, at: datetime) -> Dispute:
    """Ask once, after a rejection, that another person decides; the clock starts again."""
    dispute = locked(dispute, State.REJECTED)
    if dispute.second_look_at is not None:
        raise WrongState("A second person looked at this dispute already. That decision is final.")
    dispute.state, dispute.second_look_at = State.SECOND_LOOK, at
    dispute.decide_by = decide_by(dispute.reason, on=dispute.customer.day_of(at), over_quota=False)
    dispute.save(update_fields=["state", "second_look_at", "decide_by"])
    dispute.charges.update(is_undecided=True, is_accepted=None)
    step(dispute, Kind.SECOND_LOOK, words, by, at)
    record(
        SECOND_LOOK_ASKED,
        on=dispute,
        by=by.actor(dispute.customer),
        after={"decide_by": dispute.decide_by},
        also=about(dispute),
    )
    return dispute


def locked(dispute: Dispute, *states: Dispute.State) -> Dispute:
    """Lock the dispute and return it as it is now; raise WrongState unless it is in one of the states."""
    now = Dispute.objects.select_for_update(of=("self",)).select_related(*RELATED).get(pk=dispute.pk)
    if now.state not in states:
        raise WrongState(f"{now} is {now.get_state_display().lower()}.")
    return now


def check_words(words: str) -> None:
    """Refuse to say nothing."""
    if not words.strip():
        raise WordsMissing


def step(dispute: Dispute, kind: DisputeStep.Kind, words: str, speaker: Speaker, at: datetime) -> DisputeStep:
    """Take a step, and tell the customer's people of it."""
    taken = DisputeStep.objects.create(
        dispute=dispute, kind=kind, at=at, by=speaker.user, contact=speaker.contact, words=words.strip()
    )
    tell_of(taken)
    return taken
