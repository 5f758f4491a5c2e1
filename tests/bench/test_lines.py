"""The lines of the benches: the page has those that are measured, a missed aim can be an error, every bench runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.__main__ import MISSED
from tests.bench.report.excerpts import excerpts
from tests.bench.report.lines import Line, Measured, Outcome, Row, rows_of
from tests.bench.report.page import sections, works_of, write
from tests.bench.report.registry import BENCHES, Bench

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("benches")]
CHECKOUT = Path(__file__).resolve().parent.parent.parent
# All of them take minutes: `make bench ARGS=--tiny` runs the others.
SHORT = ("run",)
RATE = Line("Rate", "actions/s", "floor", at_least=0.5)


def test_the_page_has_a_section_for_each_bench_with_the_lines_that_it_measures():
    assert {title: works_of(text) for title, text in sections().items()} == {
        bench.title: [line.work for line in bench.lines] for bench in BENCHES
    }


def test_the_guide_to_scaling_shows_only_lines_that_are_measured():
    works = {bench.name: {line.work for line in bench.lines} for bench in BENCHES}

    assert excerpts()
    assert [works_shown for bench, works_shown in excerpts() if not set(works_shown) <= works[bench]] == []


def test_no_two_lines_have_one_name():
    works = [line.work for bench in BENCHES for line in bench.lines]

    assert sorted(works) == sorted(set(works))


@pytest.mark.parametrize(
    ("line", "found", "verdict"),
    [
        (RATE, Measured(50, floor=100), "≥ 0.5: held"),
        (RATE, Measured(49, floor=100), "≥ 0.5: MISSED"),
        (Line("Rate", "actions/s", "usual", at_least=15), Measured(15, usual=1), "≥ 15: held"),
        (Line("Page", "ms", at_most=300), Measured(300), "≤ 300 ms: held"),
        (Line("Page", "ms", at_most=300), Measured(301), "≤ 300 ms: MISSED"),
        (Line("Grow", "µs", "floor", at_least=0.8, at_most=1.25), Measured(12, floor=10), "0.8 to 1.25: held"),
        (Line("Grow", "µs", "floor", at_least=0.8, at_most=1.25), Measured(7, floor=10), "0.8 to 1.25: MISSED"),
        (Line("Send", "actions/s", at_least=12_000), Measured(11_999), "≥ 12,000 actions/s: MISSED"),
        (Line("Look", "ms"), Measured(1), ""),
    ],
)
def test_an_aim_is_held_or_missed(line: Line, found: Measured, verdict: str):
    assert Row(line, found).cells()[-1] == verdict


def test_a_bench_that_measures_other_lines_than_it_declares_is_refused():
    with pytest.raises(RuntimeError, match=r"Declared and measured differ: \['Bill', 'Rate'\]"):
        rows_of((RATE,), Outcome("", {"Bill": Measured(1)}))


def test_a_bench_writes_its_own_section_and_leaves_the_others(tmp_path: Path):
    page, titles = tmp_path / "page.md", ["One", "Two"]
    write("## Two\n\nsecond", titles=titles, page=page)
    write("## One\n\nfirst", titles=titles, page=page)
    write("## Two\n\nagain", titles=titles, page=page)

    assert sections(page) == {"One": "## One\n\nfirst\n\n", "Two": "## Two\n\nagain\n"}


@pytest.mark.parametrize("bench", [bench for bench in BENCHES if bench.name in SHORT], ids=lambda bench: bench.name)
def test_a_bench_runs_to_its_end_and_a_missed_aim_is_an_error_if_strict(bench: Bench, tmp_path: Path):
    page = tmp_path / "performance.md"
    command = [sys.executable, "-m", "tests.bench", bench.name, "--tiny", "--strict", "--write"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE", "REDIS", "COPY_"))}
    done = subprocess.run(
        [*command, "--page", page, "--folder", tmp_path / "bench"],
        cwd=CHECKOUT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    missed = ": MISSED |" in page.read_text(encoding="utf-8") if page.exists() else None
    assert done.returncode == (MISSED if missed else 0), done.stderr
    assert {title: works_of(text) for title, text in sections(page).items()} == {
        bench.title: [line.work for line in bench.lines]
    }
    assert not (tmp_path / "bench" / bench.name).exists()
