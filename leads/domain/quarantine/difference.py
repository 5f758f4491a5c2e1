"""What a person changed about an item: each place as a JSON pointer, with the JSON before and after."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from numbers import Number
from typing import Any

from leads.domain.body.decode import as_json
from leads.models import QuarantinedItem, QuarantineStep

Changes = dict[str, list[str]]
_ABSENT = object()


def difference(before: Any, after: Any) -> Changes:
    """Return what differs between two JSON values; an absent member is ""."""
    return dict(_differing(before, after, ""))


def since_received(item: QuarantinedItem, changes: Changes) -> Changes:
    """Add what an earlier repair changed, if the item came out of one: the source sent neither version."""
    step = QuarantineStep.objects.filter(delivery=item.delivery_id).exclude(changed={}).first()
    if step is None or step.kind != QuarantineStep.Kind.REPAIRED:
        return changes
    place = item.pointer.removeprefix("/actions/").split("/")[0]
    return _joined(_of_action(step.changed, place), changes)


def of_place(changes: Mapping[str, list[str]], place: int) -> Changes:
    """Return the changes that concern the action at this place: its own and those of its lead."""
    own = f"/actions/{place}"
    return {
        pointer: both
        for pointer, both in changes.items()
        if not pointer.startswith("/actions/") or pointer == own or pointer.startswith(f"{own}/")
    }


def of_lead(changes: Mapping[str, list[str]]) -> Changes:
    """Return the changes outside the actions."""
    return {pointer: both for pointer, both in changes.items() if not pointer.startswith("/actions/")}


def _of_action(changes: Mapping[str, list[str]], place: str) -> Changes:
    """Return an earlier repair's changes of the lead and of one action, which is the item's only one now."""
    concerned = of_place(changes, int(place)) if place.isdecimal() else of_lead(changes)
    own = f"/actions/{place}"
    return {
        f"/actions/0{pointer.removeprefix(own)}" if pointer.startswith(own) else pointer: both
        for pointer, both in concerned.items()
    }


def _joined(earlier: Changes, later: Changes) -> Changes:
    joined = dict(earlier)
    for pointer, (before, after) in later.items():
        joined[pointer] = [earlier[pointer][0] if pointer in earlier else before, after]
    return {pointer: both for pointer, both in joined.items() if both[0] != both[1]}


def _differing(before: Any, after: Any, pointer: str) -> Iterator[tuple[str, list[str]]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys([*before, *after]):
            step = name.replace("~", "~0").replace("/", "~1")
            yield from _differing(before.get(name, _ABSENT), after.get(name, _ABSENT), f"{pointer}/{step}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differing(one, other, f"{pointer}/{place}")
    elif not _is_same(before, after):
        yield pointer, [_written(before), _written(after)]


def _is_same(before: Any, after: Any) -> bool:
    if _is_number(before) and _is_number(after):
        return Decimal(str(before)) == Decimal(str(after))  # which the database gives otherwise than a form
    return type(before) is type(after) and bool(before == after)


def _is_number(value: Any) -> bool:
    return isinstance(value, Number) and not isinstance(value, bool)


def _written(value: Any) -> str:
    return "" if value is _ABSENT else as_json(value)
