"""Records of webhooks: what is known of one beside what its sender wrote, and which mapping converts it."""

import hashlib
from functools import cache
from typing import Any

from leads.domain.body.parcel import Placed
from leads.domain.faults import Fault, Malformed
from leads.domain.mapping.active import MappingNotValid, active_converter
from leads.domain.mapping.doors import API, FILES, doors
from leads.domain.mapping.language.converter import HAS_NO_MATCH, Converter
from leads.domain.mapping.language.read import read_document
from leads.domain.mapping.ready_made.registry import ready_made
from leads.models import Delivery, QuarantinedItem, Source

HOOK, IS_TEST = "hook", "is_test"
NOT_FETCHED = QuarantinedItem.NOT_FETCHED
KEY_CHARACTERS = 200


def key_of(door: str, event: str) -> str:
    """Return the idempotency key of an event of a sender; it tells the door through which the delivery came."""
    key = f"{HOOK} {door} {event}"
    is_usable = len(key) <= KEY_CHARACTERS and key.isascii() and key.isprintable()
    return key if is_usable else f"{HOOK} {door} sha256 {hashlib.sha256(event.encode(errors='replace')).hexdigest()}"


def door_of(delivery: Delivery) -> str:
    """Return the door through which a delivery came."""
    first, _, rest = delivery.idempotency_key.partition(" ")
    door = rest.partition(" ")[0]
    if first == HOOK and door in doors():
        return door
    return FILES if delivery.name else API


def converter_at(source: Source, *, door: str) -> Converter | None:
    """Return the converter of a source's own mappings for a door, or the ready-made one. Raises MappingNotValid."""
    return active_converter(source, door=door) or ready_made_converter(door)


@cache
def ready_made_converter(door: str) -> Converter | None:
    """Return the ready-made mapping of a kind of sender, which has its name, compiled once; files and the API have none."""
    found = [each.document for each in ready_made() if each.code == door]
    return Converter([read_document(each) for each in found]) if found else None


def keep_test(record: dict[str, Any], lead: Any) -> None:
    """Mark a lead as a test if the sender marked its record, whatever the mapping says."""
    known = record.get(HOOK)
    if isinstance(lead, dict) and isinstance(known, dict) and known.get(IS_TEST) is True:
        lead["is_test"] = True


def converted_records(source: Source, records: list[Placed], *, door: str) -> list[Placed]:
    """Return the records as leads; what is not to be converted, or can't be, is malformed, with the reason."""
    try:
        converter = converter_at(source, door=door)
    except MappingNotValid as error:
        fault = Fault(HAS_NO_MATCH, "", str(error))
        return [
            Placed(pointer, record if isinstance(record, Malformed) else Malformed(record, fault))
            for pointer, record in records
        ]
    if converter is None:
        raise LookupError(f"There is no ready-made mapping for {door}.")
    return [lead for record in records for lead in leads_of(converter, record)]


def leads_of(converter: Converter, placed: Placed) -> list[Placed]:
    """Convert a record to leads; what the sender marks as a test is a test, whatever the mapping says."""
    pointer, record = placed
    if isinstance(record, Malformed):
        return [placed]
    found = converter.convert(record, place=pointer)
    if isinstance(record, dict):
        for _, lead in found:
            keep_test(record, lead)
    return found
