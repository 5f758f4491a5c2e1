"""A delivery's items on their way into the tables: what was sent, what it stands for, what became of it."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from leads.domain.faults import Fault
from leads.domain.identity import external_id, in_utc, known_as, person_key
from leads.domain.intake.decode import Flawed, Malformed
from leads.domain.intake.fast_path import WholeLead, read_whole
from leads.domain.intake.lookup import KnownProduct
from leads.domain.intake.parse import Placed
from leads.domain.intake.receipt import CONFLICT, CREATED, DUPLICATE, HELD, NEWS, QUARANTINED, TEST, UPDATED, Result
from leads.domain.intake.rows import NewAction, NewLead, StoredAction, StoredLead
from leads.domain.intake.schema import ActionItem, LeadItem, VoidItem, read_action, read_lead


@dataclass(slots=True)
class SentAction:
    """One action of a sent lead, or the word that takes one back."""

    raw: Any
    item: ActionItem | VoidItem | None
    result: Result
    action_type: int = 0
    lead: int = 0
    conflicts_with: int | None = None
    is_test: bool = False

    @property
    def is_refused(self) -> bool:
        return self.result.fault is not None

    @property
    def key(self) -> tuple[int, str]:
        return self.lead, self.result.id or ""

    def row(self, *, period: int, delivery: int) -> NewAction:
        """What is stored if its id is new."""
        item = self.sound
        return NewAction(
            *self.key,
            self.action_type,
            period,
            delivery,
            in_utc(item.occurred_at),
            item.quantity,
            item.value,
            "",
            item.attributes,
        )

    @property
    def sound(self) -> ActionItem:
        """The item of an action that was not refused."""
        if not isinstance(self.item, ActionItem):
            raise TypeError("What was refused, and what takes an action back, is no action.")
        return self.item

    def stored(self) -> None:
        """It was new."""
        self.result.outcome = TEST if self.is_test else CREATED

    def compare(self, stored: StoredAction) -> None:
        """Known already: the same again changes nothing, anything else is a conflict for a person to settle."""
        item = self.sound
        sent = (self.action_type, item.occurred_at, item.quantity, item.value)
        if sent == (stored.action_type, stored.occurred_at, stored.quantity, stored.value):
            self.result.outcome = DUPLICATE
            return
        self.conflicts_with = stored.id
        self.result.refused(
            Fault(
                "action_conflict", "", "An action with this id is stored with another type, time, quantity or value."
            ),
            outcome=CONFLICT,
        )


@dataclass(slots=True)
class SentLead:
    """One lead with its actions."""

    raw: Any
    item: LeadItem | None
    result: Result
    actions: list[SentAction] = field(default_factory=list)
    product: KnownProduct | None = None
    default_country: str = ""

    @property
    def is_refused(self) -> bool:
        return self.result.fault is not None

    @property
    def has_refusals(self) -> bool:
        """Whether it, or one of its actions, goes into quarantine."""
        return self.is_refused or any(action.is_refused for action in self.actions)

    @property
    def sound(self) -> LeadItem:
        """The item of a lead that was not refused."""
        if self.item is None:
            raise ValueError("A refused lead has no item.")
        return self.item

    @property
    def person(self) -> str:
        if self.item is None:
            return ""
        contact = self.item.contact
        return person_key(
            contact.email, phone=contact.phone, country=contact.country, default_country=self.default_country
        )

    def refuse(self, fault: Fault, *, outcome: str = QUARANTINED) -> None:
        """Into quarantine, and its actions with it: without their lead they belong nowhere."""
        self.result.refused(fault, outcome=outcome)
        for action in self.actions:
            action.result.refused(HELD)

    def row(self, number: int, *, product: int, source: int, delivery: int, received_at: datetime) -> NewLead:
        """What is stored if its id is new."""
        item = self.sound
        contact = item.contact
        return NewLead(
            number,
            source,
            delivery,
            received_at,
            self.result.id or "",
            product,
            contact.name,
            contact.email,
            self.person,
            contact.phone,
            contact.firm,
            contact.country,
            contact.region,
            item.campaign,
            item.is_test,
            item.occurred_at and in_utc(item.occurred_at),
            item.consent,
            item.attributes,
        )

    def join(self, stored: StoredLead) -> None:
        """Its actions are those of the lead that is stored."""
        for action in self.actions:
            action.lead, action.is_test = stored.id, stored.is_test

    def stored(self) -> None:
        """It was new."""
        self.result.outcome = TEST if self.item and self.item.is_test else CREATED

    def compare(self, stored: StoredLead) -> None:
        """Known already: what it is billed by must be the same; everything else stays as it was first sent."""
        differs = [
            name
            for name, sent, known in (
                ("product", self.product.pk if self.product else None, stored.product),
                ("is_test", self.item.is_test if self.item and self.product else None, stored.is_test),
            )
            if sent is not None and sent != known
        ]
        if other_person := known_as(self.person, stored.person_key):
            differs.insert(1 if "product" in differs else 0, other_person)
        self.result.outcome = DUPLICATE
        if differs:
            words = f"A lead with this id is stored with another {' and '.join(differs)}."
            self.refuse(Fault("lead_conflict", "", words), outcome=CONFLICT)

    def settle(self) -> None:
        """A known lead that brought something new was updated."""
        if self.result.outcome == DUPLICATE and any(action.result.outcome in NEWS for action in self.actions):
            self.result.outcome = UPDATED


def channel_fault(lead: LeadItem, channel: str) -> Fault | None:
    """A lead that names its channel must name its source's: by another one it might be charged another price."""
    if not lead.channel or re.sub(r"[\s-]+", "_", lead.channel.strip().lower()) == channel:
        return None
    return Fault("channel_mismatch", "/channel", f"The leads of this source are of the channel {channel!r}.")


def sent_lead(placed: Placed, *, received_at: datetime, plain: bool = False, default_country: str = "") -> SentLead:
    """The lead and its actions, each read as far as it can be; `plain` where no text of it can hold a NUL."""
    pointer, raw = placed
    whole = read_whole(raw, received_at=received_at) if plain and not isinstance(raw, Flawed) else None
    if whole:
        return _whole(pointer, raw, whole, default_country)
    item = read_lead(raw, received_at=received_at)
    content = raw.content if isinstance(raw, Malformed) else raw
    actions = _sent_actions(content, pointer, received_at)
    result = Result(pointer, _id(content), actions=[action.result for action in actions])
    lead = SentLead(content, None, result, actions, default_country=default_country)
    if isinstance(item, Fault):
        lead.refuse(item)
    else:
        lead.item = item
    return lead


def _whole(pointer: str, raw: Any, lead: WholeLead, default_country: str) -> SentLead:
    raws = raw.get("actions", ())
    actions = [
        SentAction(raws[place], item, Result(f"{pointer}/actions/{place}", external_id(item.id)))
        for place, item in enumerate(lead.actions)
    ]
    result = Result(pointer, external_id(lead.id), actions=[action.result for action in actions])
    return SentLead(raw, lead, result, actions, default_country=default_country)


def _sent_actions(lead: Any, pointer: str, received_at: datetime) -> list[SentAction]:
    raws = lead.get("actions") if isinstance(lead, dict) else None
    if not isinstance(raws, list):
        return []
    return [_sent_action(raw, f"{pointer}/actions/{place}", received_at) for place, raw in enumerate(raws)]


def _sent_action(raw: Any, pointer: str, received_at: datetime) -> SentAction:
    item = read_action(raw, received_at=received_at)
    action = SentAction(raw, None, Result(pointer, _id(raw)))
    if isinstance(item, Fault):
        action.result.refused(item)
    else:
        action.item = item
    return action


def _id(raw: Any) -> str | None:
    given = raw.get("id") if isinstance(raw, dict) else None
    return external_id(given) if isinstance(given, str | int) and not isinstance(given, bool) else None
