"""Show the item of a delivery that a stored lead or action came from, with the action highlighted."""

from dataclasses import dataclass
from typing import Any

from billing_engine.core.errors import Refused
from billing_engine.core.validation import key_of
from leads.admin.quarantine.fault_places import Line, marked
from leads.domain.archive.bodies import body_of
from leads.domain.body.parcel import Placed
from leads.domain.body.parse import read_parcel
from leads.domain.identity import external_id
from leads.models import Action, Delivery, Lead

LINES_AROUND = 3


@dataclass(frozen=True, slots=True)
class DeliveredItem:
    """An item of a delivery, with its place and its text, line by line."""

    name: str
    place: str
    lines: list[Line]

    @property
    def first(self) -> int:
        """The first highlighted line, to which the page scrolls."""
        return next(number for number, line in enumerate(self.lines) if line.is_fault)


def requested_item(delivery: Delivery, asked: Any) -> DeliveredItem | None:
    """Return the item requested by `?action=17` or `?lead=5`; None if it didn't come with this delivery."""
    kind, key = next(((kind, asked[kind]) for kind in ("action", "lead") if asked.get(kind)), ("", ""))
    pk = key_of(key)
    if pk is None:
        return None
    if kind == "lead":
        lead = Lead.objects.filter(pk=pk, delivery=delivery.pk).first()
        return _delivered(delivery, lead.external_id, "") if lead else None
    action = Action.objects.select_related("lead").filter(pk=pk, delivery=delivery.pk).first()
    return _delivered(delivery, action.lead.external_id, action.external_id) if action else None


def _delivered(delivery: Delivery, lead: str, action: str) -> DeliveredItem | None:
    body = body_of(delivery)
    name = f"Action {action} of lead {lead}" if action else f"Lead {lead}"
    try:
        items = read_parcel(body, delivery.content_type).items
    except Refused:
        return _in_text(name, body.decode(errors="replace"), lead, action)
    of_lead = [placed for placed in items if _named(placed.item, lead)]
    for placed in of_lead:
        pointer = _pointer(placed, action)
        if pointer is not None:
            lines = marked(placed.item, pointer or "/")
            return DeliveredItem(name, placed.pointer + pointer or "/", lines if action else _all_of(lines))
    return None


def _all_of(lines: list[Line]) -> list[Line]:
    return [Line(line.text, is_fault=True) for line in lines]


def _pointer(placed: Placed, action: str) -> str | None:
    """Return the pointer to the action within the lead, or "" for the lead itself."""
    if not action:
        return ""
    actions = placed.item.get("actions")
    found = (place for place, each in enumerate(actions if isinstance(actions, list) else []) if _named(each, action))
    return next((f"/actions/{place}" for place in found), None)


def _named(item: Any, name: str) -> bool:
    return isinstance(item, dict) and external_id(item.get("id", "")) == name


def _in_text(name: str, text: str, lead: str, action: str) -> DeliveredItem | None:
    """Find the row of a file with both IDs, or else the lead's; show it with the header and the rows around it."""
    rows = text.splitlines()
    with_lead = [number for number, row in enumerate(rows) if lead in row]
    number = next((each for each in with_lead if action in rows[each]), with_lead[0] if with_lead else None)
    if number is None:
        return None
    first = max(number - LINES_AROUND, 1)
    shown = [Line(rows[0], is_fault=number == 0)]
    shown += [Line(rows[each], each == number) for each in range(first, min(number + LINES_AROUND + 1, len(rows)))]
    return DeliveredItem(name, f"line {number + 1}", shown)
