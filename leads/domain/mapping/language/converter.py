"""Convert records to leads by the mappings of a source: the first whose condition holds converts the record."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from leads.domain.body.parcel import Placed
from leads.domain.faults import Fault, Malformed, flaw_of
from leads.domain.mapping.language.document import ITEM, PLACE, RECORD, Document, Field, Template
from leads.domain.mapping.language.expressions import Expression
from leads.domain.mapping.language.filling import FieldNotFilled, Filling
from leads.domain.mapping.language.steps import begin
from leads.domain.mapping.language.texts import is_empty, is_wanted
from leads.domain.mapping.language.unreadable import (
    EXPRESSION_FAILED,
    VALUE_MISSING,
    VALUE_UNKNOWN,
    VALUE_UNREADABLE,
    NotConverted,
)

HAS_NO_MATCH = "mapping_has_no_match"
GIVES_TOO_MUCH = "mapping_gives_too_much"
# The codes of records that a mapping could not convert.
CODES = (VALUE_UNREADABLE, VALUE_UNKNOWN, VALUE_MISSING, EXPRESSION_FAILED, HAS_NO_MATCH, GIVES_TOO_MUCH)

MOST_LEADS = 5_000  # of one record
MOST_ACTIONS = 20_000


class Found(NamedTuple):
    """How often an expression of a mapping found something."""

    mapping: int  # the place of the mapping among those of the converter
    pointer: str  # of the field in its document
    field: str
    expression: str
    found: int
    of: int
    has_default: bool

    @property
    def is_never_there(self) -> bool:
        """Whether a field that needs something never found anything."""
        return self.of > 0 and self.found == 0 and not self.has_default


class Converter:
    """Converts records by one or several mappings; compiled once, for any number of records."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.documents = tuple(documents)
        self._plans = [_Plan(document) for document in self.documents]

    @property
    def columns(self) -> list[str]:
        """The top-level names of records that the mappings use, each once, in order."""
        return list(dict.fromkeys(name for document in self.documents for name in document.columns()))

    def missing(self, names: Iterable[str]) -> list[str]:
        """Return the columns that a table with these columns lacks for the mapping that fits it best; [] if one fits."""
        there = set(names)
        lacking = [[name for name in document.columns() if name not in there] for document in self.documents]
        return min(lacking, key=len, default=[])

    @property
    def found(self) -> list[Found]:
        """How often each expression has found something, in the records converted so far."""
        return [one for place, plan in enumerate(self._plans) for one in plan.counts(place)]

    @property
    def matched(self) -> list[int]:
        """How many of the records converted so far each mapping has converted."""
        return [plan.matched for plan in self._plans]

    def convert(self, record: Any, *, place: str) -> list[Placed]:
        """Convert a record to leads; one that can't be converted stays as it is, `Malformed`, with its fault.

        Where a mapping takes several leads from a record, their places are numbered: `/17/0`, `/17/1`.
        """
        if isinstance(record, Malformed):
            return [Placed(place, record)]
        if not isinstance(record, dict):
            return [Placed(place, Malformed(record, Fault("not_an_object", "", "A record must be a JSON object.")))]
        if fault := flaw_of(record):
            return [Placed(place, Malformed(record, fault))]
        begin()
        try:
            for plan in self._plans:
                if plan.fits(record):
                    return plan.convert(record, place)
        except RecordRefused as refused:
            return [Placed(place, Malformed(record, refused.fault))]
        except RecursionError:
            return [
                Placed(place, Malformed(record, Fault("nested_too_deeply", "", "The record is nested too deeply.")))
            ]
        words = "No mapping of this source fits the record: none of their conditions holds."
        return [Placed(place, Malformed(record, Fault(HAS_NO_MATCH, "", words)))]

    def identity(self) -> "Converter":
        """Return a converter that fills only the IDs, and decides which actions there are."""
        return Converter([document.identity() for document in self.documents])


class RecordRefused(Exception):
    """A record that can't be converted."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class Scope(NamedTuple):
    """What expressions are evaluated on, and its place in the record if that is known."""

    values: dict[str, Any]
    pointer: str | None = ""  # of the record's or the item's content
    outer: "Scope | None" = None

    def place_of(self, expression: Expression | None) -> str:
        """Return the JSON pointer of what a plain expression finds, or ""."""
        if expression is None or expression.path is None:
            return ""
        scope, steps = self, list(expression.path)
        while scope.outer is not None and steps[:1] == [RECORD]:
            scope, steps = scope.outer, steps[1:]
        if scope.outer is not None:
            if steps[:1] != [ITEM]:
                return ""
            steps = steps[1:]
        told = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
        return "" if scope.pointer is None else scope.pointer + told


class _Plan:
    """A mapping ready to convert records."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._lead = Filling(document.fields)
        self._actions = [(template, Filling(template.fields)) for template in document.actions]
        self.matched = 0

    def fits(self, record: dict[str, Any]) -> bool:
        return self._document.when is None or _holds(self._document.when, Scope(record), "the condition of the mapping")

    def convert(self, record: dict[str, Any], place: str) -> list[Placed]:
        self.matched += 1
        scope = Scope(record)
        if self._document.leads_from is None:
            return [Placed(place, self._lead_of(scope))]
        scopes = scopes_in(self._document.leads_from, scope, "leads_from", most=MOST_LEADS)
        if not scopes:
            raise RecordRefused(Fault(VALUE_MISSING, "", "The record has no leads where the mapping looks for them."))
        return [Placed(f"{place}/{number}", self._apart(each, record, number)) for number, each in enumerate(scopes)]

    def counts(self, place: int) -> Iterator[Found]:
        fillings = [("", self._lead)] + [
            (f"actions {number}: ", each) for number, (_, each) in enumerate(self._actions, 1)
        ]
        for of, filling in fillings:
            for field, found in zip(filling.fields, filling.found, strict=True):
                text = field.source.text if field.source else ""
                has_default = field.default is not None
                yield Found(place, field.pointer, f"{of}{field.target}", text, found, filling.tried, has_default)

    def _apart(self, scope: Scope, record: dict[str, Any], number: int) -> dict[str, Any] | Malformed:
        """Convert one of several leads; its fault doesn't affect the others, and its place ends with its number.

        Where in the record it is, its words say.
        """
        try:
            return self._lead_of(scope)
        except RecordRefused as refused:
            fault = refused.fault
            where = f", at {fault.pointer}" if fault.pointer else ""
            words = f"Lead {number + 1} of the record{where}: {fault.message}"
            return Malformed(record, fault._replace(pointer="", message=words))

    def _lead_of(self, scope: Scope) -> dict[str, Any]:
        lead = _filled(self._lead, scope, "")
        actions = list[dict[str, Any]]()
        for template, filling in self._actions:
            actions += self._of_template(template, filling, scope, most=MOST_ACTIONS - len(actions))
        if actions:
            lead["actions"] = actions
        return lead

    def _of_template(self, template: Template, filling: Filling, scope: Scope, most: int) -> Iterator[dict[str, Any]]:
        scopes = [scope] if template.each is None else scopes_in(template.each, scope, "each", most=most)
        number = int(template.pointer.rpartition("/")[2]) + 1
        for each in scopes:
            if template.when is None or _holds(template.when, each, f"the condition of action {number}"):
                yield _filled(filling, each, f" of action {number}")


def _holds(condition: Expression, scope: Scope, what: str) -> bool:
    try:
        return is_wanted(condition.find(scope.values))
    except NotConverted as error:
        raise RecordRefused(Fault(error.code, scope.place_of(condition), f"In {what}, {error}")) from error


def scopes_in(expression: Expression, scope: Scope, what: str, *, most: int) -> list[Scope]:
    """Return a scope for each part of the list that an expression finds; none if there is no list."""
    pointer = scope.place_of(expression) or None
    try:
        found = expression.find(scope.values)
    except NotConverted as error:
        raise RecordRefused(Fault(error.code, "", f"In {what}, {error}")) from error
    if is_empty(found):
        return []
    if not isinstance(found, list):
        words = f"{expression.text} ({what}) must find a list; there is something else."
        raise RecordRefused(Fault(VALUE_UNREADABLE, pointer or "", words))
    if len(found) > most:
        words = f"One record gives at most {MOST_LEADS:,} leads and {MOST_ACTIONS:,} actions; this one gives more."
        raise RecordRefused(Fault(GIVES_TOO_MUCH, pointer or "", words))
    return [
        Scope({ITEM: part, PLACE: number, RECORD: scope.values}, pointer and f"{pointer}/{number}", scope)
        for number, part in enumerate(found)
    ]


def _filled(filling: Filling, scope: Scope, of: str) -> dict[str, Any]:
    try:
        return filling.fill(scope.values)
    except FieldNotFilled as error:
        raise RecordRefused(_fault(error.field, error.why, scope, of)) from error


def _fault(field: Field, why: NotConverted, scope: Scope, of: str) -> Fault:
    source = f" (from {field.source.text})" if field.source else ""
    words = str(why).removesuffix(".")
    return Fault(why.code, scope.place_of(field.source), f"{field.target}{of}{source}: {words}.")
