"""What changed between two revisions of a mapping, place by place."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple


class Difference(NamedTuple):
    """A place of the document as it was and as it is now; "" where there is nothing."""

    place: str
    before: str
    after: str


def differences(before: Any, after: Any) -> list[Difference]:
    """Return each field, condition or setting that differs, in the order of the new document."""
    was, now = dict(_places(before)), dict(_places(after))
    found = [Difference(place, was.get(place, ""), text) for place, text in now.items() if was.get(place) != text]
    return found + [Difference(place, text, "") for place, text in was.items() if place not in now]


def _places(document: Any) -> Iterator[tuple[str, str]]:
    """Yield each place with what it says; a field is one place."""
    for name, given in document.items():
        if name == "fields":
            yield from ((field, _told(each)) for field, each in given.items())
        elif name == "actions":
            for number, action in enumerate(given, start=1):
                yield from ((f"action {number}: {place}", told) for place, told in _places(action))
        else:
            yield name, _told(given)


def _told(given: Any) -> str:
    if isinstance(given, dict) and set(given) == {"from"}:
        given = given["from"]
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
