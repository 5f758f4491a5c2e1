"""A source's field mapping: how a foreign record (a row of a CSV file, a vendor's JSON object) becomes a lead.

A mapping has the shape of a lead. Its texts may hold `{Column}`, filled from the record, and `{Column|slug}`, written as
a code. A member whose text comes out empty is left out; an action whose `when` comes out empty or 0 is left out whole.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.text import slugify

from leads.domain.faults import Fault

_PLACE = re.compile(r"\{([^{}|]+)(\|slug)?\}")
_NOTHING = ("", "0")

COLUMN_MISSING = "column_missing"


class ColumnMissing(Exception):
    """The mapping names a column that the record does not have."""


def mapped(mapping: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any] | Fault:
    """The lead that the mapping makes of the record."""
    try:
        lead = _filled(mapping, record)
    except ColumnMissing as error:
        return Fault(
            COLUMN_MISSING, "", f"The field mapping asks for {error.args[0]!r}, which the record does not have."
        )
    return lead if isinstance(lead, dict) else Fault("mapping_invalid", "", "A field mapping has the shape of a lead.")


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
        raise ColumnMissing(column)
    given = record[column]
    text = "" if given is None else str(given).strip()
    return slugify(text).replace("-", "_") if as_code else text
