"""Records of files in quarantine: how a corrected record becomes a lead, by the source's current field mapping."""

from typing import Any

from leads.domain.body.decode import DUPLICATE_MEMBER, ITEM_MALFORMED, ROW_MALFORMED
from leads.domain.faults import Fault
from leads.domain.files.mapping import COLUMN_INVALID, COLUMN_MISSING, columns, mapped
from leads.domain.files.records import ROWS_IN_A_FIELD
from leads.domain.files.sheets.bounds import OF_CELLS
from leads.models import QuarantinedItem

# The kept item differs from what was sent, which could not be kept. A person has to decide what was meant.
NOT_AS_SENT = (ITEM_MALFORMED, DUPLICATE_MEMBER, ROW_MALFORMED)
OF_FILES = (COLUMN_INVALID, COLUMN_MISSING, ROWS_IN_A_FIELD, *OF_CELLS, *NOT_AS_SENT)


def is_record(item: QuarantinedItem, content: Any) -> bool:
    """Return whether the content is a record for the mapping: a lead has an ID and rarely the mapping's columns."""
    asked = set(columns(item.source.field_mapping))
    if item.code not in OF_FILES or not isinstance(content, dict):
        return False
    return bool(asked) and ("id" not in content or asked <= set(content))


def as_lead(item: QuarantinedItem, content: dict[str, Any]) -> dict[str, Any] | Fault:
    """Convert a record of a file to a lead; a lead stays as it is."""
    return mapped(item.source.field_mapping, content) if is_record(item, content) else content


def identity_mapping(mapping: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a mapping that fills the IDs and decides which actions there are."""
    found = {name: part for name, part in mapping.items() if name == "id"}
    actions = mapping.get("actions")
    if isinstance(actions, list):
        found["actions"] = [_of_action(action) for action in actions]
    return found


def _of_action(action: Any) -> Any:
    kept = ("id", "when", "void")
    return {name: part for name, part in action.items() if name in kept} if isinstance(action, dict) else action
