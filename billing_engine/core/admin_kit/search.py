"""What the one search of the admin finds: each app registers how its own things are found, and who may see them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from billing_engine.core.admin_kit.cells import list_of

SHOWN = 5
LONGEST = 254


@dataclass(frozen=True, slots=True)
class Found:
    """One thing: its name, what tells it from others, and its page."""

    name: str
    detail: str
    address: str


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind; where there is more, the list that has it."""

    name: str
    found: tuple[Found, ...]
    more: str = ""


Finder = Callable[[str, int], Iterable[Found]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing, in the place where it stands among the others."""

    name: str
    place: int
    permission: str
    find: Finder
    every: Callable[[str], str]


_kinds: list[Kind] = []


def finds(name: str, *, place: int, permission: str, every: Callable[[str], str]) -> Callable[[Finder], Finder]:
    """Register how a kind is found: by a term, at most so many; `every` is the address of a list of all of them."""

    def register(find: Finder) -> Finder:
        _kinds.append(Kind(name, place, permission, find, every))
        return find

    return register


def list_named(model: str, term: str) -> str:
    """The address of the model's list, searched for the term."""
    return list_of(model, q=term)


def found(term: str, *, user: Any) -> list[Group]:
    """What the term names, kind by kind, of what this person may see."""
    term = term.strip()
    if not term or len(term) > LONGEST:
        return []
    kinds = (kind for kind in sorted(_kinds, key=lambda kind: kind.place) if user.has_perm(kind.permission))
    groups = (_group(kind, term) for kind in kinds)
    return [group for group in groups if group.found]


def _group(kind: Kind, term: str) -> Group:
    rows = tuple(islice(kind.find(term, SHOWN + 1), SHOWN + 1))
    return Group(kind.name, rows[:SHOWN], kind.every(term) if len(rows) > SHOWN else "")
