"""How expressions are evaluated: numbers compare exactly, text is never compared with a number, few functions are offered."""

from decimal import Decimal
from typing import Any

from jmespath import functions
from jmespath.visitor import TreeInterpreter

from leads.domain.mapping.language.numbers import is_binary, is_number
from leads.domain.mapping.language.steps import spend

LONGEST_TEXT = 10_000
LONGEST_LIST = 100_000

OFFERED = (
    "contains",
    "ends_with",
    "join",
    "keys",
    "length",
    "map",
    "max_by",
    "min_by",
    "not_null",
    "reverse",
    "sort",
    "sort_by",
    "starts_with",
    "to_array",
    "values",
)


class _Functions(functions.Functions):  # type: ignore[misc]  # jmespath has no types
    """The functions offered; `join` takes whole numbers, too, and finds nothing if a part is missing.

    In an ID, a blank part is missing, too: otherwise all persons without an address would be one lead.
    """

    def __init__(self, *, is_for_id: bool) -> None:
        super().__init__()
        self._is_for_id = is_for_id

    @functions.signature({"types": ["string"]}, {"types": ["array"]})  # type: ignore[untyped-decorator]  # the same
    def _func_join(self, separator: str, parts: list[Any]) -> str | None:
        if any(part is None or (self._is_for_id and isinstance(part, str) and not part.strip()) for part in parts):
            return None
        text = separator.join(map(_written, parts))
        if len(text) > LONGEST_TEXT:
            raise ValueError(f"the text has more than {LONGEST_TEXT:,} characters")
        return text


def _written(part: Any) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, int) and not isinstance(part, bool):
        return str(part)
    raise TypeError("join takes text and whole numbers")


_Functions.FUNCTION_TABLE = {name: _Functions.FUNCTION_TABLE[name] for name in OFFERED}
ALLOWED: dict[str, dict[str, Any]] = _Functions.FUNCTION_TABLE


def as_written(value: Any) -> Any:
    """Return a number with a binary fraction as the number that it is written as."""
    return Decimal(repr(value)) if is_binary(value) else value


class Interpreter(TreeInterpreter):  # type: ignore[misc]  # jmespath has no types
    """Evaluates an expression."""

    def __init__(self, *, is_for_id: bool = False) -> None:
        super().__init__()
        self._functions = _Functions(is_for_id=is_for_id)

    def visit(self, node: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        spend(1)
        return super().visit(node, *args, **kwargs)

    def visit_function_expression(self, node: dict[str, Any], value: Any) -> Any:
        given = [self.visit(child, value) for child in node["children"]]
        spend(sum(len(each) for each in given if isinstance(each, list | dict)))
        return self._functions.call_function(node["value"], given)

    def visit_comparator(self, node: dict[str, Any], value: Any) -> Any:
        left, right = (as_written(self.visit(child, value)) for child in node["children"])
        compare = self.COMPARATOR_FUNC[node["value"]]
        if node["value"] in self._EQUALITY_OPS:
            return compare(left, right)
        if left is None or right is None:
            return None
        if _kind(left) != _kind(right) or not _kind(left):
            raise TypeError(f"{_told(left)} can't be compared with {_told(right)}")
        return compare(left, right)

    def visit_flatten(self, node: dict[str, Any], value: Any) -> Any:
        found = super().visit_flatten(node, value)
        if found is not None and len(found) > LONGEST_LIST:
            raise ValueError(f"the list has more than {LONGEST_LIST:,} parts")
        return found


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    return "number" if is_number(value) else ""


def _told(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return f"the {_kind(value) or 'value'} {str(value)[:40]!r}"
