"""Typesets one document in a process of its own: JSON on standard input, the PDF on standard output.

Run by its path (see `typeset.py`) with limits that it sets itself, so that a document of a size nobody thought of takes
this process with it and no worker. It imports nothing of ours.
"""

import json
import os
import resource
import sys
from datetime import UTC, date, datetime, time
from typing import Any

POLITENESS = 5  # rating goes first


def main() -> int:
    """Read the order, write the PDF; or say in one line why there is none."""
    order = json.load(sys.stdin.buffer)
    _bounded(order["megabytes"] * 1024 * 1024, order["seconds"])
    import typst  # noqa: PLC0415 -- after the limits: they hold for what it allocates, too

    try:
        content = typeset(typst, order)
    except typst.TypstError as error:
        sys.stderr.write(error.message.splitlines()[0])
        return 1
    sys.stdout.buffer.write(content)
    return 0


def typeset(typst: Any, order: dict[str, Any]) -> bytes:
    """The PDF by the archive profile; a character that it does not allow costs the profile, never the document."""
    fonts = typst.Fonts(include_system_fonts=False, font_paths=order["folders"])
    facts = {
        "format": "pdf",
        "font_paths": fonts,
        "ignore_system_fonts": True,
        # Data, never markup: the template reads it as JSON.
        "sys_inputs": {name: json.dumps(part, ensure_ascii=False) for name, part in order["inputs"].items()},
        "timestamp": datetime.combine(date.fromisoformat(order["made_on"]), time.min, UTC),
    }
    try:
        content: bytes = typst.compile(order["template"], pdf_standards=order["standards"], **facts)
    except typst.TypstError as error:
        if not all(standard in error.message for standard in order["named"]):
            raise
        content = typst.compile(order["template"], **facts)
    return content


def _bounded(memory: int, seconds: int) -> None:
    os.nice(POLITENESS)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # Of all its threads together; the clock on the wall is the caller's to watch, and this outlives a killed caller.
    processor = seconds * (os.cpu_count() or 1)
    resource.setrlimit(resource.RLIMIT_CPU, (processor, processor))


if __name__ == "__main__":
    sys.exit(main())
