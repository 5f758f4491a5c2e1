"""The admin's search: each app registers how its records are found, and who may see them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from billing_engine.core.admin_kit.cells import list_of

SHOWN = 5
LONGEST = 254


@dataclass(frozen=True, slots=True)
class Found:
    """One result: its name, what distinguishes it, and its page."""

    name: str
    detail: str
    address: str


@dataclass(frozen=True, slots=True)
class Group:
    """The results of one kind; if there are more, the list that has them."""

    name: str
    found: tuple[Found, ...]
    more: str = ""


Finder = Callable[[str, int], Iterable[Found]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record, with its position among the others."""

    name: str
    place: int
    permission: str
    find: Finder
    every: Callable[[str], str]
    also: str = ""
    without: str = ""

    def is_for(self, user: Any) -> bool:
        """Return whether the user sees results of this kind."""
        needed = [permission for permission in (self.permission, self.also) if permission]
        return user.has_perms(needed) and not (self.without and user.has_perm(self.without))


_kinds: list[Kind] = []


def finds(
    name: str, *, place: int, permission: str, every: Callable[[str], str], also: str = "", without: str = ""
) -> Callable[[Finder], Finder]:
    """Register how a kind is found by a term, with a limit; `every` returns the address of the full list.

    For users with `permission` and `also`, unless they have `without`, for whom there is another finder.
    """

    def register(find: Finder) -> Finder:
        _kinds.append(Kind(name, place, permission, find, every, also, without))
        return find

    return register


def list_named(model: str, term: str) -> str:
    """The address of the model's list, searched for the term."""
    return list_of(model, q=term)


def found(term: str, *, user: Any) -> list[Group]:
    """The results for a term by kind, limited to what this user may see."""
    term = term.strip()
    if not term or len(term) > LONGEST:
        return []
    kinds = (kind for kind in sorted(_kinds, key=lambda kind: kind.place) if kind.is_for(user))
    groups = (_group(kind, term) for kind in kinds)
    return [group for group in groups if group.found]


def _group(kind: Kind, term: str) -> Group:
    rows = tuple(islice(kind.find(term, SHOWN + 1), SHOWN + 1))
    return Group(kind.name, rows[:SHOWN], kind.every(term) if len(rows) > SHOWN else "")
