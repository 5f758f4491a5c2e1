"""A mapping as it is written: which expression fills which field of a lead and of its actions, and in what form."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from leads.domain.mapping.language.dates import DateFormat
from leads.domain.mapping.language.expressions import Expression, Path
from leads.domain.mapping.language.targets import FREE_GROUPS, Target

# What an expression of an action with `each`, or of a mapping with `leads_from`, is evaluated on.
ITEM, PLACE, RECORD = "item", "place", "record"
OF_A_PERSON, KEPT_OF_A_PERSON = ("contact", *FREE_GROUPS), ("contact.country", "contact.region")


class Otherwise(NamedTuple):
    """What happens to a value that a value map doesn't have."""

    name: str
    words: str


REFUSE = Otherwise("refuse", "Refuse the record")
DEFAULT = Otherwise("default", "Use the default")
KEEP = Otherwise("keep", "Keep the value")
OTHERWISE = {one.name: one for one in (REFUSE, DEFAULT, KEEP)}


@dataclass(frozen=True, slots=True)
class Field:
    """How one field is filled: from what an expression finds, or with a constant."""

    target: Target
    pointer: str  # into the document
    source: Expression | None
    constant: Any = None
    default: Any = None
    values: Mapping[str, Any] | None = None
    otherwise: str = REFUSE.name
    date: DateFormat | None = None
    number: str = ""
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """How actions are made: one of each record, or one of each part of a list; only where its condition holds."""

    fields: tuple[Field, ...]
    pointer: str
    when: Expression | None = None
    each: Expression | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A whole mapping: its condition, where its leads are in a record, and what fills them."""

    fields: tuple[Field, ...]
    actions: tuple[Template, ...] = ()
    when: Expression | None = None
    leads_from: Expression | None = None

    def columns(self) -> list[str]:
        """Return the top-level names of a record that the mapping uses, each once, in order."""
        paths = [path for scope, expression in self._uses() for path in _outside(expression, scope)]
        return list(dict.fromkeys(path[0] for path in paths))

    def without_person(self) -> "Document":
        """Return the part of the mapping that fills nothing about the person: all but contact, consent and attributes."""
        actions = tuple(replace(each, fields=_of_no_person(each.fields)) for each in self.actions)
        return replace(self, fields=_of_no_person(self.fields), actions=actions)

    def identity(self) -> "Document":
        """Return the part of the mapping that fills the IDs and decides which actions there are."""
        actions = tuple(replace(each, fields=_naming(each.fields)) for each in self.actions)
        return replace(self, fields=_naming(self.fields), actions=actions)

    def _uses(self) -> Iterator[tuple[int, Expression]]:
        """Yield each expression with how many scopes are between it and the record."""
        depth = 0 if self.leads_from is None else 1
        yield from ((0, one) for one in (self.when, self.leads_from) if one)
        yield from ((depth, field.source) for field in self.fields if field.source)
        for template in self.actions:
            inner = depth if template.each is None else depth + 1
            if template.each:
                yield depth, template.each
            yield from ((inner, one) for one in (template.when, *_sources(template.fields)) if one)


def _sources(fields: Sequence[Field]) -> list[Expression | None]:
    return [field.source for field in fields]


def _naming(fields: Sequence[Field]) -> tuple[Field, ...]:
    return tuple(field for field in fields if str(field.target) == "id" or field.target.group == "void")


def _of_no_person(fields: Sequence[Field]) -> tuple[Field, ...]:
    return tuple(field for field in fields if not is_of_person(str(field.target)))


def is_of_person(target: str) -> bool:
    """Return whether a field says who a person is; a country or region doesn't."""
    return target.partition(".")[0] in OF_A_PERSON and target not in KEPT_OF_A_PERSON


def _outside(expression: Expression, scopes: int) -> list[Path]:
    """Return the paths of an expression that begin at the record, seen from inside so many scopes."""
    prefix = (RECORD,) * scopes
    found = sorted(expression.needs, key=lambda path: expression.text.find(path[-1]))
    return [path[scopes:] for path in found if path[:scopes] == prefix and len(path) > scopes]
