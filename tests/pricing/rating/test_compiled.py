"""Compiled rating decides as its sources do, and runs only if it was compiled from them."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings

from pricing.rating import IS_COMPILED, compiled
from pricing.rating.values import ActionFacts, CustomerFacts, RuleFacts
from tests.house.tree import ROOT
from tests.pricing.rating.deciding import decided, decided_in_large_periods
from tests.pricing.rule_sets import customers, periods, rule_sets

# One group, so that a single process compiles, where `make` has not.
pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("compiled")]

COMPILE = ("-m", "deploy.compile")
WHICH = "import pricing.rating.period as period; from pricing.rating import WHY_PURE; print(period.__file__, WHY_PURE)"
RATING_TESTS = ("tests/pricing/rating", "tests/pricing/test_readme.py")
NOT_THERE = ("test_compiled.py", "test_seventh_model.py")  # this file, and what needs the database


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    said = python(*COMPILE).stderr
    if not compiled.compiled():
        assert "Rating runs as plain Python" in said
        assert "mypyc failed" not in said, said
        pytest.skip(f"Nothing is compiled here: {said}")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what rating consists of, compiled."""
    shutil.copytree(ROOT / "pricing" / "rating", tmp_path / "pricing" / "rating")
    shutil.copy(ROOT / "pricing" / "__init__.py", tmp_path / "pricing")
    for file in compiled.BUILT_BY:
        (tmp_path / file.relative_to(ROOT)).parent.mkdir(exist_ok=True)
        shutil.copy(file, tmp_path / file.relative_to(ROOT))
    shutil.copytree(compiled.folder(), tmp_path / compiled.folder().relative_to(ROOT))
    return tmp_path


def test_compiled_and_plain_rating_decide_all_alike():
    cases = list[str]()

    @settings(max_examples=300, deadline=None, database=None)
    @given(periods, rule_sets(), customers)
    def gather(actions: list[ActionFacts], rules: list[RuleFacts], customer: CustomerFacts) -> None:
        cases.append(repr((actions, rules, customer)))

    gather()
    other = python("-m", "tests.pricing.rating.deciding", read="\n".join(cases), **the_other())
    is_compiled, *theirs, large = map(json.loads, other.stdout.splitlines())

    assert is_compiled is not IS_COMPILED
    ours = [decided(case) for case in cases]
    assert [pair for pair in zip(cases, ours, theirs, strict=True) if pair[1] != pair[2]][:1] == []
    assert decided_in_large_periods() == large
    kinds = Counter(line.split("\t")[3] for line in large if "\t" in line)
    assert {"", "already_charged", "not_highest", "outside_contract", "excluded_contact"} <= kinds.keys()


def test_the_tests_of_rating_hold_for_the_code_that_does_not_run_here_too():
    ignored = [f"--ignore=tests/pricing/rating/{name}" for name in NOT_THERE]

    ran = python("-m", "pytest", "-q", "-p", "no:cacheprovider", *ignored, *RATING_TESTS, **the_other())

    assert ran.returncode == 0, ran.stdout[-4_000:]
    assert " passed" in ran.stdout


def test_compiled_code_runs_only_if_nothing_that_it_was_made_from_has_changed(copy: Path):
    assert _which(copy).startswith(str(copy / "var" / "compiled"))

    for file in (copy / "pricing/rating/amounts.py", copy / "requirements-compile.txt", copy / "deploy/compile.py"):
        before = file.read_bytes()
        file.write_bytes(before + b"\n")
        assert _which(copy) == (
            f"{copy}/pricing/rating/period.py it was not compiled from these sources for this Python"
        ), file
        file.write_bytes(before)
    assert _which(copy).startswith(str(copy / "var" / "compiled"))


def test_plain_python_runs_where_it_is_asked_for_or_the_compiled_code_is_damaged(copy: Path):
    assert _which(copy, PURE_PYTHON="1") == f"{copy}/pricing/rating/period.py PURE_PYTHON is set"

    [shared] = copy.rglob(f"*{compiled.SHARED}.*")
    shared.write_bytes(b"not a library")
    assert _which(copy).startswith(f"{copy}/pricing/rating/period.py the compiled modules can't be loaded: ")


def test_without_a_compiler_one_line_says_so_and_only_an_image_insists(copy: Path):
    shutil.rmtree(copy / "var")
    words = "there is no C compiler."

    ran = python(*COMPILE, folder=copy, CC="no-such-compiler")
    insisting = python(*COMPILE, "--must", folder=copy, CC="no-such-compiler")

    assert (ran.returncode, ran.stderr) == (
        0,
        f"Rating runs as plain Python, with the same results: {words}\n",
    )
    assert (insisting.returncode, insisting.stderr) == (1, f"{words}\n")
    assert _which(copy).startswith(f"{copy}/pricing/rating/period.py ")


def the_other() -> dict[str, str]:
    """The environment of a process that runs the code which this one does not."""
    return {"PURE_PYTHON": "1" if IS_COMPILED else "0"}


def python(*arguments: str, folder: Path = ROOT, read: str = "", **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        input=read,
        env=os.environ | {"PURE_PYTHON": "0"} | environ,
        capture_output=True,
        text=True,
        check=False,
    )


def _which(folder: Path, **environ: str) -> str:
    """Where the code of rating comes from in a new process, and why it is not compiled."""
    ran = python("-c", WHICH, folder=folder, **environ)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()
