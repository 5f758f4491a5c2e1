"""Dates that can be read in several ways: a person says which is right, with an example, and the mapping keeps it."""

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User

from billing_engine.core.errors import Refused
from leads.domain.files.look.dates import Order
from leads.domain.imports.mappings import InForce, in_force
from leads.domain.mapping.language.dates import DAY_FIRST, ISO, MONTH_FIRST, DateFormat, time_reader
from leads.domain.mapping.language.document import Field
from leads.domain.mapping.language.read import read_document
from leads.domain.mapping.language.unreadable import NotConverted
from leads.domain.mapping.mappings import save_mapping
from leads.models import FileImport

FORMS = {Order.YEAR_FIRST: ISO, Order.DAY_FIRST: DAY_FIRST, Order.MONTH_FIRST: MONTH_FIRST}
OFFSET = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$", re.IGNORECASE)


class DatesNotAnswered(Refused):
    """Nothing is guessed: a person says first how dates are written."""

    code = "dates_not_answered"

    def __init__(self, columns: Sequence[str]) -> None:
        named = ", ".join(f"“{column}”" for column in columns)
        super().__init__(f"Say first how the dates in {named} are written.")


class Reading(NamedTuple):
    """A way to read dates, with what the example would mean."""

    form: str
    means: str


class DateQuestion(NamedTuple):
    """A column of dates whose order or time zone is not known."""

    mapping: InForce
    pointer: str  # of the field in the mapping's document
    column: str
    example: str
    readings: list[Reading]
    needs_zone: bool

    @property
    def key(self) -> str:
        """Names the question in a form."""
        return f"{self.mapping.mapping.pk}{self.pointer}"


def date_questions(item: FileImport) -> list[DateQuestion]:
    """Return what has to be asked before the file can be read."""
    return [question for each in in_force(item.source) for question in _of_mapping(item, each)]


def check_dates_are_answered(item: FileImport) -> None:
    """Raise DatesNotAnswered."""
    if asked := date_questions(item):
        raise DatesNotAnswered([question.column for question in asked])


def answer_dates(item: FileImport, question: DateQuestion, *, form: str, zone: str, by: User, at: datetime) -> None:
    """Write a revision of the mapping in which the dates are read like this. Raises what `save_mapping` does."""
    document = deepcopy(question.mapping.document)
    *steps, last = [step.replace("~1", "/").replace("~0", "~") for step in question.pointer.split("/")[1:]]
    place: Any = document
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    given = place[last]
    field = {"from": given} if isinstance(given, str) else dict(given)
    field["date"] = form
    if zone:
        field["zone"] = zone
    place[last] = field
    reason = f"How dates are written in {item.name}"
    mapping = question.mapping
    save_mapping(mapping.mapping, document=document, reason=reason, by=by, at=at, since=mapping.number)


def _of_mapping(item: FileImport, mapping: InForce) -> Iterator[DateQuestion]:
    document = read_document(mapping.document)
    orders = item.found.get("dates", {})
    for field in (*document.fields, *(field for action in document.actions for field in action.fields)):
        column = field.source.path[0] if field.source and field.source.path and len(field.source.path) == 1 else ""
        if field.date is None or field.source is None or not orders.get(column):
            continue
        fitting = [FORMS[Order(order)] for order in orders[column]]
        texts = _texts(item, column)
        needs_zone = not field.date.zone and any(not OFFSET.search(text) for text in texts)
        if field.date.form in FORMS.values() and (field.date.form not in fitting or needs_zone):
            yield _question(mapping, field, column, texts, fitting, needs_zone=needs_zone)


def _question(
    mapping: InForce, field: Field, column: str, texts: list[str], fitting: list[str], *, needs_zone: bool
) -> DateQuestion:
    meant = [{form: _meaning(text, form) for form in fitting} for text in texts]
    # The example on which the readings differ most.
    place = max(range(len(texts)), key=lambda each: len(set(meant[each].values())), default=-1)
    example, told = (texts[place], meant[place]) if place >= 0 else ("", {})
    readings = [Reading(form, told.get(form, "")) for form in fitting]
    pointer = field.pointer
    return DateQuestion(mapping, pointer, column, example, readings, needs_zone)


def _texts(item: FileImport, column: str) -> list[str]:
    columns: list[str] = item.found.get("columns", [])
    if column not in columns:
        return []
    place, rows = columns.index(column), item.found.get("rows", ())
    return [cells[place].strip() for _, cells in rows if len(cells) > place and cells[place].strip()]


def _meaning(text: str, form: str) -> str:
    """Return the day in words: April 3, 2026."""
    try:
        at = datetime.fromisoformat(time_reader(DateFormat(form, zone="UTC"))(text))
    except (NotConverted, ValueError):
        return ""
    return f"{at:%B} {at.day}, {at.year}"
