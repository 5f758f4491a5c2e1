"""A fix changes one place of an item, or of all items alike: what is tried first and what is done are one function."""

import copy
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core import log_context
from billing_engine.core.calendar.wall_clock import instant_of
from billing_engine.core.errors import Refused
from leads.domain.body.decode import as_json
from leads.domain.intake.receipt import Receipt
from leads.domain.quarantine.causes import Cause, found_at, pointer_to, steps_of
from leads.domain.quarantine.records import OF_RECORDS
from leads.domain.quarantine.settle import repair
from leads.models import BulkRetry, QuarantinedItem

VALUE, MEMBERS, ZONE, MOVED = "value", "members", "zone", "moved"
# Contact data may stand there: it is fixed item by item, so that it is kept nowhere else.
_OF_ONE_ITEM = ("/contact/", "/attributes/", "/consent/", "/id/", "/actions/0/id/", "/actions/0/attributes/")


class Undone(Exception):
    """Takes back what was tried."""

    def __init__(self, receipt: Receipt) -> None:
        self.receipt = receipt


@dataclass(frozen=True, slots=True)
class Fix:
    """One change at a place: a value, some members of an object, the zone of its time, or another place for the member."""

    kind: str
    place: str
    value: Any

    def applied(self, content: dict[str, Any]) -> dict[str, Any]:
        """Return the content with the change, or as it is if the change doesn't fit; it is then refused as before."""
        fixed = copy.deepcopy(content)
        found = found_at(fixed, self.place)
        if self.kind == VALUE:
            _put(fixed, self.place, self.value)
        elif self.kind == MEMBERS:
            for name, value in self.value.items():
                _put(fixed, f"{self.place}/{name}", value)
        elif self.kind == ZONE:
            _put(fixed, self.place, _with_offset(found, ZoneInfo(self.value)))
        elif _put(fixed, self.value, found, is_new=True):
            parent, _, _ = self.place.rpartition("/")
            del found_at(fixed, parent)[steps_of(self.place)[-1]]
        return fixed


class Fixing(NamedTuple):
    """A fix, and the cause of the items that it fixes, as a bulk retry keeps them."""

    cause: Cause
    fix: Fix

    @classmethod
    def of(cls, retry: BulkRetry) -> Self | None:
        """Return what a bulk retry fixes; None if it retries items unchanged."""
        if not (kept := retry.fix):
            return None
        cause = Cause.read(kept["cause"], source=retry.source_id, code=retry.code)
        return cls(cause, Fix(kept["kind"], kept["place"], kept["value"]))

    @property
    def change(self) -> tuple[str, str]:
        """What is there now and what will be: values as JSON, or a member's place."""
        was, fix = self.cause.was, self.fix
        before = self.cause.place if was is None else was or "absent"
        if fix.kind in (MOVED, ZONE):
            return before, f"in the time zone {fix.value}" if fix.kind == ZONE else str(fix.value)
        values = fix.value.values() if fix.kind == MEMBERS else [fix.value]
        return before, ", ".join(map(as_json, values))

    def as_json(self) -> dict[str, Any]:
        """What a bulk retry keeps."""
        return {"cause": self.cause.as_json(), **asdict(self.fix)}


def is_for_many(cause: Cause) -> bool:
    """Return whether one fix may be applied to all items with this cause; of records, the mapping is changed instead."""
    return cause.code not in OF_RECORDS and not f"{cause.place}/".startswith(_OF_ONE_ITEM)


def repair_with(item: QuarantinedItem, fix: Fix | None, *, by: User | None, at: datetime) -> Receipt:
    """Send the item in again with the fix, or unchanged. Raises StillRefused like any repair."""
    return repair(item, content=fix.applied(item.content) if fix else item.content, by=by, at=at)


def tried(item: QuarantinedItem, fix: Fix | None, *, by: User | None, at: datetime) -> Receipt | Refused:
    """Return what the repair would do, and take it back: nothing is stored, and no try is noted."""
    named = log_context.ids()
    try:
        with transaction.atomic():
            raise Undone(repair_with(item, fix, by=by, at=at))
    except Undone as done:
        return done.receipt
    except Refused as refusal:
        return refusal
    finally:
        log_context.begin(**named)  # without the delivery that there isn't


def _put(content: Any, place: str, value: Any, *, is_new: bool = False) -> bool:
    """Put a value at a place, in objects that are made if they are missing; return whether it could."""
    *parents, name = steps_of(place)
    for parent in parents:
        if isinstance(content, dict) and content.get(parent) is None:
            content[parent] = {}
        content = found_at(content, pointer_to(parent))
    if not isinstance(content, dict) or (is_new and name in content):
        return False
    content[name] = value
    return True


def _with_offset(found: Any, zone: ZoneInfo) -> Any:
    """Return a time as a clock in this zone showed it; anything else stays."""
    try:
        wall = datetime.fromisoformat(found)
    except (TypeError, ValueError):
        return found
    return found if wall.tzinfo else instant_of(wall, zone).astimezone(zone).isoformat()
