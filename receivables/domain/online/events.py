"""What Stripe tells us: each event once, stored together with its effect; what can't be booked waits for a person.

Stripe sends an event again for three days until we answer that we have it; then nothing is retried by itself.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from receivables.domain.online.effect import Asked, Effect, Run
from receivables.domain.online.incoming import completed, expired, failed, succeeded
from receivables.domain.online.minor_units import from_minor
from receivables.domain.online.outgoing import disputed, refunded
from receivables.domain.online.payouts import paid_out, payout_failed
from receivables.domain.online.provider import ProviderUnavailable, event_of, fee_of, lines_of_payout
from receivables.domain.online.told import NotUnderstood, Told, told_of, without_payer
from receivables.models import OnlineEvent

RUN_AGAIN = Verb("online_event_run_again", "Run again")
SET_ASIDE = Verb("online_event_set_aside", "Set aside")

State = OnlineEvent.State
SESSION = "checkout.session"
PAYOUT = "payout.paid"
EFFECTS: dict[str, Callable[[Run], Effect]] = {
    f"{SESSION}.completed": completed,
    f"{SESSION}.async_payment_succeeded": succeeded,
    f"{SESSION}.async_payment_failed": failed,
    f"{SESSION}.expired": expired,
    **dict.fromkeys(("refund.created", "refund.updated", "refund.failed", "charge.refund.updated"), refunded),
    **{
        f"charge.dispute.{what}": disputed
        for what in ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated")
    },
    PAYOUT: paid_out,
    "payout.failed": payout_failed,
    "payout.canceled": payout_failed,
}
# Other events tell the same once more, or of what is not booked.
SAID_ELSEWHERE = (
    *("charge.", "payment_intent.", "payment_method.", "payout.", "balance."),
    *("customer.", "mandate.", "setup_intent."),
)


class NotForAPerson(Refused):
    """Only an event that is not booked, or not all of it, can be run again or set aside."""

    code = "online_event_is_settled"
    message = "It is settled: nothing is left to do."


def receive(payload: bytes, signature: str, *, at: datetime) -> None:
    """Store an event with its effect. Raises ProviderRefused or NotUnderstood for what is none, and ProviderUnavailable
    if Stripe has to send it again."""
    body = event_of(payload, signature)
    told = told_of(body)
    if any(not may_run(each) for each in OnlineEvent.objects.filter(external_id=told.id)):
        return
    asked = _asked(told)
    try:
        effect = _store(told, without_payer(body), asked, at=at)
    except Exception:
        _keep(told, without_payer(body), at=at)
        raise
    if effect.document and told.subject:
        _run_those_that_waited(told.subject, at=at)
    if isinstance(asked.refusal, ProviderUnavailable):
        raise asked.refusal


def run_again(event: OnlineEvent, *, by: User, at: datetime) -> OnlineEvent:
    """Run an event that is not booked once more. Raises NotForAPerson."""
    asked = _asked(told_of(event.body))  # before anything is locked
    with transaction.atomic():
        found = _locked(event)
        check_may_run(found)
        effect = _run(found, asked, by=by, at=at)
        if effect.document is None or not effect.is_new:
            record(RUN_AGAIN, on=found, by=by, after={"state": found.state, "because": found.why})
    return found


@transaction.atomic
def set_aside(event: OnlineEvent, *, by: User, at: datetime, reason: str) -> OnlineEvent:
    """Settle an event that is not for the ledger, or was booked by hand. Raises NotForAPerson."""
    found = _locked(event)
    check_waits(found)
    before = {"state": found.state, "because": found.why}
    found.state, found.run_at = State.ASIDE, at
    found.save(update_fields=["state", "run_at"])
    record(SET_ASIDE, on=found, by=by, reason=reason, before=before, after={"state": found.state})
    return found


def check_waits(event: OnlineEvent) -> None:
    """Raise NotForAPerson unless it waits for a person."""
    if event.state not in (State.OPEN, State.PARTLY):
        raise NotForAPerson


def check_may_run(event: OnlineEvent) -> None:
    """Raise NotForAPerson if another run can't change anything."""
    if not may_run(event):
        raise NotForAPerson


def may_run(event: OnlineEvent) -> bool:
    """Return whether another run may book something: of a payout also what was not in the ledger before."""
    return event.state == State.OPEN or (event.state == State.PARTLY and event.kind == PAYOUT)


@transaction.atomic
def _store(told: Told, body: Any, asked: Asked, *, at: datetime) -> Effect:
    """Store the event and run it: a second one of the same ID waits here, and then finds it done."""
    found = _stored(told, body, at=at)
    return _run(found, asked, by=None, at=at) if may_run(found) else Effect()


@transaction.atomic
def _keep(told: Told, body: Any, *, at: datetime) -> None:
    """Keep an event on which our program failed: Stripe sends it again, and a person sees it."""
    found = _stored(told, body, at=at)
    if may_run(found):
        found.why, found.run_at = "An error of the program. It was reported.", at
        found.save(update_fields=["why", "run_at"])


def _stored(told: Told, body: Any, *, at: datetime) -> OnlineEvent:
    row = OnlineEvent(
        external_id=told.id,
        kind=told.kind[:100],
        subject=told.subject,
        happened_at=told.happened_at,
        received_at=at,
        body=body,
    )
    OnlineEvent.objects.bulk_create([row], ignore_conflicts=True)
    return OnlineEvent.objects.select_for_update(no_key=True).get(external_id=told.id)


def _run(event: OnlineEvent, asked: Asked, *, by: User | None, at: datetime) -> Effect:
    """Run a locked event, and store the outcome."""
    told, effect = told_of(event.body), Effect()
    try:
        with transaction.atomic():
            effect = _effect(Run(told, asked, by, at))
    except Refused as refusal:
        event.state, event.why = State.OPEN, str(refusal)
    else:
        event.state = State.PARTLY if effect.is_partly else State.DONE if effect.document else State.NOTHING
        event.why = effect.words
        event.document = effect.document or event.document
    event.run_at = at
    event.save(update_fields=["state", "why", "document", "run_at"])
    return effect


def _effect(run: Run) -> Effect:
    known = EFFECTS.get(run.told.kind)
    if known is not None:
        return known(run)
    if run.told.kind.startswith(SAID_ELSEWHERE):
        return Effect(words="Other events tell what is to be booked.")
    raise NotUnderstood(f"Events of the kind “{run.told.kind}” are not known here.")


def _run_those_that_waited(subject: str, *, at: datetime) -> None:
    """Run the events about a payment that came before it: Stripe keeps no order."""
    for event in OnlineEvent.objects.for_a_person().filter(subject=subject).order_by("happened_at", "pk"):
        with transaction.atomic():
            found = _locked(event)
            if found.state == State.OPEN:
                _run(found, _asked(told_of(found.body)), by=None, at=at)


def _asked(told: Told) -> Asked:
    """Ask Stripe what the event does not say. A payment is booked without its fee if need be: its payout tells it, too."""
    try:
        if told.kind == PAYOUT:
            return Asked(lines=list(lines_of_payout(told.text("id"))))
        if told.kind in (f"{SESSION}.completed", f"{SESSION}.async_payment_succeeded") and told.subject:
            fee, currency = fee_of(told.subject)
            return Asked(fee=from_minor(fee, currency) if currency == told.currency else None)
    except Refused as refusal:
        return Asked(refusal=refusal if told.kind == PAYOUT else None)
    return Asked()


def _locked(event: OnlineEvent) -> OnlineEvent:
    return OnlineEvent.objects.select_for_update(no_key=True).get(pk=event.pk)
