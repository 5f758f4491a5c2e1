"""PDFs: a two-page invoice, and an annex of ten thousand lines; compared with WeasyPrint with the same words."""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.paper.content import annex, html, paper

HERE = Path(__file__).parent
QUICK, FULL = 1_000, 10_000
PAGES_MS, ANNEX_S, ANNEX_MB = 60, 10, 500
OURS = "import django; django.setup(); from tests.bench.paper.ours import main; main({count}, {times})"
HOW = "python -m venv var/weasyprint && var/weasyprint/bin/pip install -r tests/bench/paper/requirements.txt"


def measure_paper(*, quick: bool, rounds: int) -> None:
    """Both, each measurement in its own process; WeasyPrint only if WEASYPRINT_PYTHON has it."""
    charges = QUICK if quick else FULL
    other = os.environ.get("WEASYPRINT_PYTHON", str(HERE.parent.parent.parent / "var/weasyprint/bin/python"))
    has_other = Path(other).exists()
    print(f"\n{'PDF':34}{'engine':12}{'time':>12}{'peak memory':>14}{'size':>12}  aim")
    for name, count, times in (("two pages", 0, 10 * rounds), (f"annex of {charges:,} charges", charges, rounds)):
        found = _run([sys.executable, "-c", OURS.format(count=count, times=times)])
        _tell(name, "typst", found, _aim(found, count))
        if has_other:
            words = html(paper(), annex(count) if count else None)
            times_there = times if not count else 1  # it is slow
            _tell(name, "WeasyPrint", _run([other, str(HERE / "weasy.py"), str(times_there)], words), "")
    if not has_other:
        print(f"WeasyPrint is not measured: no {other}. To have it: {HOW}")


def _run(command: list[str], words: str = "") -> dict[str, Any]:
    done = subprocess.run(command, input=words, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _aim(found: dict[str, Any], count: int) -> str:
    seconds = median(found["seconds"])
    if not count:
        return f"≤ {PAGES_MS} ms {'held' if seconds * 1000 <= PAGES_MS else 'MISSED'}"
    held = seconds <= ANNEX_S and found["peak_mb"] <= ANNEX_MB
    return f"≤ {ANNEX_S} s, ≤ {ANNEX_MB} MB {'held' if held else 'MISSED'}"


def _tell(name: str, engine: str, found: dict[str, Any], aim: str) -> None:
    seconds = median(found["seconds"])
    shown = f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
    print(
        f"{name:34}{engine:12}{shown:>12}{found['peak_mb']:>11,.0f} MB{found['bytes'] / 1024:>9,.0f} KB  {aim}",
        flush=True,
    )
