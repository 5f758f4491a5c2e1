"""Describe everything that keeps a JSON value from matching its form; used only after msgspec has refused it."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from msgspec import inspect

from pricing.files import forms
from pricing.files.faults import Problem, step

TYPES = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
PATTERNS = {
    forms.NUMBER: 'is not a number from 0 up with at most six decimal places, such as "2.50"',
    forms.POSITIVE: 'is not a number above 0 with at most six decimal places, such as "10"',
    forms.DAY: 'is not a day such as "2026-01-31"',
    forms.INSTANT: 'is not a time with its offset, such as "2026-01-31T17:41:09-06:00"',
    forms.WALL_CLOCK: (
        'is neither a day such as "2026-12-01" nor a time without an offset such as "2026-12-01T09:00":'
        " a rule starts and ends in each customer's own time zone"
    ),
    forms.DOMAIN: 'is not a domain such as "example.com"',
    forms.CURRENCY: 'is not an ISO 4217 currency code such as "USD"',
}
LONGEST = 60
AN_AMOUNT = {forms.NUMBER, forms.POSITIVE}


def form_problems(content: Any, form: type, pointer: str = "") -> list[Problem]:
    """What keeps a JSON value from matching this form; empty if it matches."""
    return list(_check(content, inspect.type_info(form), pointer))


def _check(content: Any, form: inspect.Type, pointer: str) -> Iterator[Problem]:
    if isinstance(form, inspect.Metadata):
        form = form.type
    return CHECKS[type(form)](content, form, pointer)


def _check_one_of(content: Any, form: inspect.UnionType, pointer: str) -> Iterator[Problem]:
    if content is None and any(isinstance(each, inspect.NoneType) for each in form.types):
        return
    given = [each for each in form.types if not isinstance(each, inspect.NoneType)]
    if len(given) == 1:
        yield from _check(content, given[0], pointer)
        return
    # The rest are price models, distinguished by their tag.
    tagged = {each.tag: each for each in given if isinstance(each, inspect.StructType)}
    if not isinstance(content, dict):
        yield _unexpected(content, "an object", pointer)
    elif "model" not in content:
        yield Problem(pointer, "the member model is missing")
    elif not isinstance(content["model"], str) or content["model"] not in tagged:
        yield Problem(step(pointer, "model"), f"is {_shown(content['model'])}; known are {_listed(tagged)}")
    else:
        yield from _check_object(content, tagged[content["model"]], pointer)


def _check_object(content: Any, form: inspect.StructType, pointer: str) -> Iterator[Problem]:
    if not isinstance(content, dict):
        yield _unexpected(content, "an object", pointer)
        return
    fields = {field.encode_name: field for field in form.fields}
    for name, member in content.items():
        if name in fields:
            yield from _check(member, fields[name].type, step(pointer, name))
        elif name != form.tag_field:
            yield Problem(step(pointer, name), f"is an unknown member; known are {_listed(_names(form))}")
    for name, field in fields.items():
        if field.required and name not in content:
            yield Problem(pointer, f"the member {name} is missing")


def _check_list(content: Any, form: inspect.ListType, pointer: str) -> Iterator[Problem]:
    if not isinstance(content, list):
        yield _unexpected(content, "a list", pointer)
        return
    if len(content) < (form.min_length or 0):
        yield Problem(pointer, "is empty")
    for place, item in enumerate(content):
        yield from _check(item, form.item_type, step(pointer, place))


def _check_text(content: Any, form: inspect.StrType, pointer: str) -> Iterator[Problem]:
    if not isinstance(content, str):
        yield _unexpected(content, 'a string such as "2.50"' if form.pattern in AN_AMOUNT else "a string", pointer)
    elif len(content) < (form.min_length or 0):
        yield Problem(pointer, "is empty")
    elif form.pattern and not re.search(form.pattern, content):
        yield Problem(pointer, f"{_shown(content)} {PATTERNS[form.pattern]}")


def _check_whole(content: Any, form: inspect.IntType, pointer: str) -> Iterator[Problem]:
    if not isinstance(content, int) or isinstance(content, bool):
        yield _unexpected(content, "a whole number", pointer)
    elif form.ge is not None and content < form.ge:
        yield Problem(pointer, f"is {content}; the minimum is {form.ge}")
    elif form.le is not None and content > form.le:
        yield Problem(pointer, f"is {content}; the maximum is {form.le}")


def _check_choice(content: Any, form: inspect.LiteralType, pointer: str) -> Iterator[Problem]:
    if content not in form.values:
        yield Problem(pointer, f"is {_shown(content)}; known are {_listed(form.values)}")


def _check_flag(content: Any, _form: inspect.BoolType, pointer: str) -> Iterator[Problem]:
    if not isinstance(content, bool):
        yield _unexpected(content, "true or false", pointer)


CHECKS: dict[type[inspect.Type], Callable[[Any, Any, str], Iterator[Problem]]] = {
    inspect.UnionType: _check_one_of,
    inspect.StructType: _check_object,
    inspect.ListType: _check_list,
    inspect.StrType: _check_text,
    inspect.IntType: _check_whole,
    inspect.LiteralType: _check_choice,
    inspect.BoolType: _check_flag,
}


def _unexpected(content: Any, expected: str, pointer: str) -> Problem:
    found = next((words for kind, words in TYPES.items() if isinstance(content, kind)), "a number")
    return Problem(pointer, f"is {found}, not {expected}")


def _names(form: inspect.StructType) -> list[str]:
    return [*filter(None, [form.tag_field]), *(field.encode_name for field in form.fields)]


def _listed(names: Iterable[Any]) -> str:
    return ", ".join(map(str, names))


def _shown(content: Any) -> str:
    """The JSON text on one line, shortened."""
    text = msgspec.json.encode(content).decode()
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
