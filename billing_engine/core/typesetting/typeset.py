"""Typeset a template and its data as a PDF, in a separate process (`process.py`) with limited time and memory."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from billing_engine.core.errors import Refused
from billing_engine.core.fonts import ARCHIVABLE, families, folders, han_of

PROCESS = Path(__file__).with_name("process.py")
ROOT = Path(__file__).parents[3]  # templates import `/billing_engine/core/typesetting/letter.typ`
STANDARDS_IN_WORDS = ("PDF/A-2a",)
OUT_OF_MEMORY = "memory"


class NotTypeset(Refused):
    """The document took too long or too much memory, or the typesetter refused it."""

    code = "not_typeset"


def typeset(
    template: Path, inputs: Mapping[str, Any], *, made_on: date | str, seconds: int, megabytes: int, locale: str = ""
) -> bytes:
    """Return the PDF: tagged, archivable (PDF/A-2a, PDF/UA-1), the same bytes for the same data everywhere.

    The template reads each of the inputs, and the names of the fonts as `fonts`, as JSON. Raises NotTypeset.
    """
    han = han_of(json.dumps(inputs, ensure_ascii=False), locale)
    job = {
        "template": str(template),
        "root": str(ROOT),
        "folders": folders(),
        "standards": ARCHIVABLE,
        "named": STANDARDS_IN_WORDS,
        "inputs": {**inputs, "fonts": families(han)},
        "made_on": str(made_on),
        "megabytes": megabytes,
        "seconds": seconds,
    }
    try:
        done = subprocess.run(  # noqa: S603 -- our own program, no shell
            [sys.executable, "-I", str(PROCESS)],
            input=json.dumps(job, ensure_ascii=False).encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
            env={"LANG": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        raise NotTypeset(f"Making it takes longer than {seconds} seconds.") from None
    if done.returncode:
        raise NotTypeset(_why(done, megabytes))
    return done.stdout


def _why(done: "subprocess.CompletedProcess[bytes]", megabytes: int) -> str:
    output = done.stderr.decode(errors="replace").strip()
    if OUT_OF_MEMORY in output.lower():
        return f"Making it takes more than {megabytes:,} MB of memory."
    if done.returncode < 0:
        return f"The typesetter was stopped by signal {-done.returncode}."
    return f"The typesetter reported: {output.splitlines()[-1] if output else 'nothing'}"[:1_000]
