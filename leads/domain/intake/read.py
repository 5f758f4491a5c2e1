"""Read items by their schema and rules, at two speeds: whole leads in one step or, if one is invalid, part by part.

Both use the same schema and the same rules. Reading in one step only tells whether a lead is flawless; part by part, an
invalid action doesn't affect its lead, and every fault is found.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import convert

from leads.domain.body.parcel import Placed
from leads.domain.faults import Fault, Flawed, Malformed, fault_of
from leads.domain.identity import external_id, to_the_microsecond
from leads.domain.intake.items import SentAction, SentLead
from leads.domain.intake.receipt import Result
from leads.domain.intake.rules import action_fault, lead_fault, storage_fault, void_fault
from leads.domain.intake.schema import ActionItem, LeadItem, VoidItem, WholeLead

Form = TypeVar("Form")


def read_leads(
    items: Sequence[Placed], *, received_at: datetime, plain: bool = False, default_country: str = ""
) -> list[SentLead]:
    """Read leads and their actions as far as possible; with `plain`, no string can contain NUL."""
    wholes = _in_one_step([item for _, item in items]) if plain else [None] * len(items)
    return [
        _whole(placed, whole, default_country)
        if whole and _is_flawless(whole, placed.item, received_at)
        else _part_by_part(placed, received_at, default_country)
        for placed, whole in zip(items, wholes, strict=True)
    ]


# --- Whole leads in one step ----------------------------------------------------------------------------


def _in_one_step(items: list[Any]) -> Sequence[WholeLead | None]:
    """Convert all items at once or, if one of them is invalid, one by one; an invalid one becomes None."""
    if not any(isinstance(item, Flawed) for item in items):
        try:
            return convert(items, list[WholeLead])
        except (msgspec.ValidationError, RecursionError):
            pass
    return [_by_itself(item) for item in items]


def _by_itself(item: Any) -> WholeLead | None:
    if isinstance(item, Flawed):
        return None
    try:
        return convert(item, WholeLead)
    except (msgspec.ValidationError, RecursionError):
        return None


def _is_flawless(lead: WholeLead, sent: dict[str, Any], received_at: datetime) -> bool:
    if lead_fault(lead, received_at=received_at):
        return False
    for action, raw in zip(lead.actions, sent.get("actions", ()), strict=True):
        if action_fault(action, raw, received_at=received_at):
            return False
    return True


def _whole(placed: Placed, lead: WholeLead, default_country: str) -> SentLead:
    pointer, raw = placed
    actions = [
        SentAction(raw=sent, item=item, result=Result(f"{pointer}/actions/{place}", external_id(item.id)))
        for place, (item, sent) in enumerate(zip(lead.actions, raw.get("actions", ()), strict=True))
    ]
    result = Result(pointer, external_id(lead.id), actions=[action.result for action in actions])
    return SentLead(raw=raw, item=lead, result=result, actions=actions, default_country=default_country)


# --- Part by part ---------------------------------------------------------------------------------------


def read_lead(item: Any, *, received_at: datetime) -> LeadItem | Fault:
    """Read a lead without its actions, or return its fault."""
    if isinstance(item, Flawed | Malformed) and item.fault:
        return item.fault
    if not isinstance(item, dict):
        return Fault("not_an_object", "", "A lead must be a JSON object.")
    # Actions are read separately: an invalid one doesn't affect its lead.
    lead = _converted(item, LeadItem, stored=item | {"actions": None})
    return lead if isinstance(lead, Fault) else lead_fault(lead, received_at=received_at) or lead


def read_action(item: Any, *, received_at: datetime) -> ActionItem | VoidItem | Fault:
    """Read an action or a void, or return its fault."""
    if isinstance(item, Flawed) and item.fault:
        return item.fault
    if not isinstance(item, dict):
        return Fault("not_an_object", "", "An action must be a JSON object.")
    if item.get("void") is not None:
        void = _converted(item, VoidItem, stored=item)
        return void if isinstance(void, Fault) else void_fault(void.id, void.void.reason) or void
    action = _converted(item, ActionItem, stored=item)
    return action if isinstance(action, Fault) else action_fault(action, item, received_at=received_at) or action


def _converted(item: dict[str, Any], form: type[Form], *, stored: dict[str, Any]) -> Form | Fault:
    """Convert an item to its schema; `stored` is the part that must fit into the database."""
    if fault := storage_fault(stored):
        return fault
    try:
        return convert(_given(item), form)
    except msgspec.ValidationError as error:
        return fault_of(str(error))


def _given(item: dict[str, Any]) -> dict[str, Any]:
    """Drop members that are null, one level deep: many systems send null for unknown values."""
    given = {name: member for name, member in item.items() if member is not None}
    for part in ("product", "contact"):
        if isinstance(given.get(part), dict):
            given[part] = {name: member for name, member in given[part].items() if member is not None}
    if isinstance(given.get("occurred_at"), str):
        given["occurred_at"] = to_the_microsecond(given["occurred_at"])
    return given


def _part_by_part(placed: Placed, received_at: datetime, default_country: str) -> SentLead:
    pointer, raw = placed
    item = read_lead(raw, received_at=received_at)
    content = raw.content if isinstance(raw, Malformed) else raw
    raws = content.get("actions") if isinstance(content, dict) else None
    actions = [
        _action(each, f"{pointer}/actions/{place}", received_at)
        for place, each in enumerate(raws if isinstance(raws, list) else ())
    ]
    result = Result(pointer, _id(content), actions=[action.result for action in actions])
    lead = SentLead(raw=content, item=None, result=result, actions=actions, default_country=default_country)
    if isinstance(item, Fault):
        lead.refuse(item)
    else:
        lead.item = item
    return lead


def _action(raw: Any, pointer: str, received_at: datetime) -> SentAction:
    item = read_action(raw, received_at=received_at)
    action = SentAction(raw=raw, item=None, result=Result(pointer, _id(raw)))
    if isinstance(item, Fault):
        action.result.refuse(item)
    else:
        action.item = item
    return action


def _id(raw: Any) -> str | None:
    given = raw.get("id") if isinstance(raw, dict) else None
    return external_id(given) if isinstance(given, str | int) and not isinstance(given, bool) else None
