"""The fields of leads and actions that a mapping can fill, and what each needs."""

from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple

from leads.domain.mapping.language.dates import DateFormat, time_reader
from leads.domain.mapping.language.numbers import read_number
from leads.domain.mapping.language.texts import as_flag, as_free, as_id, as_text


class Kind(Enum):
    """What a field holds."""

    ID = "ID"
    TEXT = "text"
    TIME = "time"
    NUMBER = "number"
    FLAG = "true or false"
    FREE = "any value"


class Target(NamedTuple):
    """A field: `email` of `contact`, or `id` of the lead itself."""

    group: str
    name: str
    kind: Kind
    is_required: bool = False

    def __str__(self) -> str:
        return f"{self.group}.{self.name}" if self.group else self.name


FREE_GROUPS = ("consent", "attributes")
LONGEST_NAME = 100

LEAD = {
    str(target): target
    for target in (
        Target("", "id", Kind.ID, is_required=True),
        Target("", "occurred_at", Kind.TIME),
        Target("", "channel", Kind.TEXT),
        Target("", "campaign", Kind.TEXT),
        Target("", "is_test", Kind.FLAG),
        Target("product", "sku", Kind.ID),
        Target("product", "customer", Kind.TEXT),
        Target("product", "name", Kind.TEXT),
        Target("product", "category", Kind.TEXT),
        Target("contact", "name", Kind.TEXT),
        Target("contact", "email", Kind.TEXT),
        Target("contact", "phone", Kind.TEXT),
        Target("contact", "firm", Kind.TEXT),
        Target("contact", "country", Kind.TEXT),
        Target("contact", "region", Kind.TEXT),
    )
}
ACTION = {
    str(target): target
    for target in (
        Target("", "id", Kind.ID, is_required=True),
        Target("", "type", Kind.TEXT, is_required=True),
        Target("", "occurred_at", Kind.TIME, is_required=True),
        Target("", "quantity", Kind.NUMBER),
        Target("", "value", Kind.NUMBER),
    )
}
VOID = {str(target): target for target in (ACTION["id"], Target("void", "reason", Kind.TEXT, is_required=True))}


def target_of(name: str, known: dict[str, Target]) -> Target | None:
    """Return the field of this name; `attributes.x` can have any name, and so can `consent.x` of a lead."""
    if found := known.get(name):
        return found
    group, dot, member = name.partition(".")
    groups = FREE_GROUPS if known is LEAD else () if known is VOID else ("attributes",)
    is_named = dot and member.strip() == member and 0 < len(member) <= LONGEST_NAME
    return Target(group, member, Kind.FREE) if is_named and group in groups else None


def as_ours(value: Any, kind: Kind) -> Any:
    """Return a constant or default in the form in which a field of this kind is stored. Raises NotConverted."""
    return _OURS[kind](value)


_OURS: dict[Kind, Callable[[Any], Any]] = {
    Kind.ID: as_id,
    Kind.TEXT: as_text,
    Kind.TIME: time_reader(DateFormat()),
    Kind.NUMBER: read_number,
    Kind.FLAG: as_flag,
    Kind.FREE: as_free,
}
