"""Locate the fault in an item, and compare a refused item with the stored one."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from billing_engine.core.admin_kit.cells import NOTHING, pretty
from billing_engine.core.calendar.instants import instant_in_words
from leads.domain.identity import external_id
from leads.domain.intake.read import read_action, read_lead
from leads.domain.intake.schema import ActionItem, LeadItem
from leads.domain.quarantine.causes import MISSING, found_at, pointer_of, pointer_to
from leads.models import Action, Lead, QuarantinedItem


@dataclass(frozen=True, slots=True)
class Place:
    """A pointer into the content of an item, and the value found there."""

    pointer: str
    found: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of JSON, and whether it contains the fault."""

    text: str
    is_fault: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One member as stored and as sent."""

    name: str
    stored: str
    sent: str

    @property
    def differs(self) -> bool:
        return self.stored != self.sent


def faulty_place(item: QuarantinedItem) -> Place:
    """Return the place of the fault in the item's content; the stored pointer leads into the delivery."""
    rest = pointer_of(item)
    found = found_at(item.content, rest)
    return Place(
        rest or "/",
        "is missing" if found is MISSING else "" if isinstance(found, dict | list) else f"is {_in_short(found)}",
    )


def differences(item: QuarantinedItem, stored: Action) -> list[Difference]:
    """Compare the stored action with the one sent under the same ID."""
    sent = found_at(item.content, "/actions/0")
    read = read_action(sent, received_at=item.received_at)
    if not isinstance(read, ActionItem):
        return []
    zone = stored.period.customer.zone
    return [
        Difference("type", stored.action_type.code, read.type),
        Difference("occurred at", _when(stored.occurred_at, zone), _when(read.occurred_at, zone)),
        Difference("quantity", _plain(stored.quantity), _plain(read.quantity)),
        Difference("value", _plain(stored.value), _plain(read.value)),
        Difference("attributes", pretty(stored.attributes), pretty(read.attributes)),
    ]


def lead_differences(item: QuarantinedItem, stored: Lead) -> list[Difference]:
    """Compare the stored lead with the one sent under the same ID."""
    read = read_lead(item.content, received_at=item.received_at)
    if not isinstance(read, LeadItem):
        return []
    sku = external_id(read.product.sku) if read.product else NOTHING
    return [
        Difference("product", stored.product.sku, sku),
        Difference("email", stored.email or NOTHING, read.contact.email or NOTHING),
        Difference("phone", stored.phone or NOTHING, read.contact.phone or NOTHING),
        Difference("name", stored.name or NOTHING, read.contact.name or NOTHING),
        Difference("test", "yes" if stored.is_test else "no", "yes" if read.is_test else "no"),
    ]


def marked(content: Any, pointer: str) -> list[Line]:
    """Return the content as lines of indented JSON, marking those at the pointer; a missing member gets its own line."""
    lines = list(_lines(content, "", "", "", ""))
    aim = "" if pointer == "/" else pointer
    found = [Line(text, _is_within(path, aim)) for text, path in lines]
    if not aim or any(line.is_fault for line in found):
        return found
    # A missing member is shown at the end of its parent.
    parent, _, name = aim.rpartition("/")
    place = max((number for number, (_, path) in enumerate(lines) if path == parent), default=None)
    if place is not None:
        found.insert(place, Line(f"{'  ' * (parent.count('/') + 1)}{json.dumps(name)} is missing", is_fault=True))
    return found


def _lines(value: Any, path: str, indent: str, before: str, after: str) -> Iterator[tuple[str, str]]:
    """Yield (text, pointer) of each line."""
    if not (value and isinstance(value, dict | list)):
        yield f"{indent}{before}{pretty(value)}{after}", path
        return
    opens, closes = "{}" if isinstance(value, dict) else "[]"
    yield f"{indent}{before}{opens}", path
    parts = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    for number, (name, part) in enumerate(parts, start=1):
        told = f"{pretty(name)}: " if isinstance(value, dict) else ""
        yield from _lines(part, path + pointer_to(str(name)), indent + "  ", told, "," if number < len(parts) else "")
    yield f"{indent}{closes}{after}", path


def _is_within(path: str, aim: str) -> bool:
    return bool(aim) and (path == aim or path.startswith(aim + "/"))


def _in_short(found: Any) -> str:
    words = pretty(found)
    return words if len(words) <= 120 else words[:119] + "…"


def _when(at: Any, zone: tzinfo) -> str:
    return instant_in_words(at, zone, seconds=True)


def _plain(value: Any) -> str:
    return NOTHING if value is None else f"{value.normalize():f}"
