"""Read a mapping's document from JSON; every mistake in it is told, with its place."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from leads.domain.mapping.language.dates import FORMS, PATTERN, DateFormat, check_pattern
from leads.domain.mapping.language.document import OTHERWISE, Document, Field, Template
from leads.domain.mapping.language.expressions import Expression, ExpressionNotValid, compiled
from leads.domain.mapping.language.numbers import FORMATS
from leads.domain.mapping.language.targets import ACTION, LEAD, VOID, Kind, Target, as_ours, target_of
from leads.domain.mapping.language.texts import is_empty
from leads.domain.mapping.language.unreadable import NotConverted

TEMPLATES = 50  # of actions
FIELDS = 200
VALUES = 2_000  # of one value map
SLUG = "slug"

_MEMBERS = ("when", "leads_from", "zone", "fields", "actions")
_OF_ACTION = ("when", "each", "fields")
_OF_FIELD = ("from", "constant", "default", "values", "else", "date", "pattern", "zone", "number", "text")


class Mistake(NamedTuple):
    """What is wrong with a document: a JSON pointer into it, and a message."""

    pointer: str
    words: str


class DocumentNotValid(ValueError):
    """A document that can't be used as a mapping, with every mistake."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__(" ".join(one.words for one in mistakes))
        self.mistakes = mistakes


def read_document(content: Any) -> Document:
    """Read a document. Raises DocumentNotValid, which names every mistake."""
    reader = _Reader()
    document = reader.document(content)
    if reader.mistakes:
        raise DocumentNotValid(reader.mistakes)
    return document


class _Reader:
    """Reads a document and collects its mistakes."""

    def __init__(self) -> None:
        self.mistakes = list[Mistake]()

    def document(self, content: Any) -> Document:
        given = self._object(content, "", _MEMBERS, "A mapping")
        zone = self._zone(given.get("zone"), "/zone")
        return Document(
            fields=self._fields(given.get("fields"), "/fields", LEAD, zone),
            actions=self._actions(given.get("actions"), zone),
            when=self._optional(given, "when", ""),
            leads_from=self._optional(given, "leads_from", ""),
        )

    def _actions(self, content: Any, zone: str) -> tuple[Template, ...]:
        if content is None:
            return ()
        if not isinstance(content, list) or len(content) > TEMPLATES:
            self._tell("/actions", f"The actions must be a list of at most {TEMPLATES}.")
            return ()
        return tuple(self._template(each, f"/actions/{place}", zone) for place, each in enumerate(content))

    def _template(self, content: Any, pointer: str, zone: str) -> Template:
        given = self._object(content, pointer, _OF_ACTION, "An action")
        fields = given.get("fields")
        known = VOID if isinstance(fields, dict) and any(name.startswith("void.") for name in fields) else ACTION
        return Template(
            fields=self._fields(fields, f"{pointer}/fields", known, zone),
            pointer=pointer,
            when=self._optional(given, "when", pointer),
            each=self._optional(given, "each", pointer),
        )

    def _fields(self, content: Any, pointer: str, known: dict[str, Target], zone: str) -> tuple[Field, ...]:
        if not isinstance(content, dict) or len(content) > FIELDS:
            self._tell(pointer, f"The fields must be an object with at most {FIELDS} members.")
            return ()
        found = list[Field]()
        for name, given in sorted(content.items(), key=lambda each: _place(each[0], known)):
            place = f"{pointer}/{_step(name)}"
            target = target_of(str(name), known)
            if target is None:
                self._tell(place, f"There is no field {name!r}. There are: {', '.join(known)}, and attributes.….")
            else:
                found.append(self._field(given, place, target, zone))
        for target in known.values():
            if target.is_required and str(target) not in content:
                self._tell(pointer, f"The field {target} is missing.")
        return tuple(found)

    def _field(self, content: Any, pointer: str, target: Target, zone: str) -> Field:
        given = {"from": content} if isinstance(content, str) else content
        given = self._object(given, pointer, _OF_FIELD, "A field")
        if ("from" in given) == ("constant" in given):
            self._tell(pointer, f"The field {target} needs either an expression (from) or a constant.")
        constant = self._ours(given, "constant", pointer, target)
        if "constant" in given and (is_empty(constant) or len(given) > 1):
            self._tell(pointer, f"The constant of {target} must not be empty, and needs nothing else.")
        self._check_kind(given, pointer, target.kind)
        return Field(
            target=target,
            pointer=pointer,
            source=self._expression(given["from"], f"{pointer}/from", kind=target.kind) if "from" in given else None,
            constant=constant,
            default=self._ours(given, "default", pointer, target),
            values=self._values(given.get("values"), f"{pointer}/values", target),
            otherwise=self._choice(given, "else", OTHERWISE, pointer) or "refuse",
            date=self._date(given, pointer, target, zone),
            number=self._choice(given, "number", FORMATS, pointer),
            is_code=self._choice(given, "text", (SLUG,), pointer) == SLUG,
        )

    def _check_kind(self, given: Mapping[str, Any], pointer: str, kind: Kind) -> None:
        allowed = {
            "date": (Kind.TIME, Kind.FREE),
            "number": (Kind.NUMBER, Kind.FREE),
            "text": (Kind.TEXT, Kind.ID, Kind.FREE),
        }
        shaped = [name for name in allowed if name in given]
        for name in shaped:
            if kind not in allowed[name]:
                self._tell(
                    f"{pointer}/{name}", f"A field that holds {_article(kind)}{kind.value} has no {name} format."
                )
        if len(shaped) > 1:
            self._tell(pointer, f"A field has one format, not {' and '.join(shaped)}.")
        if "else" in given and "values" not in given:
            self._tell(f"{pointer}/else", "Only a field with a value map says what else.")
        if given.get("else") == "default" and "default" not in given:
            self._tell(f"{pointer}/else", "There is no default to use.")

    def _date(self, given: Mapping[str, Any], pointer: str, target: Target, zone: str) -> DateFormat | None:
        form = self._choice(given, "date", FORMS, pointer)
        own = self._zone(given.get("zone"), f"{pointer}/zone")
        pattern = given.get("pattern", "")
        if (pattern != "") != (form == PATTERN):
            self._tell(f"{pointer}/pattern", "The date format pattern needs a pattern, and no other format has one.")
        elif form == PATTERN and (
            words := check_pattern(pattern) if isinstance(pattern, str) else "A pattern must be a string."
        ):
            self._tell(f"{pointer}/pattern", words)
        if not form and target.kind is not Kind.TIME:
            if own:
                self._tell(f"{pointer}/zone", "A time zone belongs to a date format.")
            return None
        return DateFormat(form or "iso", pattern if isinstance(pattern, str) else "", own or zone)

    def _values(self, content: Any, pointer: str, target: Target) -> dict[str, Any] | None:
        if content is None:
            return None
        if not isinstance(content, dict) or not 0 < len(content) <= VALUES:
            self._tell(pointer, f"A value map has between 1 and {VALUES:,} values.")
            return None
        return {
            str(theirs).strip(): self._ours(content, theirs, pointer, target) for theirs in sorted(content, key=str)
        }

    def _ours(self, given: Mapping[str, Any], name: str, pointer: str, target: Target) -> Any:
        value = given.get(name)
        if value is None:
            return None
        try:
            if isinstance(value, dict | list):
                raise NotConverted("", "an object or a list can't be a constant")
            return as_ours(value.strip() if isinstance(value, str) else value, target.kind)
        except NotConverted as error:
            self._tell(f"{pointer}/{_step(name)}", f"For {target}: {error}.")
            return None

    def _choice(
        self, given: Mapping[str, Any], name: str, among: Mapping[str, Any] | tuple[str, ...], pointer: str
    ) -> str:
        value = given.get(name)
        if value is None:
            return ""
        if not isinstance(value, str) or value not in among:
            self._tell(f"{pointer}/{name}", f"{value!r} is not one of: {', '.join(among)}.")
            return ""
        return value

    def _zone(self, value: Any, pointer: str) -> str:
        if value in (None, ""):
            return ""
        try:
            return ZoneInfo(value).key
        except (KeyError, ValueError, TypeError, OSError):
            self._tell(pointer, f"{value!r} is not a time zone. Use a name such as America/Chicago.")
            return ""

    def _optional(self, given: Mapping[str, Any], name: str, pointer: str) -> Expression | None:
        return self._expression(given[name], f"{pointer}/{name}") if given.get(name) not in (None, "") else None

    def _expression(self, value: Any, pointer: str, *, kind: Kind | None = None) -> Expression | None:
        try:
            if not isinstance(value, str):
                raise ExpressionNotValid("An expression must be a string.")
            return compiled(value.strip(), is_for_id=kind is Kind.ID)
        except ExpressionNotValid as error:
            self._tell(pointer, str(error))
            return None

    def _object(self, content: Any, pointer: str, members: tuple[str, ...], what: str) -> Mapping[str, Any]:
        if not isinstance(content, dict):
            self._tell(pointer, f"{what} must be a JSON object.")
            return {}
        for name in content:
            if name not in members:
                self._tell(f"{pointer}/{_step(name)}", f"{what} has no member {name!r}. It has: {', '.join(members)}.")
        return content

    def _tell(self, pointer: str, words: str) -> None:
        self.mistakes.append(Mistake(pointer, words))


def _place(name: Any, known: Mapping[str, Target]) -> tuple[int, str]:
    """Order fields as ours are: a stored document has lost the order in which it was written."""
    text = str(name)
    return (list(known).index(text) if text in known else len(known), text)


def _step(name: Any) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")


def _article(kind: Kind) -> str:
    return {Kind.ID: "an ", Kind.TIME: "a ", Kind.NUMBER: "a "}.get(kind, "")
