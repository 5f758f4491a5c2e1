"""Typeset a template and its data as a PDF, in a separate process (`process.py`) with limited time and memory."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from billing_engine.core.errors import Refused
from billing_engine.core.fonts import ARCHIVABLE, families, folders, han_of

PROCESS = Path(__file__).with_name("process.py")
ROOT = Path(__file__).parents[3]  # templates import `/billing_engine/core/typesetting/letter.typ`
OUT_OF_MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Archive:
    """A profile for archives; if it is `loose`, a document with characters that it forbids is made without it."""

    standards: tuple[str, ...]
    names: tuple[str, ...]
    loose: bool


USUAL = Archive(ARCHIVABLE, ("PDF/A-2a",), loose=True)
WITH_FILES = Archive(("a-3b",), ("PDF/A-3b",), loose=False)  # for files inside, such as the data of an invoice


class NotTypeset(Refused):
    """The document took too long or too much memory, or the typesetter refused it."""

    code = "not_typeset"


def typeset(
    template: Path,
    inputs: Mapping[str, Any],
    *,
    made_on: date | str,
    seconds: int,
    megabytes: int,
    locale: str = "",
    archive: Archive = USUAL,
) -> bytes:
    """Return the PDF: tagged, archivable (PDF/A-2a and PDF/UA-1 as a rule), the same bytes for the same data everywhere.

    The template reads each of the inputs, and the names of the fonts as `fonts`, as JSON. Raises NotTypeset.
    """
    han = han_of(json.dumps(inputs, ensure_ascii=False), locale)
    job = {
        "template": str(template),
        "root": str(ROOT),
        "folders": folders(),
        "standards": archive.standards,
        "named": archive.names,
        "loose": archive.loose,
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
