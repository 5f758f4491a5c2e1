"""Expressions find places in a record, and nothing else: what could misread a value is not offered."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jmespath.parser import Parser

from leads.domain.mapping.language.evaluation import Interpreter
from leads.domain.mapping.language.expressions import ExpressionNotValid, compiled, quoted
from leads.domain.mapping.language.unreadable import NotConverted


def found(expression: str, record: dict[str, Any]) -> Any:
    return compiled(expression).find(record)


def refusal(expression: str) -> str:
    with pytest.raises(ExpressionNotValid) as refused:
        compiled(expression)
    return str(refused.value)


# --- What is refused when a mapping is saved --------------------------------------------------------------


def test_a_name_with_a_dash_needs_quotes_and_the_refusal_says_so():
    assert refusal("foo-bar") == (
        "The expression can't be read at character 4: '-bar'. Names such as foo-bar need double quotes."
    )
    assert found('"foo-bar"', {"foo-bar": 1}) == 1


@pytest.mark.parametrize("name", ["to_number", "to_string", "sum", "avg", "abs", "ceil", "floor", "max", "min", "type"])
def test_functions_that_read_or_calculate_numbers_are_not_offered(name: str):
    assert refusal(f"{name}(a)").startswith(f"The function {name} is not offered.")


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("nothing(a)", "There is no function nothing."),
        ("length(a, b)", "The function length takes 1 value, not 2."),
        ("", "The expression is empty."),
        ("a" * 1_001, "An expression has at most 1,000 characters; this one has 1,001."),
        ("(" * 999, "The expression is nested too deeply."),
        ("!" * 900 + "a", "The expression is nested too deeply."),
        ("|".join(["[@,@]"] * 17), "The lists and objects that an expression builds have at most 32 parts."),
        ("`text`", "The expression can't be read. Put text in single quotes"),
        ("a ||", "The expression can't be read"),
    ],
    ids=["unknown", "arity", "empty", "long", "deep", "not-not", "multiplied", "literal", "unfinished"],
)
def test_an_expression_that_cannot_be_used_is_refused_in_words(expression: str, words: str):
    assert refusal(expression).startswith(words)


# --- What is found ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("price == `0.1`", True),
        ("price > `0`", True),
        ("price == sheet", True),
        ("kind == 'form'", True),
        ("missing > `1`", None),
        ("join('-', ['fair', kind, number])", "fair-form-17"),
        ("join('-', ['fair', missing])", None),
        ("answers[?name == 'mail'].value | [0]", "a@b.example"),
        ("not_null(missing, kind)", "form"),
        ("max_by(answers, &name).name", "phone"),
    ],
)
def test_numbers_compare_exactly_and_missing_parts_are_missing(expression: str, value: Any):
    answers = [{"name": "mail", "value": "a@b.example"}, {"name": "phone", "value": "1"}]
    record = {"price": Decimal("0.1"), "sheet": 0.1, "kind": "form", "number": 17, "answers": answers}

    assert found(expression, record) == value


@pytest.mark.parametrize("expression", ["visits > `2`", "length(missing)", "join('', [price])", "sort_by(list, &@)"])
def test_an_expression_that_fails_says_so_instead_of_finding_nothing(expression: str):
    with pytest.raises(NotConverted, match="can't be evaluated") as failed:
        found(expression, {"visits": "3", "price": Decimal("0.5"), "list": [Decimal(1), Decimal(2)]})

    assert failed.value.code == "expression_failed"


def test_in_an_id_a_blank_part_counts_as_missing_and_in_other_fields_it_is_left_blank():
    expression = "join('-', ['fair', mail])"

    assert [found(expression, {"mail": blank}) for blank in ("", " ")] == ["fair-", "fair- "]
    assert [compiled(expression, is_for_id=True).find({"mail": given}) for given in ("", " ", "a@b")] == [
        None,
        None,
        "fair-a@b",
    ]


def test_joins_and_lists_cannot_grow_without_bound():
    with pytest.raises(NotConverted, match="more than 10,000 characters"):
        found("join('', a)", {"a": ["x" * 6_000] * 2})


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("a.b.c", {("a", "b", "c")}),
        ("entry[].changes[].value", {("entry",)}),
        ("answers[?name == 'x'].value | [0]", {("answers",)}),
        ("join('-', [a, b.c])", {("a",), ("b", "c")}),
        ("map(&inner, list)", {("list",)}),
        ("a == 'x' && !b", {("a",), ("b",)}),
        ("{x: a}.x", {("a",)}),
        ("@", set()),
    ],
)
def test_what_an_expression_needs_is_known_before_any_record_is_read(expression: str, names: set[tuple[str, ...]]):
    assert compiled(expression).needs == names


# --- Paths ------------------------------------------------------------------------------------------------

NAMES = st.text(min_size=1, max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(NAMES, min_size=1, max_size=4), VALUES, st.data())
def test_a_path_picked_by_click_finds_its_place_whatever_its_names(names: list[str], value: Any, data: st.DataObject):
    record = value
    for name in reversed(names):
        record = data.draw(st.dictionaries(NAMES, VALUES, max_size=2)) | {name: record}

    expression = compiled(quoted(names))

    assert (expression.path, expression.find(record)) == (tuple(names), value)


@given(st.dictionaries(st.sampled_from("abc"), VALUES), st.lists(st.sampled_from("abc"), min_size=1, max_size=3))
def test_the_fast_path_finds_what_jmespath_finds(record: dict[str, Any], names: list[str]):
    tree = Parser().parse(".".join(names)).parsed

    assert compiled(".".join(names)).find(record) == Interpreter().visit(tree, record)


def test_a_path_through_a_list_names_its_index():
    assert quoted(["entry", 0, "foo-bar", "x"]) == 'entry[0]."foo-bar".x'
    assert found('entry[0]."foo-bar".x', {"entry": [{"foo-bar": {"x": 5}}]}) == 5
