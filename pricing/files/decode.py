"""Decode JSON bytes: strict JSON in UTF-8, no duplicate members, no unknown members."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import msgspec

from pricing.files.faults import Problem, step
from pricing.files.form_faults import form_problems

Form = TypeVar("Form", bound=msgspec.Struct)


class _Doubled(dict[str, Any]):
    """A JSON object in which a member name appears twice."""

    names: frozenset[str]


class FormDecoder(Generic[Form]):
    """Decodes one form, or lists everything that is wrong."""

    def __init__(self, form: type[Form]) -> None:
        self._form = form
        self._decoder = msgspec.json.Decoder(form)
        self._pairs = json.JSONDecoder(object_pairs_hook=self._noticing, parse_int=str, parse_float=str)
        self._is_doubled = False

    def decode(self, content: bytes) -> Form | list[Problem]:
        """The value, or its problems."""
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            return [Problem("", f"is not UTF-8 at byte {error.start + 1}")]
        try:
            value = self._decoder.decode(text)
        except msgspec.ValidationError as error:
            return self._refused(text, str(error))
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            return [Problem("", _not_json(text, error))]
        return self._twice(text) or value

    def _refused(self, text: str, words: str) -> list[Problem]:
        # msgspec stops at the first problem, and the rest need not even be JSON.
        try:
            plain = msgspec.json.decode(text)
            found = [*self._twice(text), *form_problems(plain, self._form)]
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            return [Problem("", _not_json(text, error))]
        return found or [Problem("", words)]

    def _twice(self, text: str) -> list[Problem]:
        """The names that appear twice: msgspec silently keeps the last, so the standard library finds them."""
        self._is_doubled = False
        content = self._pairs.decode(text)
        return list(_doubled(content)) if self._is_doubled else []

    def _noticing(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) == len(pairs):
            return members
        self._is_doubled = True
        doubled = _Doubled(members)
        doubled.names = frozenset(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        return doubled


def _not_json(text: str, error: Exception) -> str:
    if not text.strip():
        return "is empty"
    if text.startswith("\ufeff"):
        return "starts with a byte order mark, which is not valid in JSON"
    words = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    return f"is not JSON: {words.removeprefix('JSON is malformed: ')}"


def _doubled(content: Any, pointer: str = "") -> Iterator[Problem]:
    if isinstance(content, _Doubled):
        for name in sorted(content.names):
            yield Problem(step(pointer, name), "appears twice in one object")
    if isinstance(content, dict):
        for name, member in content.items():
            if isinstance(member, dict | list):
                yield from _doubled(member, step(pointer, name))
    elif isinstance(content, list):
        for place, item in enumerate(content):
            yield from _doubled(item, step(pointer, place))
