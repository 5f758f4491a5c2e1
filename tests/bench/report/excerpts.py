"""Figures of benches in other guides: between two comments, written again whenever their bench is written."""

import os
import re
from pathlib import Path

from tests.bench.report.lines import Row
from tests.bench.report.machine import CHECKOUT, processor, when

GUIDE = CHECKOUT / "docs" / "scaling.md"
EXCERPT = re.compile(r"<!-- figures of (\w+): (.+?) -->\n(.*?)<!-- end of figures -->", re.DOTALL)


def excerpts(guide: Path = GUIDE) -> list[tuple[str, list[str]]]:
    """The bench and the lines that each place of the guide shows."""
    return [(bench, works.split("; ")) for bench, works, _ in EXCERPT.findall(guide.read_text(encoding="utf-8"))]


def write_excerpts(bench: str, rows: list[Row], *, size: str, guide: Path = GUIDE) -> None:
    """Put this run's figures into the guide."""
    by_work = {row.line.work: row for row in rows}

    def written(found: re.Match[str]) -> str:
        if found[1] != bench:
            return found[0]
        table = _table([by_work[work] for work in found[2].split("; ")], bench, size)
        return f"<!-- figures of {bench}: {found[2]} -->\n{table}<!-- end of figures -->"

    guide.write_text(EXCERPT.sub(written, guide.read_text(encoding="utf-8")), encoding="utf-8")


def _table(rows: list[Row], bench: str, size: str) -> str:
    lines = ["| work | measured | ratio |", "|---|---:|---:|"]
    for row in rows:
        work, _, ours, _, ratio, _ = row.cells()
        lines.append(f"| {work} | {ours} | {ratio} |")
    made = f"`make bench ARGS={bench}`, {size} size, {when()}, {os.cpu_count()} cores ({processor()})."
    return "\n".join(["", *lines, "", made, "", ""])
