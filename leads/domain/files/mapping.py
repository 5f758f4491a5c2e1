"""A source's field mapping: how a foreign record (a row of a CSV file, a vendor's JSON object) becomes a lead.

A mapping has the shape of a lead. Its strings may hold `{Column}`, filled from the record, and `{Column|slug}`, written as
a code. A member whose text comes out empty is left out; an action whose `when` comes out empty, 0 or false is left out
whole. A place is filled from a string, a whole number, or true and false; anything else has no one way to be written.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.text import slugify

from leads.domain.faults import Fault

_PLACE = re.compile(r"\{([^{}|]+)(\|slug)?\}")
_NOTHING = ("", "0", "false")

COLUMN_MISSING = "column_missing"
COLUMN_INVALID = "column_invalid"


class NotFilled(Exception):
    """A place of the mapping that can't be filled from the record, and why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def mapped(mapping: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any] | Fault:
    """The lead that the mapping makes of the record."""
    try:
        lead = _filled(mapping, record)
    except NotFilled as error:
        return error.fault
    return lead if isinstance(lead, dict) else Fault("mapping_invalid", "", "A field mapping has the shape of a lead.")


def columns(mapping: Any) -> list[str]:
    """The columns that the mapping asks for, each once, in its order."""
    if isinstance(mapping, str):
        return list(dict.fromkeys(column for column, _ in _PLACE.findall(mapping)))
    parts = mapping.values() if isinstance(mapping, dict) else mapping if isinstance(mapping, list) else ()
    return list(dict.fromkeys(column for part in parts for column in columns(part)))


def _filled(template: Any, record: Mapping[str, Any]) -> Any:
    if isinstance(template, str):
        return _PLACE.sub(lambda place: _value(place, record), template).strip()
    if isinstance(template, list):
        return [_filled(part, record) for part in template if _is_wanted(part, record)]
    if isinstance(template, dict):
        members = {name: _filled(part, record) for name, part in template.items() if name != "when"}
        return {name: value for name, value in members.items() if value not in ("", {})}
    return template


def _is_wanted(part: Any, record: Mapping[str, Any]) -> bool:
    return not (isinstance(part, dict) and "when" in part and _filled(part["when"], record) in _NOTHING)


def _value(place: re.Match[str], record: Mapping[str, Any]) -> str:
    column, as_code = place.groups()
    if column not in record:
        words = f"The field mapping asks for {column!r}, which the record does not have."
        raise NotFilled(Fault(COLUMN_MISSING, "", words))
    text = _written(column, record[column])
    return slugify(text).replace("-", "_") if as_code else text


def _written(column: str, given: Any) -> str:
    if given is None:
        return ""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, str | int):
        return str(given).strip()
    kind = (
        "an object" if isinstance(given, dict) else "a list" if isinstance(given, list) else "a number with a fraction"
    )
    words = (
        f"The field mapping asks for {column!r}, which is {kind} here: only a text, a whole number, true or false fits."
    )
    step = column.replace("~", "~0").replace("/", "~1")
    raise NotFilled(Fault(COLUMN_INVALID, f"/{step}", words))
