"""Rooms: a folder has few modules, and its imports go down a few levels without cycles."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.house.tree import nodes, product

MODULES_A_ROOM = 14
FLOORS_A_ROOM = 5
# Rooms that are a straight line from top to bottom, one step per file, which is how they are read.
STRAIGHT_LINES = {"pricing.rating": 9, "pricing.rating.prices": 6, "pricing.files": 7}
# Tables refer to each other from the top down: an action to its lead, that to its product, that to its customer.
STRAIGHT_LINES |= {"leads.models": 5}
# A void copy is requested, typeset and worded by the same steps as the invoice, down to its lines.
STRAIGHT_LINES |= {"invoices.domain.document": 6}
# A proof is built, signed, chained and kept, and checked file by file up to the whole bundle.
STRAIGHT_LINES |= {"invoices.domain": 6, "invoices.domain.proof": 7, "invoices.domain.proof.verifier": 8}
# A value has a format, that is of a field, those fill a lead or an action, a converter asks for both, and a preview for it.
STRAIGHT_LINES |= {"leads.domain.mapping.language": 8}
# A file has lines, those are rows, the first of them is a header, each other one a record, and some of them are a part.
STRAIGHT_LINES |= {"leads.domain.files": 6}
# A file asks for all rows, those come in parts, and each part is an answer about what was asked.
STRAIGHT_LINES |= {"reports.queries.explore": 6}
# A source's health is its ranking, that is what its leads were worth, less what was disputed, by group and day.
STRAIGHT_LINES |= {"reports.queries.source_quality": 6}

# What a person asks for is a step of the queue, that reads a file; and imports settle what is in quarantine.
STRAIGHT_LINES |= {"leads.domain": 7}


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
    """Each module of the product with the modules of ours that it imports."""
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
    """The imports between modules of a room; a room inside it counts as one module."""
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
    """The number of levels from top to bottom. Raises CycleError if there is a cycle."""
    heights = dict[str, int]()
    for name in TopologicalSorter(arrows).static_order():
        heights[name] = 1 + max((heights[below] for below in arrows.get(name, ())), default=0)
    return max(heights.values(), default=0)
