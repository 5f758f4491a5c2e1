"""Where in an item its fault is, and how a refused action differs from the one that is stored."""

import re
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from leads.admin.shown import NOTHING, pretty
from leads.domain.items import ActionItem, read_action
from leads.models import Action, QuarantinedItem

_MISSING = object()


@dataclass(frozen=True, slots=True)
class Place:
    """A pointer into the item's own content, and what stands there."""

    pointer: str
    found: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One member of an action, as stored and as sent."""

    name: str
    stored: str
    sent: str

    @property
    def differs(self) -> bool:
        return self.stored != self.sent


def faulty_place(item: QuarantinedItem) -> Place:
    """The item's pointer leads into the delivery; this one leads into the content kept here."""
    rest = re.sub(r"^(/leads)?/\d+", "", item.pointer)
    if item.kind == QuarantinedItem.Kind.ACTION:
        rest = re.sub(r"^/actions/\d+", "/actions/0", rest)
    found = _at(item.content, rest)
    return Place(
        rest or "/",
        "is missing" if found is _MISSING else "" if isinstance(found, dict | list) else f"is {_in_short(found)}",
    )


def differences(item: QuarantinedItem, stored: Action) -> list[Difference]:
    """The stored action beside the one that was sent under its id."""
    sent = _at(item.content, "/actions/0")
    read = read_action(sent, received_at=item.received_at)
    if not isinstance(read, ActionItem):
        return []
    return [
        Difference("type", stored.action_type.code, read.type),
        Difference("occurred at", _when(stored.occurred_at), _when(read.occurred_at)),
        Difference("quantity", _plain(stored.quantity), _plain(read.quantity)),
        Difference("value", _plain(stored.value), _plain(read.value)),
        Difference("attributes", pretty(stored.attributes), pretty(read.attributes)),
    ]


def _at(content: Any, pointer: str) -> Any:
    """What a JSON pointer leads to."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(content, dict) and name in content:
            content = content[name]
        elif isinstance(content, list) and name.isdecimal() and int(name) < len(content):
            content = content[int(name)]
        else:
            return _MISSING
    return content


def _in_short(found: Any) -> str:
    words = pretty(found)
    return words if len(words) <= 120 else words[:119] + "…"


def _when(at: Any) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}".rstrip("0").rstrip(".") + " UTC"


def _plain(value: Any) -> str:
    return NOTHING if value is None else f"{value.normalize():f}"
