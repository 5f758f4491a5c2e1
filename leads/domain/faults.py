"""What is wrong with one item: a stable code, a place and a message."""

import re
from typing import Any, NamedTuple

_WHERE = re.compile(r"(?P<words>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


class Fault(NamedTuple):
    """Why an item can't be stored: a stable code, a JSON pointer into the item, and a message."""

    code: str
    pointer: str
    message: str


class Flawed(dict[str, Any]):
    """An object that was read but can't be accepted as it is; if it has no fault, one of its actions does."""

    def __init__(self, content: dict[str, Any], fault: Fault | None) -> None:
        super().__init__(content)
        self.fault = fault


class Malformed(NamedTuple):
    """An item that could not be read as an object."""

    content: Any
    fault: Fault


def flaw_of(item: Any) -> Fault | None:
    """Return the fault with which a record was read, including that of an action in it: a record is not a lead yet."""
    if isinstance(item, Malformed):
        return item.fault
    if not isinstance(item, Flawed) or item.fault:
        return item.fault if isinstance(item, Flawed) else None
    parts = enumerate(item["actions"])
    found = ((place, part.fault) for place, part in parts if isinstance(part, Flawed) and part.fault)
    return next((fault._replace(pointer=f"/actions/{place}{fault.pointer}") for place, fault in found), None)


def fault_of(text: str) -> Fault:
    """Convert a message of msgspec, such as: Expected `str`, got `int` - at `$.contact.email`."""
    found = _WHERE.match(text)
    words, path = (found["words"], found["path"] or "") if found else (text, "")
    pointer = "".join(f"/{name or number}" for name, number in _STEP.findall(path))
    if "missing required field" in words:
        return Fault("member_missing", pointer, words + ".")
    if "unknown field" in words:
        return Fault("member_unknown", pointer, words + "; put other data into `attributes`.")
    if "timezone" in words:
        return Fault("time_without_offset", pointer, "A time needs a UTC offset, such as 2026-10-31T17:41:09-05:00.")
    return Fault("member_invalid", pointer, words + ".")
