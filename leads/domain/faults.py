"""What is wrong with one item: a stable code, where, and words."""

import re
from typing import Any, NamedTuple

_WHERE = re.compile(r"(?P<words>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


class Fault(NamedTuple):
    """Why one item can't be stored as data: a stable code, where in the item (JSON pointer), and words."""

    code: str
    pointer: str
    message: str


class Flawed(dict[str, Any]):
    """An object that was read but cannot be taken as it is; if it has no fault, one of its actions has."""

    def __init__(self, content: dict[str, Any], fault: Fault | None) -> None:
        super().__init__(content)
        self.fault = fault


class Malformed(NamedTuple):
    """An item that could not be read as an object."""

    content: Any
    fault: Fault


def fault_of(text: str) -> Fault:
    """The fault that msgspec describes as: Expected `str`, got `int` - at `$.contact.email`."""
    found = _WHERE.match(text)
    words, path = (found["words"], found["path"] or "") if found else (text, "")
    pointer = "".join(f"/{name or number}" for name, number in _STEP.findall(path))
    if "missing required field" in words:
        return Fault("member_missing", pointer, words + ".")
    if "unknown field" in words:
        return Fault("member_unknown", pointer, words + "; what has no place of its own goes into `attributes`.")
    if "timezone" in words:
        return Fault("time_without_offset", pointer, "A time needs its offset, such as 2026-10-31T17:41:09-05:00.")
    return Fault("member_invalid", pointer, words + ".")
