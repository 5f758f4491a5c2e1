"""Every finding has a test, and every test that the table names is there."""

import re

from tests.house.tree import ROOT

TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
FINDING = re.compile(r"^\| (\d+) ", re.MULTILINE)


def test_the_table_names_a_test_for_each_finding_and_each_is_there() -> None:
    table = (ROOT / "tests" / "attack" / "README.md").read_text(encoding="utf-8")
    missing = [
        f"{path}::{name}"
        for path, name in TEST.findall(table)
        if not (ROOT / path).is_file() or f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    ]

    assert missing == []
    assert [int(number) for number in FINDING.findall(table)] == list(range(1, 22))
