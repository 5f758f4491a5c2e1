"""Field mappings: how a source's records (rows of a CSV file, a vendor's JSON objects) become leads.

A mapping has the shape of a lead. Its strings may contain `{Column}`, filled from the record, and `{Column|slug}`, written as
a code. A member that comes out empty is omitted, and so is an action whose `when` comes out empty, 0 or false. Values can be
strings, whole numbers or booleans; other types have no unique spelling.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.text import slugify

from leads.domain.body.parcel import Placed
from leads.domain.faults import Fault, Flawed, Malformed
from leads.domain.mapping.language.converter import Converter

_PLACE = re.compile(r"\{([^{}|]+)(\|slug)?\}")
_NOTHING = ("", "0", "false")

COLUMN_MISSING = "column_missing"
COLUMN_INVALID = "column_invalid"


class NotFilled(Exception):
    """A placeholder of the mapping can't be filled from the record."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class FieldMapping(Converter):
    """A field mapping as a converter."""

    def __init__(self, mapping: Mapping[str, Any]) -> None:
        super().__init__([])
        self._mapping = mapping

    @property
    def columns(self) -> list[str]:
        return columns(self._mapping)

    def missing(self, names: Iterable[str]) -> list[str]:
        there = set(names)
        return [column for column in self.columns if column not in there]

    def convert(self, record: Any, *, place: str) -> list[Placed]:
        if not isinstance(record, dict):
            return [Placed(place, record)]
        lead = _flaw(record) or mapped(self._mapping, record)
        return [Placed(place, Malformed(record, lead) if isinstance(lead, Fault) else lead)]


def field_mapping(mapping: Mapping[str, Any]) -> FieldMapping | None:
    """Return the converter of a source; None if records are leads already."""
    return FieldMapping(mapping) if mapping else None


def _flaw(item: Any) -> Fault | None:
    """Return the fault of a record, including that of an action in it, because a record is not a lead yet."""
    if not isinstance(item, Flawed) or item.fault:
        return item.fault if isinstance(item, Flawed) else None
    parts = enumerate(item["actions"])
    found = ((place, part.fault) for place, part in parts if isinstance(part, Flawed) and part.fault)
    return next((fault._replace(pointer=f"/actions/{place}{fault.pointer}") for place, fault in found), None)


def mapped(mapping: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any] | Fault:
    """Convert a record to a lead, or return the fault."""
    try:
        lead = _filled(mapping, record)
    except NotFilled as error:
        return error.fault
    return (
        lead
        if isinstance(lead, dict)
        else Fault("mapping_invalid", "", "A field mapping must have the shape of a lead.")
    )


def columns(mapping: Any) -> list[str]:
    """Return the columns the mapping uses, each once, in order."""
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
        words = f"The field mapping needs {column!r}, which the record doesn't have."
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
    words = f"The field mapping needs {column!r}, which is {kind} here. Use a string, a whole number, true or false."
    step = column.replace("~", "~0").replace("/", "~1")
    raise NotFilled(Fault(COLUMN_INVALID, f"/{step}", words))
