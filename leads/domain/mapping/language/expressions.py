"""JMESPath expressions: which are allowed, and what each finds in a record.

Typing, numbers, dates and defaults are not theirs: an expression only finds a place. Each is compiled once.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from jmespath import functions
from jmespath.exceptions import JMESPathError
from jmespath.parser import Parser

from leads.domain.mapping.language.evaluation import ALLOWED, Interpreter, as_written
from leads.domain.mapping.language.steps import spend_on
from leads.domain.mapping.language.unreadable import EXPRESSION_FAILED, NotConverted

LONGEST = 1_000  # characters
DEEPEST = 60  # expressions within expressions
PARTS = 32  # of all lists and objects that an expression builds, so that they can't multiply

_FAILS = (JMESPathError, TypeError, ValueError, ArithmeticError, AttributeError)
_QUOTED = re.compile(r"""('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|`((?:\\.|[^`\\])*)`""", re.DOTALL)
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Path = tuple[str, ...]


class ExpressionNotValid(ValueError):
    """An expression that can't be read, or that uses what is not allowed."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression, with its plain path if it is one, and the paths that it needs from its scope."""

    text: str
    path: Path | None
    needs: frozenset[Path]
    find: Callable[[dict[str, Any]], Any] = field(compare=False, repr=False)


def compiled(text: str, *, is_for_id: bool = False) -> Expression:
    """Compile an expression; one for an ID joins no blank parts. Raises ExpressionNotValid."""
    tree = _parsed(text)
    path = _path(tree)
    return Expression(text, path, frozenset(_needs(tree)), _finder(tree, path, text, is_for_id=is_for_id))


def quoted(steps: Sequence[str | int]) -> str:
    """Return the expression for a place: `entry[0].\"foo-bar\"`."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            name = step if _PLAIN_NAME.fullmatch(step) else json.dumps(step, ensure_ascii=False)
            text += f".{name}" if text else name
    return text


# --- Compiling --------------------------------------------------------------------------------------------


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > LONGEST:
        raise ExpressionNotValid(f"An expression has at most {LONGEST:,} characters; this one has {len(text):,}.")
    if not text.strip():
        raise ExpressionNotValid("The expression is empty.")
    try:
        _check_literals(text)
        tree: dict[str, Any] = Parser().parse(text).parsed
    except RecursionError as error:
        raise ExpressionNotValid("The expression is nested too deeply.") from error
    except (JMESPathError, ValueError) as error:
        raise ExpressionNotValid(_in_words(error, text)) from error
    _check(tree)
    return tree


def _check_literals(text: str) -> None:
    """Refuse a literal that is not JSON, which the parser would read as text."""
    for quoted_text, literal in _QUOTED.findall(text):
        if not quoted_text:
            json.loads(literal.replace("\\`", "`"))


def _in_words(error: Exception, text: str) -> str:
    position = getattr(error, "lex_position", None)
    if not isinstance(position, int):
        return (
            "The expression can't be read. Put text in single quotes, and names with spaces or dashes in double quotes."
        )
    near = f"at character {position + 1}: {text[position : position + 20]!r}" if text[position:] else "to its end"
    return f"The expression can't be read {near}. Names such as foo-bar need double quotes."


def _check(tree: dict[str, Any]) -> None:
    level, parts = [tree], 0
    for _ in range(DEEPEST):
        for node in level:
            parts += len(node["children"]) if node["type"].startswith("multi_select") else 0
            if node["type"] == "function_expression":
                _check_function(node)
            elif node["type"] == "literal":
                node["value"] = as_written(node["value"])
        level = list(_children(level))
        if not level:
            break
    if level:
        raise ExpressionNotValid("The expression is nested too deeply.")
    if parts > PARTS:
        raise ExpressionNotValid(f"The lists and objects that an expression builds have at most {PARTS} parts.")


def _children(level: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for node in level:
        yield from (each for each in node["children"] if isinstance(each, dict))


def _check_function(node: dict[str, Any]) -> None:
    name = node["value"]
    if name not in ALLOWED:
        allowed = ", ".join(sorted(ALLOWED))
        known = name in functions.Functions.FUNCTION_TABLE
        words = f"The function {name} is not offered" if known else f"There is no function {name}"
        raise ExpressionNotValid(
            f"{words}. The formats of numbers, dates and text are set at the field. Offered: {allowed}."
        )
    signature = ALLOWED[name]["signature"]
    given, most = len(node["children"]), len(signature)
    variadic = bool(signature and signature[-1].get("variadic"))
    if given < most or (given > most and not variadic):
        raise ExpressionNotValid(f"The function {name} takes {most} {'value' if most == 1 else 'values'}, not {given}.")


# --- What it finds ----------------------------------------------------------------------------------------


def _finder(tree: dict[str, Any], path: Path | None, text: str, *, is_for_id: bool) -> Callable[[dict[str, Any]], Any]:
    if path is not None and len(path) == 1:
        [name] = path
        return lambda scope: scope.get(name)
    if path is not None:
        first, *others = path
        return lambda scope: _walk(scope.get(first), others)
    interpreter = _OF_IDS if is_for_id else _ANY
    return lambda scope: _evaluated(interpreter, tree, scope, text)


def _walk(value: Any, names: list[str]) -> Any:
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


_ANY, _OF_IDS = Interpreter(), Interpreter(is_for_id=True)


def _evaluated(interpreter: Interpreter, tree: dict[str, Any], scope: dict[str, Any], text: str) -> Any:
    try:
        found = interpreter.visit(tree, scope)
        spend_on(found)
    except _FAILS as error:
        raise NotConverted(EXPRESSION_FAILED, f"{text} can't be evaluated: {_reason(error)}") from error
    return found


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")[:200] + "."


# --- What it needs ----------------------------------------------------------------------------------------


def _path(tree: dict[str, Any]) -> Path | None:
    """Return the names of an expression that is nothing but names."""
    if tree["type"] == "field":
        return (tree["value"],)
    if tree["type"] != "subexpression":
        return None
    steps = [_path(child) for child in tree["children"]]
    return tuple(name for step in steps for name in step or ()) if all(steps) else None


_OF_FIRST = (
    "subexpression",
    "index_expression",
    "pipe",
    "projection",
    "value_projection",
    "filter_projection",
    "flatten",
)


def _needs(tree: dict[str, Any]) -> Iterator[Path]:
    """Yield the paths that are looked up from the scope's root; what is inside lists is not told."""
    if (path := _path(tree)) is not None:
        yield path
    elif tree["type"] in _OF_FIRST:
        yield from _needs(_leading(tree))
    elif tree["type"] not in ("literal", "current", "identity", "expref"):
        for child in tree["children"]:
            if isinstance(child, dict):
                yield from _needs(child)


def _leading(tree: dict[str, Any]) -> dict[str, Any]:
    """Return the part that is looked up first, as far as it is plain names."""
    first: dict[str, Any] = tree["children"][0]
    return first
