"""Settle quarantined items: send a corrected item in again, or discard it with a reason."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from leads.domain.body.decode import as_json
from leads.domain.body.parcel import Parcel, Placed
from leads.domain.faults import Fault
from leads.domain.identity import external_id
from leads.domain.intake.receipt import Receipt, Result
from leads.domain.intake.receive import receive
from leads.domain.occurrence import occurred, zones_of
from leads.domain.quarantine.corrections import record_corrections
from leads.domain.quarantine.difference import Changes, difference, since_received
from leads.domain.quarantine.identity import identity_fault
from leads.domain.quarantine.records import NOT_AS_SENT, as_lead
from leads.models import Action, Delivery, QuarantinedItem, QuarantineStep

ACTION_CONFLICT = "action_conflict"
LEAD_CONFLICT = "lead_conflict"
CONFLICTS = (ACTION_CONFLICT, LEAD_CONFLICT)
State = QuarantinedItem.State
Kind = QuarantineStep.Kind


ITEM_REPAIRED = Verb("quarantined_item_repaired", "Quarantined item stored")
ITEM_JOINED = Verb("quarantined_item_joined", "Quarantined item joined by itself")
ITEM_REPLACED = Verb("quarantined_item_replaced", "Stored version replaced")
ITEM_REFUSED_AGAIN = Verb("quarantined_item_refused_again", "Quarantined item refused again")
ITEM_DISCARDED = Verb("quarantined_item_discarded", "Quarantined item discarded")
SETTLED_BY = {Kind.REPAIRED: ITEM_REPAIRED, Kind.JOINED: ITEM_JOINED, Kind.TOOK_NEW: ITEM_REPLACED}


class AlreadySettled(Refused):
    """The item was already settled."""

    code = "already_settled"
    message = "This item is already settled."


class StillRefused(Refused):
    """The corrected item still can't be stored; `fault` says why, with a pointer into the item's content."""

    code = "still_refused"

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(f"{fault.message} ({fault.code})")


class NoteMissing(Refused):
    """A reason is required."""

    code = "note_missing"
    message = "Enter a reason for discarding this item."


def repair(
    item: QuarantinedItem, *, content: dict[str, Any], by: User | None, at: datetime, by_hand: bool = False
) -> Receipt:
    """Send the corrected item in again as its own delivery; `by_hand` means that a person has checked this very item.

    Raises StillRefused if it can't be stored, or if it is no longer the item that was received: then the attempt is recorded
    and, if the content is unchanged, the item gets its current fault. An invalid action of a corrected lead goes back to
    quarantine as its own item.
    """
    changes, code = difference(item.content, content), item.code
    try:
        with transaction.atomic():
            if code in NOT_AS_SENT and not changes and not by_hand:
                raise StillRefused(Fault(code, "", item.message))
            if changes and (fault := identity_fault(item, content)):
                raise StillRefused(fault)
            return resend(
                item, content=content, by=by, at=at, kind=Kind.REPAIRED, changed=since_received(item, changes)
            )
    except StillRefused as refusal:
        note_refusal(item, refusal.fault, same=not changes, by=by, at=at)
        raise


def resend(
    item: QuarantinedItem,
    *,
    content: dict[str, Any],
    by: User | None,
    at: datetime,
    kind: QuarantineStep.Kind,
    note: str = "",
    changed: Changes | None = None,
) -> Receipt:
    """Settle the item by receiving `content` like any other lead. Raises StillRefused if it is refused.

    Call it within a transaction, so that a refusal rolls everything back.
    """
    _settle(item, state=State.REPAIRED, by=by, at=at, note=note)
    lead = as_lead(item, content)
    if isinstance(lead, Fault):
        raise StillRefused(lead)
    # Always one item, even if it looks like an envelope.
    receipt = receive(
        item.source,
        parcel=Parcel([Placed("", lead)]),
        body=as_json(lead).encode(),
        content_type="application/json",
        received_at=at,
        name=f"Retry of quarantined item {item.pk}",
        is_deed=False,
        is_test=item.delivery.is_test,
    )
    result = _result_of(item, receipt)
    if result.fault:
        raise StillRefused(result.fault._replace(pointer=result.pointer + result.fault.pointer))
    step = _note_step(item, receipt, kind=kind, by=by, at=at, note=note, changed=changed or {})
    if kind == Kind.REPAIRED:
        record_corrections(step, receipt, step.changed)
    return receipt


def join_as(item: QuarantinedItem, placed: Sequence[Placed], *, body: bytes, key: str, at: datetime) -> Receipt:
    """Settle the item by what its sender has told since, received as a delivery of its own.

    What is refused of it waits in quarantine in the item's place. Raises AlreadySettled. Call it within a transaction.
    """
    _settle(item, state=State.REPAIRED, by=None, at=at)
    receipt = receive(
        item.source,
        parcel=Parcel(list(placed)),
        body=body,
        content_type="application/json",
        received_at=at,
        idempotency_key=key,
        is_deed=False,
        is_test=item.delivery.is_test,
    )
    _note_step(item, receipt, kind=Kind.JOINED, by=None, at=at, note="", changed={})
    return receipt


def _note_step(
    item: QuarantinedItem,
    receipt: Receipt,
    *,
    kind: QuarantineStep.Kind,
    by: User | None,
    at: datetime,
    note: str,
    changed: Changes,
) -> QuarantineStep:
    """Record as what the item was stored, on the item and in the log of deeds."""
    step = QuarantineStep.objects.create(
        item=item, kind=kind, at=at, by=by, note=note, changed=changed, delivery_id=receipt.delivery_id
    )
    also = [Delivery(pk=receipt.delivery_id), item.source, *([item.stored_action] if item.stored_action else [])]
    also += [Action(pk=voided) for voided in receipt.voided]
    # Which members changed, and not what they hold: that may be contact data, which the step keeps and an erasure clears.
    told = {"changed": list(changed)} if changed else {}
    deed_by = item.source if kind == Kind.JOINED else by
    record(SETTLED_BY[kind], on=item, by=deed_by, reason=note, after=told, also=also)
    return step


@transaction.atomic
def discard(item: QuarantinedItem, *, note: str, by: User, at: datetime) -> None:
    """Discard the item; it stays in the list as discarded, with the reason."""
    if not note.strip():
        raise NoteMissing
    _settle(item, state=State.DISCARDED, by=by, at=at, note=note.strip())
    QuarantineStep.objects.create(item=item, kind=Kind.DISCARDED, at=at, by=by, note=note.strip())
    also = [item.source, *([item.stored_action] if item.stored_action else [])]
    record(ITEM_DISCARDED, on=item, by=by, reason=note, also=also)


def note_refused_again(item: QuarantinedItem, *, note: str, by: User | None, at: datetime) -> None:
    """Record on the item why it was refused again, or what went wrong."""
    QuarantineStep.objects.create(item=item, kind=Kind.REFUSED_AGAIN, at=at, by=by, note=note)
    record(ITEM_REFUSED_AGAIN, on=item, by=by, after={"refused_because": note}, also=[item.source])


@transaction.atomic
def note_refusal(item: QuarantinedItem, fault: Fault, *, same: bool, by: User | None, at: datetime) -> None:
    """Record why it was refused again; if the content is the `same`, this is now its fault."""
    note_refused_again(item, note=f"{fault.message} ({fault.code})", by=by, at=at)
    # The customer, and so the month, may be known by now.
    [zone] = zones_of(item.source, [item.content])
    when = occurred(item.content, received_at=item.received_at, zone=zone)
    QuarantinedItem.objects.waiting().filter(pk=item.pk).update(occurred_at=when.at, zone=when.zone, months=when.months)
    if same and fault.code != item.code:
        # The original fault is fixed, but there is another one.
        stored = stored_action_of(item) if fault.code == ACTION_CONFLICT else None
        QuarantinedItem.objects.waiting().filter(pk=item.pk).update(
            code=fault.code, message=fault.message, pointer=fault.pointer[:200], stored_action=stored
        )


def stored_action_of(item: QuarantinedItem) -> Action | None:
    """Return the stored action with the ID of the item's first action, if any."""
    content = item.content if isinstance(item.content, dict) else {}
    lead, actions = content.get("id"), content.get("actions")
    first = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else {}
    if lead is None or first.get("id") is None:
        return None
    of_lead = Action.objects.filter(lead__source=item.source, lead__external_id=external_id(lead))
    return of_lead.filter(external_id=external_id(first["id"])).first()


def _result_of(item: QuarantinedItem, receipt: Receipt) -> Result:
    lead = receipt.results[0]
    of_its_lead = lead.fault or item.kind == QuarantinedItem.Kind.LEAD or not lead.actions
    return lead if of_its_lead else lead.actions[0]


def _settle(item: QuarantinedItem, *, state: str, by: User | None, at: datetime, note: str = "") -> None:
    waiting = QuarantinedItem.objects.waiting().filter(pk=item.pk)
    if not waiting.update(state=state, waits_until=None, settled_at=at, settled_by=by, settled_note=note):
        raise AlreadySettled
