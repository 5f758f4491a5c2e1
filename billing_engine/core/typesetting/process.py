"""Typeset one document in a separate process: JSON on standard input, the PDF on standard output.

`typeset.py` runs this file by its path. The process sets its own limits, so that a huge document ends this process and
not a worker. It imports none of our modules.
"""

import json
import os
import resource
import sys
from datetime import UTC, date, datetime, time
from typing import Any

NICENESS = 5  # rating goes first


def main() -> int:
    """Read the job and write the PDF, or one line that says why it failed."""
    job = json.load(sys.stdin.buffer)
    _bounded(job["megabytes"] * 1024 * 1024, job["seconds"])
    import typst  # noqa: PLC0415 -- after the limits, so that they apply to it, too

    try:
        content = typeset(typst, job)
    except typst.TypstError as error:
        sys.stderr.write(error.message.splitlines()[0])
        return 1
    sys.stdout.buffer.write(content)
    return 0


def typeset(typst: Any, job: dict[str, Any]) -> bytes:
    """Return the PDF in the archive profile, or without the profile if a character is not allowed in it."""
    fonts = typst.Fonts(include_system_fonts=False, font_paths=job["folders"])
    options = {
        "format": "pdf",
        "font_paths": fonts,
        "root": job["root"],
        "ignore_system_fonts": True,
        # Data, never markup: the template reads it as JSON.
        "sys_inputs": {name: json.dumps(part, ensure_ascii=False) for name, part in job["inputs"].items()},
        "timestamp": datetime.combine(date.fromisoformat(job["made_on"]), time.min, UTC),
    }
    try:
        content: bytes = typst.compile(job["template"], pdf_standards=job["standards"], **options)
    except typst.TypstError as error:
        if not job["loose"] or not all(standard in error.message for standard in job["named"]):
            raise
        content = typst.compile(job["template"], **options)
    return content


def _bounded(memory: int, seconds: int) -> None:
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # CPU time of all threads; the caller watches the clock, but this limit holds even if the caller is killed.
    processor = seconds * (os.cpu_count() or 1)
    resource.setrlimit(resource.RLIMIT_CPU, (processor, processor))


if __name__ == "__main__":
    sys.exit(main())
