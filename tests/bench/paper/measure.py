"""PDFs: a two-page invoice, and an annex of ten thousand lines; compared with WeasyPrint with the same words."""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.paper.content import annex, html, paper
from tests.bench.report.lines import Measured, Outcome
from tests.bench.report.registry import Asked

HERE = Path(__file__).parent
TINY, QUICK, FULL = 50, 1_000, 10_000
OURS = "import django; django.setup(); from tests.bench.paper.ours import main; main({count}, {times})"
HOW = "python -m venv var/weasyprint && var/weasyprint/bin/pip install -r tests/bench/paper/requirements.txt"


def measure_paper(asked: Asked) -> Outcome:
    """Both, each measurement in its own process; WeasyPrint only if WEASYPRINT_PYTHON has it."""
    charges = asked.sized(TINY, QUICK, FULL)
    other = os.environ.get("WEASYPRINT_PYTHON", str(HERE.parent.parent.parent / "var/weasyprint/bin/python"))
    theirs = other if Path(other).exists() else None
    two, many = _ours(0, 10 * asked.rounds), _ours(charges, asked.rounds)
    two_there, many_there = (_theirs(theirs, count, asked.rounds) for count in (0, charges))
    return Outcome(
        f"An invoice of two pages, and an annex of {charges:,} charges ({many['bytes'] / 1024:,.0f} KB).",
        {
            "PDF of two pages": Measured(_seconds(two) * 1e3, usual=two_there and _seconds(two_there) * 1e3),
            "PDF with an annex of charges": Measured(_seconds(many), usual=many_there and _seconds(many_there)),
            "Memory for a PDF with an annex of charges": Measured(
                many["peak_mb"], usual=many_there and many_there["peak_mb"]
            ),
        },
        [] if theirs else [f"The usual way, WeasyPrint, is not measured: it is not installed. To have it: `{HOW}`."],
    )


def _ours(charges: int, times: int) -> dict[str, Any]:
    return _run([sys.executable, "-c", OURS.format(count=charges, times=times)])


def _theirs(python: str | None, charges: int, times: int) -> dict[str, Any] | None:
    if python is None:
        return None
    words = html(paper(), annex(charges) if charges else None)
    return _run([python, str(HERE / "weasy.py"), str(1 if charges else times)], words)  # it is slow


def _seconds(found: dict[str, Any]) -> float:
    return median(found["seconds"])


def _run(command: list[str], words: str = "") -> dict[str, Any]:
    done = subprocess.run(command, input=words, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
