"""The values of a JSON text with their places in it, so that one can be replaced and all else stays byte for byte."""

import re
from collections.abc import Iterable, Iterator
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]  # CPython's, typed nowhere
from typing import Any, NamedTuple

Path = tuple[str | int, ...]
_BLANK = re.compile(r"[ \t\r\n]*")
_ATOM = re.compile(r"-?[\d.eE+\-]+|true|false|null")


class Leaf(NamedTuple):
    """A string, number or word: its path, where its text begins and ends, and its value."""

    path: Path
    start: int
    end: int
    value: Any


class NotJson(ValueError):
    """The text is not JSON."""


def leaves(text: str) -> list[Leaf]:
    """Return every leaf of the JSON text, in order. Raises NotJson."""
    found = list[Leaf]()
    try:
        end = _value(text, _skip(text, 0), (), found)
    except (JSONDecodeError, IndexError, RecursionError) as error:
        raise NotJson(str(error)) from error
    if _skip(text, end) != len(text):
        raise NotJson("more than one value")
    return found


def replaced(text: str, changes: Iterable[tuple[Leaf, str]]) -> str:
    """Return the text with these leaves replaced by other JSON."""
    parts, place = list[str](), 0
    for leaf, instead in sorted(changes, key=lambda each: each[0].start):
        parts += [text[place : leaf.start], instead]
        place = leaf.end
    return "".join([*parts, text[place:]])


def _skip(text: str, place: int) -> int:
    found = _BLANK.match(text, place)
    return found.end() if found else place


def _value(text: str, place: int, path: Path, found: list[Leaf]) -> int:
    sign = text[place]
    if sign == '"':
        value, end = scanstring(text, place + 1, False)  # noqa: FBT003 -- its only spelling
        found.append(Leaf(path, place, end, value))
        return int(end)
    if sign in "{[":
        return _members(text, place, path, found)
    atom = _ATOM.match(text, place)
    if atom is None:
        raise NotJson(f"nothing readable at {place}")
    found.append(Leaf(path, place, atom.end(), atom[0]))
    return atom.end()


def _members(text: str, place: int, path: Path, found: list[Leaf]) -> int:
    is_object, close = text[place] == "{", "}" if text[place] == "{" else "]"
    place = _skip(text, place + 1)
    if text[place] == close:
        return place + 1
    for name in _numbers():
        step: str | int = name
        if is_object:
            if text[place] != '"':
                raise NotJson(f"no member name at {place}")
            step, place = scanstring(text, place + 1, False)  # noqa: FBT003 -- its only spelling
            place = _skip(text, place)
            if text[place] != ":":
                raise NotJson(f"no colon at {place}")
            place = _skip(text, place + 1)
        place = _skip(text, _value(text, place, (*path, step), found))
        if text[place] == close:
            return place + 1
        if text[place] != ",":
            raise NotJson(f"no comma at {place}")
        place = _skip(text, place + 1)
    raise AssertionError


def _numbers() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1
