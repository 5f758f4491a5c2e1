"""Print a bench's table, and write it into docs/performance.md, where each bench has a section."""

import re
from pathlib import Path

from tests.bench.report.lines import HEADS, Outcome, Row
from tests.bench.report.machine import CHECKOUT, load, machine, when

PAGE = CHECKOUT / "docs" / "performance.md"
HEAD = """\
# Performance

Written by `make bench ARGS=--write`; do not edit. Each section is from one run, and says when and on which machine it was
made. A ratio compares what was measured in the same run, side by side; compare ratios between machines, and not the rates.
The floor is the least that PostgreSQL needs for the same rows with nothing decided; the usual way is what one would write
with Django in an afternoon. MISSED means that the aim was not reached in this run. Aims are for the full size on a machine
that does nothing else; a quick run has less of everything, and a tiny one only proves that the bench runs.
"""
NUMERIC = {1, 2, 3, 4}


def section(title: str, rows: list[Row], outcome: Outcome, *, size: str) -> str:
    """One bench in Markdown."""
    lines = [f"## {title}", "", f"{outcome.size} Made on {when()}; {size} size. {machine()}. {load()}", ""]
    lines += [_line(HEADS), _line(tuple("---:" if place in NUMERIC else "---" for place in range(len(HEADS))))]
    lines += [_line(row.cells()) for row in rows]
    lines += ["", *(f"- {note}" for note in outcome.notes)] if outcome.notes else []
    return "\n".join(lines) + "\n"


def write(text: str, *, titles: list[str], page: Path = PAGE) -> None:
    """Replace the section; those of other benches stay as they are."""
    there = sections(page) | {title_of(text): text}
    known = [there[title].strip() for title in titles if title in there]
    page.write_text("\n\n".join([HEAD.strip(), *known]) + "\n", encoding="utf-8")


def sections(page: Path = PAGE) -> dict[str, str]:
    """The sections that are there, by title."""
    if not page.exists():
        return {}
    parts = re.split(r"^(?=## )", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {title_of(part): part for part in parts}


def title_of(text: str) -> str:
    """The title of a section."""
    return text.splitlines()[0].removeprefix("## ")


def works_of(text: str) -> list[str]:
    """The first cell of each row of a section's table."""
    rows = [line for line in text.splitlines() if line.startswith("| ")][2:]
    return [row.split(" | ")[0].removeprefix("| ") for row in rows]


def print_table(title: str, rows: list[Row], outcome: Outcome, *, size: str) -> None:
    """The same for a terminal."""
    print(f"\n{title}: {outcome.size}\n{when()}; {size} size. {machine()}. {load()}\n")
    cells = [HEADS, *(row.cells() for row in rows)]
    widths = [max(len(each[place]) for each in cells) for place in range(len(HEADS))]
    for each in cells:
        padded = (
            cell.rjust(width) if place in NUMERIC else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(each, widths, strict=True))
        )
        print("  ".join(padded).rstrip())
    for note in outcome.notes:
        print(f"- {note}")


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
