"""`manage.py price` as typed by a user without a database or environment."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.house.tree import ROOT
from tests.pricing.files.test_files import ACTION, EXAMPLES, RULE

PAGE = (ROOT / "docs" / "price-files.md").read_text(encoding="utf-8")
MANAGE = [sys.executable, str(ROOT / "manage.py"), "price"]

pytestmark = pytest.mark.processes


def price(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run with an empty environment."""
    command = [*MANAGE, *map(str, arguments)]
    return subprocess.run(
        command, env={}, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False, **options
    )


def written(tmp_path: Path, rules: Any, *actions: Any) -> tuple[str, str, str, str]:
    (tmp_path / "RULES.json").write_text(json.dumps(rules))
    (tmp_path / "ACTIONS.ndjson").write_text("".join(f"{json.dumps(action)}\n" for action in actions))
    return "--rules", str(tmp_path / "RULES.json"), "--actions", str(tmp_path / "ACTIONS.ndjson")


def test_without_any_environment_charges_are_printed_in_rating_order():
    folder = EXAMPLES / "months"
    done = price("--rules", folder / "rules.json", "--actions", folder / "actions.ndjson")

    assert (done.returncode, done.stderr) == (0, "")
    expected = (folder / "charges.ndjson").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in done.stdout.splitlines()] == [json.loads(line) for line in expected]


def test_the_members_are_those_of_the_format_and_in_its_order(tmp_path: Path):
    files = written(tmp_path, {"rules": [RULE]}, ACTION)
    members = ["action", "outcome", "amount", "full_amount", "rule", "reason", "period"]

    assert list(json.loads(price(*files).stdout)) == members
    assert list(json.loads(price(*files, "--explain").stdout)) == [*members, "explanation"]


def test_names_in_any_script_are_printed_in_utf8(tmp_path: Path):
    done = price(*written(tmp_path, {"rules": [RULE | {"id": "Türgriff"}]}, ACTION | {"id": "動作"}))

    assert (done.returncode, json.loads(done.stdout)["action"], json.loads(done.stdout)["rule"]) == (
        0,
        "動作",
        "Türgriff",
    )


def test_faulty_files_are_refused_with_2_a_line_for_each_fault_and_nothing_printed(tmp_path: Path):
    files = written(
        tmp_path, {"rules": [RULE | {"priority": "0"}]}, ACTION, ACTION | {"id": "a2", "quantity": 3}, ACTION
    )
    done = price(*files)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        f"{files[1]}: /rules/0/priority: is a string, not a whole number",
        f'{files[3]}:2: /quantity: is a number, not a string such as "2.50"',
        f'{files[3]}:3: /id: "a1" is already used in line 1',
    ]


def test_a_file_that_is_not_there_is_refused_with_2(tmp_path: Path):
    files = written(tmp_path, {"rules": []}, ACTION)
    done = price("--rules", tmp_path / "none.json", *files[2:])

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{tmp_path}/none.json: cannot be read: No such file or directory\n"


def test_a_reader_that_has_enough_ends_it_quietly(tmp_path: Path):
    files = written(tmp_path, {"rules": [RULE]}, *(ACTION | {"id": f"a{number}"} for number in range(5_000)))
    command = " ".join([*MANAGE, *files])
    done = subprocess.run(
        f"{command} | head -n 1", shell=True, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )

    assert (len(done.stdout.splitlines()), done.stderr) == (1, "")


def test_it_starts_no_servers(tmp_path: Path):
    """Not even if the variables are empty and their folder could be created."""
    elsewhere = tmp_path / "checkout"
    elsewhere.mkdir()
    for name in ("manage.py", "billing_engine", "leads", "pricing", "invoices", "reports"):
        (elsewhere / name).symlink_to(ROOT / name)
    text = (ROOT / "manage.py").read_text(encoding="utf-8")
    (elsewhere / "manage.py").unlink()
    (elsewhere / "manage.py").write_text(text, encoding="utf-8")
    files = written(tmp_path, {"rules": [RULE]}, ACTION)
    done = subprocess.run(
        [sys.executable, str(elsewhere / "manage.py"), "price", *files],
        env={"DATABASE_URL": "", "REDIS_URL": "", "SECRET_KEY": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert not (elsewhere / "var").exists()


def test_the_worked_example_of_the_guide_is_what_the_command_prints(tmp_path: Path):
    blocks = dict(re.findall(r"^`([\w.]+)`:\n\n```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
    for name in ("RULES.json", "ACTIONS.ndjson"):
        (tmp_path / name).write_text(blocks[name], encoding="utf-8")
    files = ("--rules", "RULES.json", "--actions", "ACTIONS.ndjson")

    assert price(*files, cwd=tmp_path).stdout == blocks["charges"]
    explained = [json.loads(line) for line in price(*files, "--explain", cwd=tmp_path).stdout.splitlines()]
    told = dict(re.findall(r"^### (\w+)\n\n((?:> .*\n)+)", PAGE, re.MULTILINE))
    assert {charge["action"]: charge["explanation"]["words"] for charge in explained if charge["action"] in told} == {
        name: words.removeprefix("> ").rstrip("\n").split("\n> ") for name, words in told.items()
    }
    assert told
    [whole] = re.findall(r"^```json\n(\{\n.*?)^```", PAGE.split("## The explanation")[1], re.DOTALL | re.MULTILINE)
    assert json.loads(whole) in [charge["explanation"] for charge in explained]
