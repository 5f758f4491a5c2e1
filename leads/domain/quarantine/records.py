"""Records in quarantine: how a corrected record becomes a lead, by the source's current mappings."""

from typing import Any

from leads.domain.body.decode import DUPLICATE_MEMBER, ITEM_MALFORMED, ROW_MALFORMED
from leads.domain.faults import Fault, Malformed
from leads.domain.files.records import ROWS_IN_A_FIELD
from leads.domain.files.sheets.bounds import OF_CELLS
from leads.domain.mapping.language import converter as mapping
from leads.domain.mapping.language.converter import Converter
from leads.domain.mapping.webhooks import NOT_FETCHED, converter_at, door_of, keep_test
from leads.models import QuarantinedItem

# The kept item differs from what was sent, which could not be kept, or lacks what its sender has. A person has to decide.
NOT_AS_SENT = (ITEM_MALFORMED, DUPLICATE_MEMBER, ROW_MALFORMED, NOT_FETCHED)
OF_RECORDS = (*mapping.CODES, ROWS_IN_A_FIELD, *OF_CELLS, *NOT_AS_SENT)
_OF_A_LEAD = frozenset(
    ("id", "product", "contact", "channel", "campaign", "consent", "occurred_at", "is_test", "attributes", "actions")
)


def converter_of(item: QuarantinedItem) -> Converter | None:
    """Return the converter for the door that the item came through; None if it was sent as a lead."""
    if item.code not in OF_RECORDS:
        return None
    return converter_at(item.source, door=door_of(item.delivery))


def is_record(converter: Converter | None, content: Any) -> bool:
    """Return whether the content is a record for the mapping: a lead has an ID and only members of a lead."""
    if converter is None or not isinstance(content, dict):
        return False
    is_lead = "id" in content and set(content) <= _OF_A_LEAD
    return not is_lead or set(converter.columns) <= set(content)


def as_lead(item: QuarantinedItem, content: dict[str, Any]) -> dict[str, Any] | Fault:
    """Convert a record to a lead; a lead stays as it is."""
    converter = converter_of(item)
    if converter is None or not is_record(converter, content):
        return content
    return converted(converter, content, item.pointer)


def converted(converter: Converter, content: dict[str, Any], pointer: str) -> dict[str, Any] | Fault:
    """Convert a record to its lead; of several leads, to the one with the number at the end of this pointer."""
    found = converter.convert(content, place="")
    there = [placed for placed in found if pointer.endswith(placed.pointer)]
    lead: dict[str, Any] | Malformed = (there or found)[0].item
    if isinstance(lead, Malformed):
        return lead.fault
    keep_test(content, lead)
    return lead
