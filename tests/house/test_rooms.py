"""Rooms: a folder holds few modules, and inside it imports go down a few floors and never in a circle."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.house.tree import nodes, product

MODULES_A_ROOM = 14
FLOORS_A_ROOM = 5
# Rooms that are one straight line from top to bottom, a step per file, which is how they are read.
STRAIGHT_LINES = {"pricing.rating": 9, "pricing.rating.prices": 6, "pricing.files": 7}
# Tables name each other from the top down: an action its lead, that its product, that its customer.
STRAIGHT_LINES |= {"leads.models": 7}


def test_no_room_holds_more_modules_than_a_reader_can_keep_in_mind():
    crowded = {
        room: found
        for room in _rooms()
        if (found := sum(name.rpartition(".")[0] == room and name not in _rooms() for name in _modules()))
        > MODULES_A_ROOM
    }

    assert crowded == {}


def test_inside_a_room_imports_go_down_a_few_floors_and_never_in_a_circle():
    heights = {room: _floors(_arrows(room)) for room in _rooms()}

    assert {room: found for room, found in heights.items() if found > STRAIGHT_LINES.get(room, FLOORS_A_ROOM)} == {}


def test_every_straight_line_is_still_as_long():
    assert {room: _floors(_arrows(room)) for room in STRAIGHT_LINES} == STRAIGHT_LINES


def test_a_circle_is_seen_as_one():
    assert _floors({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == 3
    with pytest.raises(CycleError):
        _floors({"a": {"b"}, "b": {"c"}, "c": {"a"}})


@cache
def _modules() -> dict[str, set[str]]:
    """Each module of the product, and those of ours that it imports."""
    paths = [path for path in product() if len(path.parts) > 1 and path.parts[0] != "deploy"]
    named = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in paths}
    return {name: {each for each in _imported(name, named) if each in named} for name in named}


def _imported(name: str, named: dict[str, object]) -> Iterator[str]:
    path = named[name]
    for node in nodes(path, ast.ImportFrom):  # type: ignore[arg-type]  # the path of its module
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            yield whole if whole in named else str(node.module)
    for node in nodes(path, ast.Import):  # type: ignore[arg-type]  # the path of its module
        yield from (alias.name for alias in node.names)


@cache
def _rooms() -> set[str]:
    return {name.rpartition(".")[0] for name in _modules() if "." in name}


def _arrows(room: str) -> dict[str, set[str]]:
    """What of a room imports what else of it; a room inside it counts as one."""
    arrows = defaultdict[str, set[str]](set)
    for name, imported in _modules().items():
        if not name.startswith(f"{room}."):
            continue
        here = _child(room, name)
        arrows[here] |= {_child(room, each) for each in imported if each.startswith(f"{room}.")} - {here}
    return arrows


def _child(room: str, name: str) -> str:
    return name[len(room) + 1 :].partition(".")[0]


def _floors(arrows: dict[str, set[str]]) -> int:
    """How many floors there are from the top to the bottom. Raises CycleError where it goes in a circle."""
    heights = dict[str, int]()
    for name in TopologicalSorter(arrows).static_order():
        heights[name] = 1 + max((heights[below] for below in arrows.get(name, ())), default=0)
    return max(heights.values(), default=0)
