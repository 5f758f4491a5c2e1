"""The ready-made mappings, read from the JSON files next to this module."""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

_FOLDER = Path(__file__).parent


class ReadyMade(NamedTuple):
    """A mapping to start from: what it is called, for which door it is, and its document.

    The one whose code is a kind of sender is used by itself, until the source has a mapping of its own.
    """

    code: str
    name: str
    door: str
    document: dict[str, Any]


@cache
def ready_made() -> tuple[ReadyMade, ...]:
    """Return every ready-made mapping, by name."""
    found = [_read(path) for path in _FOLDER.glob("*.json")]
    return tuple(sorted(found, key=lambda each: each.name))


def _read(path: Path) -> ReadyMade:
    content = json.loads(path.read_text(encoding="utf-8"))
    return ReadyMade(path.stem, content["name"], content["door"], content["document"])
