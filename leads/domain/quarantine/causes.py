"""The cause of a fault: its code, its place in the item, and the wrong value there. Items with the same cause are alike."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Func, JSONField, QuerySet, TextField, Value

from leads.domain.body.decode import as_json
from leads.models import QuarantinedItem

MISSING = object()
MEMBER_MISSING, MEMBER_UNKNOWN, TIME_WITHOUT_OFFSET = "member_missing", "member_unknown", "time_without_offset"
ABSENT = ""  # as a wrong value: nothing is there
# The same change is right for all of these whatever the value is: another name for the member, a zone for the time.
WITH_ANY_VALUE = (MEMBER_UNKNOWN, TIME_WITHOUT_OFFSET)

_BEFORE = r"^((/leads)?/\d+)"
_ACTION = re.compile(r"^/actions/\d+")
_NAMED = re.compile(r"field `([^`]+)`")


def pointer_of(item: QuarantinedItem) -> str:
    """Return where the fault is in the item's content; the stored pointer leads into the delivery."""
    rest = re.sub(_BEFORE, "", item.pointer)
    return _ACTION.sub("/actions/0", rest) if item.kind == QuarantinedItem.Kind.ACTION else rest


def place_of(item: QuarantinedItem) -> str:
    """Return the place to change: where the fault is or, of a member that is missing or unknown, the member itself."""
    pointer = pointer_of(item)
    named = _NAMED.search(item.message) if item.code in (MEMBER_MISSING, MEMBER_UNKNOWN) else None
    return pointer + pointer_to(named[1]) if named else pointer


def pointer_to(name: str) -> str:
    """Return the JSON pointer to a member."""
    return f"/{name.replace('~', '~0').replace('/', '~1')}"


def steps_of(pointer: str) -> list[str]:
    """Return the names and positions that a JSON pointer consists of."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def found_at(content: Any, pointer: str) -> Any:
    """Return what a JSON pointer leads to, or MISSING."""
    for name in steps_of(pointer):
        if isinstance(content, dict) and name in content:
            content = content[name]
        elif isinstance(content, list) and name.isdecimal() and int(name) < len(content):
            content = content[int(name)]
        else:
            return MISSING
    return content


@dataclass(frozen=True, slots=True)
class Cause:
    """What items of a source have in common if one change fixes them all."""

    source: int
    code: str
    kind: str
    pointer: str
    place: str
    was: str | None  # the wrong value as JSON, ABSENT, or None for any value

    @classmethod
    def of(cls, item: QuarantinedItem) -> Self:
        """Return the cause of an item's fault."""
        place = place_of(item)
        found = found_at(item.content, place)
        was = ABSENT if found is MISSING else None if item.code in WITH_ANY_VALUE else as_json(found)
        return cls(item.source_id, item.code, item.kind, pointer_of(item), place, was)

    @classmethod
    def read(cls, kept: Mapping[str, Any], *, source: int, code: str) -> Self:
        """Return a cause as `as_json` kept it."""
        return cls(source, code, kept["kind"], kept["pointer"], kept["place"], kept["was"])

    def as_json(self) -> dict[str, Any]:
        """The cause without its source and code, which a bulk retry has already."""
        return {"kind": self.kind, "pointer": self.pointer, "place": self.place, "was": self.was}

    def items(self) -> QuerySet[QuarantinedItem]:
        """The items alike that a person has to settle."""
        where = re.escape(self.pointer)
        if self.kind == QuarantinedItem.Kind.ACTION:
            where = _ACTION.sub(lambda _: r"/actions/\d+", where)
        waiting = QuarantinedItem.objects.for_person().filter(source=self.source, code=self.code, kind=self.kind)
        alike = waiting.filter(pointer__regex=f"{_BEFORE}?{where}$").alias(there=_There(self.place))
        if self.was == ABSENT:
            return alike.filter(there__isnull=True)
        alike = alike.filter(there__isnull=False)
        return alike if self.was is None else alike.filter(there=_Json(self.was))


class _There(Func):
    """What is at a place in the content."""

    arg_joiner = " #> "
    template = "(%(expressions)s)"

    def __init__(self, place: str) -> None:
        path = Value(steps_of(place), output_field=ArrayField(TextField()))
        super().__init__(F("content"), path, output_field=JSONField())


class _Json(Func):
    """JSON as it was written, whose numbers keep their digits."""

    template = "(%(expressions)s)::jsonb"

    def __init__(self, text: str) -> None:
        super().__init__(Value(text, output_field=TextField()), output_field=JSONField())
