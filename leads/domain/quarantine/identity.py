"""A repair keeps what an item is: its lead ID, its actions with their IDs, and its customer.

Where the item was received as an object, its members decide. Where it could not be read as an object, what can be found in
it decides: the repaired version has the same `id` members as its text or, without any, only IDs that stand in the text as
words. An ID that is missing or that no item may have is filled in by the person.
"""

import json
import re
from collections import Counter
from typing import Any

import msgspec

from leads.domain.body.decode import as_json
from leads.domain.faults import Fault
from leads.domain.identity import external_id, invisible_in
from leads.domain.intake.schema import Id
from leads.domain.mapping.language.converter import Converter
from leads.domain.occurrence import customers_of
from leads.domain.quarantine.records import as_lead, converted, converter_of, is_record
from leads.models import Customer, QuarantinedItem

REPAIR_CHANGES_IDENTITY = "repair_changes_identity"

_WRITTEN_ID = re.compile(r'"id(?: \(\d+\))?"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)')
_OF_SENDER = "Discard the item and ask the source to send it again."


def identity_fault(item: QuarantinedItem, content: dict[str, Any]) -> Fault | None:
    """Return what the repaired content changes that only the source can change, with its place."""
    converter = converter_of(item)
    if converter is not None and is_record(converter, item.content):
        return _record_fault(item, converter, item.content, content)
    lead = as_lead(item, content)
    if isinstance(lead, Fault):
        return None  # intake tells this fault
    found = _lead_fault(item.content, lead) or _customer_fault(item, item.content, lead)
    return found._replace(pointer="") if found and is_record(converter, content) else found


def _record_fault(
    item: QuarantinedItem, converter: Converter, received: dict[str, Any], content: dict[str, Any]
) -> Fault | None:
    """Compare records by the columns of their IDs, because their faults are in columns, too."""
    lead = as_lead(item, content)
    if isinstance(lead, Fault):
        return None
    naming = converter.identity()
    before = converted(naming, received, item.pointer)
    if isinstance(before, dict):
        whole = as_lead(item, received)
        found = _lead_fault(before, lead)
        found = found or (_customer_fault(item, whole, lead) if isinstance(whole, dict) else None)
        return found._replace(pointer="") if found and is_record(converter, content) else found
    if not is_record(converter, content):
        return _ids_fault(received, lead)
    kept = [column for column in naming.columns if _written(received.get(column))]
    lost = next((column for column in kept if _written(content.get(column)) != _written(received[column])), None)
    if lost is None:
        return None
    step = lost.replace("~", "~0").replace("/", "~1")
    return _fault(f"/{step}", f"A repair can't change {lost!r}, which identifies the lead or its actions.")


def _lead_fault(received: Any, lead: dict[str, Any]) -> Fault | None:
    if not isinstance(received, dict):
        return _ids_fault(received, lead)
    sent = lead.get("actions")
    actions = sent if isinstance(sent, list) else []
    lists = [part for name, part in received.items() if _is_named(name, "actions") and part is not None] or [[]]
    merged = [each for part in lists if isinstance(part, list) for each in part]
    # A repeated member leaves two lists, of which the source meant one or both.
    faults = [_actions_fault(each, actions) for each in ([*lists, merged] if len(lists) > 1 else lists)]
    return _id_fault(received, lead, "", "lead") or (None if None in faults else faults[0])


def _actions_fault(received: Any, actions: list[Any]) -> Fault | None:
    if not isinstance(received, list):
        return _ids_fault(received, actions, "/actions")
    if len(received) != len(actions):
        words = f"The item was received with {_count(len(received))}, and the repaired version has {len(actions)}."
        return _fault("/actions", words)
    for place, (before, after) in enumerate(zip(received, actions, strict=True)):
        if fault := _action_fault(before, after, f"/actions/{place}"):
            return fault
    return None


def _action_fault(received: Any, action: Any, pointer: str) -> Fault | None:
    if not isinstance(action, dict):
        return None  # which intake refuses
    if not isinstance(received, dict):
        return _ids_fault(received, action, pointer)
    if (received.get("void") is None) != (action.get("void") is None):
        words = "A repair can't turn an action into a void, or a void into an action."
        return _fault(f"{pointer}/void", words)
    return _id_fault(received, action, pointer, "action")


def _id_fault(received: dict[str, Any], now: dict[str, Any], pointer: str, noun: str) -> Fault | None:
    known = {id_ for name, given in received.items() if _is_named(name, "id") and (id_ := _usable(given))}
    given = now.get("id")
    if not known or _usable(given) in known:
        return None
    # Two are known if the member was repeated.
    words = f"The {noun} was received with the ID {' or '.join(map(repr, sorted(known)))}, not {given!r}."
    return _fault(f"{pointer}/id", words)


def _ids_fault(received: Any, now: Any, pointer: str = "") -> Fault | None:
    """Compare the IDs with those that can be found in something other than an object."""
    text = received if isinstance(received, str) else as_json(received)
    before, after = _ids_in(text), _ids_in(as_json(now))
    if before:
        return (
            None if before == after else _fault(pointer, f"It was received with {_told(before)}, not {_told(after)}.")
        )
    words = Counter(re.findall(r"[^\s,;|\"'\[\]{}]+", text))
    added = after - words
    return _fault(pointer, f"What was received doesn't contain {_told(added)}.") if added else None


def _customer_fault(item: QuarantinedItem, received: Any, lead: dict[str, Any]) -> Fault | None:
    before, after = customers_of(item.source, [received, lead])
    if before is None or after is None or before == after:
        return None
    name = Customer.objects.get(pk=before.pk).name
    return _fault("/product", f"It was received for {name}, and a repair can't move it to another customer.")


def _ids_in(text: str) -> Counter[str]:
    return Counter(filter(None, map(_as_written, _WRITTEN_ID.findall(text))))


def _as_written(found: str) -> str:
    try:
        return external_id(json.loads(found))
    except ValueError:
        return external_id(found.strip('"'))


def _usable(given: Any) -> str:
    """Return an ID in the form in which it is stored, or "" if no item may have it."""
    try:
        id_ = "" if isinstance(given, bool) else external_id(msgspec.convert(given, Id))
    except msgspec.ValidationError:
        return ""
    return "" if len(id_) > 200 or "\0" in id_ or invisible_in(id_) else id_


def _is_named(name: str, member: str) -> bool:
    """Return whether it is the member, or a repeat of it, which is kept under a numbered name."""
    return name == member or re.fullmatch(rf"{member} \(\d+\)", name) is not None


def _written(given: Any) -> str:
    return str(given).strip() if isinstance(given, str | int) else ""


def _count(actions: int) -> str:
    return f"{actions:,} action" if actions == 1 else f"{actions:,} actions"


def _told(ids: Counter[str]) -> str:
    shown = sorted(ids.elements())
    return f"the {'ID' if len(shown) == 1 else 'IDs'} {', '.join(map(repr, shown))}" if shown else "no ID"


def _fault(pointer: str, words: str) -> Fault:
    return Fault(REPAIR_CHANGES_IDENTITY, pointer, f"{words} {_OF_SENDER}")
