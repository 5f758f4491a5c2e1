"""Fill fields from what expressions find, counting how often each finds something."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from leads.domain.mapping.language.dates import time_reader
from leads.domain.mapping.language.document import DEFAULT, KEEP, Field
from leads.domain.mapping.language.numbers import read_number
from leads.domain.mapping.language.targets import Kind
from leads.domain.mapping.language.texts import as_code, as_flag, as_free, as_id, as_text, is_empty
from leads.domain.mapping.language.unreadable import VALUE_MISSING, VALUE_UNKNOWN, NotConverted, shown

Shape = Callable[[Any], Any]


class FieldNotFilled(Exception):
    """A field that can't be filled, and why."""

    def __init__(self, field: Field, why: NotConverted) -> None:
        super().__init__(str(why))
        self.field, self.why = field, why


class _Part(NamedTuple):
    """A field ready to be filled."""

    name: str
    find: Callable[[dict[str, Any]], Any] | None
    is_plain: bool  # text that was found is stored as it is
    shape: Shape
    default: Any
    is_required: bool
    field: Field


class Filling:
    """Fills the fields of leads, or of the actions of one template."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self.fields = [field for field in fields if field.source]
        self.found = [0] * len(self.fields)
        self.tried = 0
        groups = dict[str, list[_Part]]()
        for field in fields:
            groups.setdefault(field.target.group, []).append(_part(field))
        self._places = {id(field): place for place, field in enumerate(self.fields)}
        self._groups = [
            (group, [(part, self._places.get(id(part.field), -1)) for part in parts]) for group, parts in groups.items()
        ]

    def fill(self, scope: dict[str, Any]) -> dict[str, Any]:
        """Return what the fields of a lead or action become. Raises FieldNotFilled."""
        self.tried += 1
        try:
            return self._filled(scope)
        except FieldNotFilled as error:
            self._count_after(error.field, scope)
            raise

    def _filled(self, scope: dict[str, Any]) -> dict[str, Any]:
        filled: dict[str, Any] = {}
        for group, parts in self._groups:
            into = filled if not group else {}
            for part, place in parts:
                value = self._value(part, place, scope)
                if value is not None:
                    into[part.name] = value
            # Only its SKU says which product it is: without one, the product is not told.
            if group and into and (group != "product" or "sku" in into):
                filled[group] = into
        return filled

    def _count_after(self, failed: Field, scope: dict[str, Any]) -> None:
        """Count what the fields after one that fails would have found, so that none seems to find nothing."""
        parts = [part for _, parts in self._groups for part in parts]
        last = next(number for number, (part, _) in enumerate(parts) if part.field is failed)
        for part, place in parts[last + 1 :]:
            with suppress(NotConverted):
                if part.find is not None and not is_empty(part.find(scope)):
                    self.found[place] += 1

    def _value(self, part: _Part, place: int, scope: dict[str, Any]) -> Any:
        if part.find is None:
            return part.default
        try:
            value = part.find(scope)
            if type(value) is str:
                value = value.strip()
            if value is not None and value != "" and value != [] and value != {}:
                self.found[place] += 1
                if not (part.is_plain and type(value) is str):
                    value = part.shape(value)
                if value is not None:
                    return value
            if part.default is None and part.is_required:
                raise NotConverted(VALUE_MISSING, "nothing is there, and there is no default")
        except NotConverted as error:
            raise FieldNotFilled(part.field, error) from error
        return part.default


def _part(field: Field) -> _Part:
    is_constant = field.source is None
    is_plain = field.target.kind in (Kind.ID, Kind.TEXT, Kind.FREE) and not (
        field.values or field.date or field.number or field.is_code
    )
    return _Part(
        name=field.target.name,
        find=None if field.source is None else field.source.find,
        is_plain=is_plain,
        shape=_shape(field),
        default=field.constant if is_constant else field.default,
        is_required=field.target.is_required,
        field=field,
    )


def _shape(field: Field) -> Shape:
    """Return the function that gives a value its form; it returns None where the default is to be used."""
    written = _written(field)
    if field.values is None:
        return written
    values: Mapping[str, Any] = field.values

    def mapped(value: Any) -> Any:
        text = as_text(value).strip()
        if text in values:
            return values[text]
        if field.otherwise == DEFAULT.name:
            return None
        if field.otherwise == KEEP.name:
            return written(value)
        known = ", ".join(map(repr, list(values)[:10])) + (", …" if len(values) > 10 else "")
        raise NotConverted(VALUE_UNKNOWN, f"{shown(text)} is not in the value map, which has {known}")

    return mapped


def _written(field: Field) -> Shape:
    if field.date is not None:
        return time_reader(field.date)
    kind = field.target.kind
    if field.number or kind is Kind.NUMBER:
        form = field.number or "point"
        return lambda value: read_number(value, form)
    if field.is_code:
        return lambda value: as_code(as_text(value)) or None
    shapes: dict[Kind, Shape] = {Kind.ID: as_id, Kind.TEXT: as_text, Kind.FLAG: as_flag, Kind.FREE: as_free}
    return shapes[kind]
