"""Files of rules and actions: every example gives its stored result, and the schemas describe what the program accepts."""

import json
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pricing.files.charges import price_files
from pricing.files.faults import FilesRefused
from pricing.files.published import FOLDER, schemas
from pricing.rating.prices import MODELS

EXAMPLES = FOLDER.parent / "examples"
NAMES = sorted(folder.name for folder in EXAMPLES.iterdir() if folder.is_dir())

PER_UNIT = {"model": "per_unit", "unit_price": "2.50", "free_units": "0"}
RULE = {"id": "r1", "scope": {}, "effective_from": "2026-01-01", "price": PER_UNIT}
CUSTOMER = {"code": "ACME", "currency": "USD", "time_zone": "America/New_York", "cycle": "monthly"}
ACTION = {
    "id": "a1",
    "lead": "l1",
    "customer": "ACME",
    "product": "TILE-9",
    "source": "web",
    "type": "sample_order",
    "occurred_at": "2026-01-31T17:41:09-06:00",
}

A_LINE = json.dumps(ACTION).encode()


def printed(rules: Path, actions: Path, *, explain: bool = False) -> list[dict[str, Any]]:
    """The charges of two files, and of what an example next to them carries over."""
    kept = EXAMPLES / actions.parent.name / "carried.json"
    carried = kept if kept.exists() else None
    return [json.loads(line) for line in price_files(rules, actions, carried=carried, explain=explain)]


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def faults(tmp_path: Path, rules: Any, actions: Any) -> list[str]:
    """The faults of two files, given as JSON values or as bytes; the files are called R and A."""
    body = actions if isinstance(actions, bytes) else b"".join(json.dumps(line).encode() + b"\n" for line in actions)
    (tmp_path / "R").write_bytes(rules if isinstance(rules, bytes) else json.dumps(rules).encode())
    (tmp_path / "A").write_bytes(body)
    with pytest.raises(FilesRefused) as refused:
        list(price_files(tmp_path / "R", tmp_path / "A"))
    return [str(fault).removeprefix(f"{tmp_path}/") for fault in refused.value.faults]


# --- Examples ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_example_comes_out_as_it_is_stored(name: str):
    folder = EXAMPLES / name

    assert printed(folder / "rules.json", folder / "actions.ndjson") == lines(folder / "charges.ndjson")


def test_every_price_model_and_every_reason_has_an_example():
    rules = [rule for name in NAMES for rule in json.loads((EXAMPLES / name / "rules.json").read_text())["rules"]]
    charges = [charge for name in NAMES for charge in lines(EXAMPLES / name / "charges.ndjson")]

    assert {rule["price"]["model"] for rule in rules} == set(MODELS)
    assert set(MODELS) <= set(NAMES)  # each has a folder of its name
    assert {charge["reason"] for charge in charges} == {
        None,
        "voided",
        "not_billable",
        "test_lead",
        "outside_contract",
        "excluded_contact",
        "already_charged",
        "not_highest",
        "waived",
        "disputed",
    }


def test_the_page_of_examples_names_each_of_them():
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")

    assert [name for name in NAMES if f"[{name}]({name})" not in page] == []


@pytest.mark.parametrize("name", NAMES)
def test_an_explanation_changes_nothing_and_its_parts_add_up_to_the_full_amount(name: str):
    folder = EXAMPLES / name
    explained = printed(folder / "rules.json", folder / "actions.ndjson", explain=True)

    assert [{**charge, "explanation": None} for charge in explained] == [
        {**charge, "explanation": None} for charge in lines(folder / "charges.ndjson")
    ]
    for charge in explained:
        told = charge["explanation"]
        assert round(sum(float(part["amount"]) for part in told["parts"]), 6) == float(charge["full_amount"])
        assert (told["rule"] or {}).get("id") == charge["rule"]
        assert told["words"]
        cut = sum(Decimal(cut["amount"]) for cut in told["cuts"])
        assert Decimal(charge["amount"]) + cut == Decimal(charge["full_amount"])


# --- Schemas -------------------------------------------------------------------------------------


def test_the_published_schemas_are_those_of_the_forms():
    """If this fails: python -m pricing.files.published."""
    assert {file.name: file.read_text(encoding="utf-8") for file in FOLDER.iterdir()} == schemas()


@pytest.mark.parametrize("name", sorted(schemas()))
def test_a_schema_is_one_and_gives_every_member_a_title(name: str):
    schema = json.loads(schemas()[name])
    Draft202012Validator.check_schema(schema)
    objects = [schema, *schema.get("$defs", {}).values()]

    assert [each["title"] for each in objects if not each["description"]] == []
    assert [member for each in objects for member in each["properties"].values() if "title" not in member] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_schemas_accept_every_example(name: str):
    rules = json.loads((EXAMPLES / name / "rules.json").read_text(encoding="utf-8"))

    assert accepted("rules.schema.json", rules)
    assert all(accepted("action.schema.json", line) for line in lines(EXAMPLES / name / "actions.ndjson"))


def accepted(schema: str, value: Any) -> bool:
    return bool(Draft202012Validator(json.loads(schemas()[schema])).is_valid(value))


# --- Files without valid actions or rules ---------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reasons"),
    [
        (b"", ["A: contains no action"]),
        (b"\n \r\n\n", ["A: contains no action"]),
        (A_LINE + b"\n\n" + A_LINE + b"\n", ['A:3: /id: "a1" is already used in line 1']),
        (b'{"id":"\xff"}\n', ["A:1: is not UTF-8 at byte 8"]),
        (b"\xef\xbb\xbf" + A_LINE, ["A:1: starts with a byte order mark, which is not valid in JSON"]),
        (b"nope\n" + A_LINE, ["A:1: is not JSON: invalid character (byte 4)"]),
        (A_LINE[:-1], ["A:1: is not JSON: Input data was truncated"]),
        (A_LINE + b" 1", [f"A:1: is not JSON: trailing characters (byte {len(A_LINE) + 2})"]),
        (
            A_LINE[:-1] + b', "quantity": NaN}',
            [f"A:1: is not JSON: invalid character (byte {len(A_LINE) + 13})"],
        ),
        (A_LINE[:-1] + b', "quantity": "1", "quantity": "2"}', ["A:1: /quantity: appears twice in one object"]),
        (A_LINE[:-1] + b', "i\\u0064": "a1"}', ["A:1: /id: appears twice in one object"]),
        (b"[" * 100_000, ["A:1: is not JSON: it is nested too deeply"]),
        (
            A_LINE.replace(b"2026-01-31", b"2026-02-30"),
            ["A:1: /occurred_at: 2026-02-30T17:41:09-06:00 does not exist: day is out of range for month"],
        ),
        (
            A_LINE.replace(b"17:41:09-06:00", b"25:00:00-06:00"),
            ["A:1: /occurred_at: 2026-01-31T25:00:00-06:00 does not exist: hour must be in 0..23"],
        ),
        (
            A_LINE.replace(b"2026-01-31T17:41:09-06:00", b"9999-12-31T23:59:59-06:00"),
            ["A:1: /occurred_at: 9999-12-31T23:59:59-06:00 does not exist: date value out of range"],
        ),
    ],
)
def test_lines_that_are_no_actions_are_refused_with_their_number(content: bytes, reasons: list[str], tmp_path: Path):
    assert faults(tmp_path, {"rules": []}, content) == reasons


@pytest.mark.parametrize(
    ("content", "reasons"),
    [
        (b"", ["R: is empty"]),
        (b"{", ["R: is not JSON: Input data was truncated"]),
        (b'{"rules": [], "rules": []}', ["R: /rules: appears twice in one object"]),
        (
            b'{"rules": [{"id": "r1", "id": 7, "scope": {"product": "x", "product": "y"}, "effective_from": 1}]}',
            [
                "R: /rules/0/id: appears twice in one object",
                "R: /rules/0/scope/product: appears twice in one object",
                "R: /rules/0/id: is a number, not a string",
                "R: /rules/0/effective_from: is a number, not a string",
                "R: /rules/0: the member price is missing",
            ],
        ),
        (b'{"rules": [{"priority": ' + b"9" * 5_000 + b"}]}", None),
    ],
)
def test_rules_that_are_no_json_are_refused(content: bytes, reasons: list[str] | None, tmp_path: Path):
    found = faults(tmp_path, content, [ACTION])

    assert found
    assert reasons is None or found == reasons


def test_the_faults_of_both_files_are_told_together(tmp_path: Path):
    assert faults(tmp_path, {"rules": 1}, [ACTION | {"type": ""}, 3]) == [
        "R: /rules: is a number, not a list",
        "A:1: /type: is empty",
        "A:2: is a number, not an object",
    ]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(FilesRefused) as refused:
        list(price_files(tmp_path / "none.json", tmp_path))

    assert [str(fault) for fault in refused.value.faults] == [
        f"{tmp_path}/none.json: cannot be read: No such file or directory",
        f"{tmp_path}: cannot be read: Is a directory",
    ]


# --- Defaults ------------------------------------------------------------------------------------


def test_what_is_left_out_has_its_default(tmp_path: Path):
    """USD, UTC, monthly, billable, quantity 1."""
    (tmp_path / "R").write_text(json.dumps({"rules": [RULE]}))
    (tmp_path / "A").write_text(json.dumps(ACTION | {"occurred_at": "2026-01-31T23:59:59.999999Z"}))

    assert printed(tmp_path / "R", tmp_path / "A") == [
        {
            "action": "a1",
            "outcome": "charged",
            "amount": "2.500000",
            "full_amount": "2.500000",
            "rule": "r1",
            "reason": None,
            "period": "2026-01",
        }
    ]


def test_a_contract_to_the_last_day_there_is_has_no_end(tmp_path: Path):
    (tmp_path / "R").write_text(
        json.dumps({"rules": [RULE]} | {"customers": [CUSTOMER | {"contract_to": "9999-12-31"}]})
    )
    (tmp_path / "A").write_text(json.dumps(ACTION))

    assert printed(tmp_path / "R", tmp_path / "A")[0]["outcome"] == "charged"


def test_big_and_small_numbers_are_exact(tmp_path: Path):
    price = {"model": "per_unit", "unit_price": "999999999999.999999"}
    (tmp_path / "R").write_text(json.dumps({"rules": [RULE | {"price": price}]}))
    (tmp_path / "A").write_text(json.dumps(ACTION | {"quantity": "999999999999.999999"}))

    assert printed(tmp_path / "R", tmp_path / "A")[0]["amount"] == "999999999999999998000000.000000"


def _shuffled(found: list[bytes]) -> Iterator[bytes]:
    yield from found[1::2]
    yield from found[::2][::-1]


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_the_lines_and_of_the_rules_does_not_matter(name: str, tmp_path: Path):
    folder = EXAMPLES / name
    rules = deepcopy(json.loads((folder / "rules.json").read_text(encoding="utf-8")))
    rules["rules"].reverse()
    (tmp_path / "R").write_text(json.dumps(rules))
    (tmp_path / "A").write_bytes(
        b"".join(_shuffled((folder / "actions.ndjson").read_bytes().splitlines(keepends=True)))
    )

    carried = folder / "carried.json"
    found = price_files(tmp_path / "R", tmp_path / "A", carried=carried if carried.exists() else None)
    assert [json.loads(line) for line in found] == lines(folder / "charges.ndjson")
