"""The leads and actions of a delivery while they are processed: as sent, as read, and with their outcome."""

import re
from typing import Any

from msgspec import Struct, field

from leads.domain.faults import Fault
from leads.domain.identity import person_difference, person_key
from leads.domain.intake.lookup import KnownProduct, StoredAction, StoredLead
from leads.domain.intake.receipt import (
    CONFLICT,
    CREATED,
    DUPLICATE,
    HELD,
    QUARANTINED,
    STORED_OUTCOMES,
    TEST,
    UPDATED,
    Result,
)
from leads.domain.intake.schema import ActionItem, LeadItem, VoidItem


class SentAction(Struct, kw_only=True, gc=False):
    """One action of a sent lead, or the void of one."""

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

    @property
    def action(self) -> ActionItem:
        """The item of an action that is neither refused nor a void."""
        if not isinstance(self.item, ActionItem):
            raise TypeError("A refused item or a void is not an action.")
        return self.item

    def mark_created(self) -> None:
        self.result.outcome = TEST if self.is_test else CREATED

    def compare(self, stored: StoredAction) -> None:
        """Compare with the stored action: identical is a duplicate, anything else a conflict for a person to settle."""
        item = self.action
        sent = (self.action_type, item.occurred_at, item.quantity, item.value)
        if sent == (stored.action_type, stored.occurred_at, stored.quantity, stored.value):
            self.result.outcome = DUPLICATE
            return
        self.conflicts_with = stored.id
        words = "An action with this ID is already stored with a different type, time, quantity or value."
        self.result.refuse(Fault("action_conflict", "", words), outcome=CONFLICT)


class SentLead(Struct, kw_only=True, gc=False):
    """One lead with its actions."""

    raw: Any
    item: LeadItem | None
    result: Result
    actions: list[SentAction] = field(default_factory=list)
    product: KnownProduct | None = None
    default_country: str = ""
    known_person: str | None = None

    @property
    def is_refused(self) -> bool:
        return self.result.fault is not None

    @property
    def has_refusals(self) -> bool:
        """Whether the lead or one of its actions goes to quarantine."""
        return self.is_refused or any(action.is_refused for action in self.actions)

    @property
    def person(self) -> str:
        if self.item is None:
            return ""
        if self.known_person is None:  # parsing a phone number takes time
            contact = self.item.contact
            self.known_person = person_key(
                contact.email, phone=contact.phone, country=contact.country, default_country=self.default_country
            )
        return self.known_person

    def refuse(self, fault: Fault, *, outcome: str = QUARANTINED) -> None:
        """Refuse the lead, and with it its actions, which can't be stored without it."""
        self.result.refuse(fault, outcome=outcome)
        for action in self.actions:
            action.result.refuse(HELD)

    @property
    def named_channel(self) -> str:
        """The channel that the lead names, if any, spelled as ours."""
        return re.sub(r"[\s-]+", "_", self.item.channel.strip().lower()) if self.item else ""

    def refuse_other_channel(self, channel: str) -> None:
        """Refuse a lead that names another channel than its source's, because prices can depend on the channel."""
        if self.named_channel != channel:
            words = f"Leads of this source must have the channel {channel!r}."
            self.refuse(Fault("channel_mismatch", "/channel", words))

    def attach_actions(self, stored: StoredLead) -> None:
        """Assign its actions to the stored lead."""
        for action in self.actions:
            action.lead, action.is_test = stored.id, stored.is_test

    def mark_created(self) -> None:
        self.result.outcome = TEST if self.item and self.item.is_test else CREATED

    def mark_updated(self) -> None:
        """Mark a known lead as updated if one of its actions was stored or changed."""
        if self.result.outcome == DUPLICATE and any(
            action.result.outcome in STORED_OUTCOMES for action in self.actions
        ):
            self.result.outcome = UPDATED

    @property
    def _said_is_test(self) -> bool | None:
        """Whether it is a test; a later action of a lead needn't say so, but a test never joins a lead that is billed."""
        return self.item.is_test if self.item and (self.product or self.item.is_test) else None

    def compare(self, stored: StoredLead) -> None:
        """Compare with the stored lead: what billing depends on must be equal; the rest stays as first sent."""
        differs = [
            name
            for name, sent, known in (
                ("product", self.product.id if self.product else None, stored.product),
                ("is_test", self._said_is_test, stored.is_test),
            )
            if sent is not None and sent != known
        ]
        if other_person := person_difference(self.person, stored.person_key):
            differs.insert(1 if "product" in differs else 0, other_person)
        self.result.outcome = DUPLICATE
        if differs:
            words = f"A lead with this ID is already stored with a different {' and '.join(differs)}."
            self.refuse(Fault("lead_conflict", "", words), outcome=CONFLICT)
