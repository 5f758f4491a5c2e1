"""A paper becomes a PDF: tagged, archivable (PDF/A-2a, PDF/UA-1), the same bytes for the same paper everywhere.

It is set by another process (`typeset_process.py`), whose time and memory are bounded.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from billing_engine.core.errors import Refused
from invoices.domain.document.annex import Annex, annex_of
from invoices.domain.document.content import Paper, paper_of
from invoices.domain.document.fonts import ARCHIVABLE, families, folders, han_of
from invoices.models import Invoice

HERE = Path(__file__)
TEMPLATE, TYPESETTER = HERE.with_name("invoice.typ"), HERE.with_name("typeset_process.py")
SECONDS, SECONDS_ON_A_PAGE = 300, 40  # of 12,000 lines it takes ten; a page's server gives up after 60
MEGABYTES = 2_048  # of 12,000 lines it takes 1,300
STANDARDS_IN_WORDS = ("PDF/A-2a",)
OUT_OF_MEMORY = "memory"


class NotTypeset(Refused):
    """A document that takes too long, or too much memory, or that the typesetter refuses."""

    code = "not_typeset"


def preview(invoice: Invoice) -> bytes:
    """The PDF of an invoice as it stands now; nothing is stored. Raises NotTypeset."""
    return typeset(source_of(invoice), seconds=SECONDS_ON_A_PAGE)


def render(paper: Paper, annex: Annex | None = None) -> bytes:
    """The paper as a PDF, with its annex. Raises NotTypeset."""
    return typeset(_source(paper, annex))


def source_of(invoice: Invoice, *, as_issued: bool = False) -> dict[str, Any]:
    """All that the invoice's document says, as plain data; of a void one, if asked for, as it was before."""
    paper = paper_of(invoice, as_issued=as_issued)
    return _source(paper, annex_of(invoice), locale=invoice.bill_to.get("locale", invoice.customer.locale))


def _source(paper: Paper, annex: Annex | None, *, locale: str = "") -> dict[str, Any]:
    return {"paper": paper.as_data(), "annex": annex and annex.as_data(), "locale": locale}


def typeset(source: dict[str, Any], *, seconds: int = SECONDS, megabytes: int = MEGABYTES) -> bytes:
    """The document of a source. Raises NotTypeset, with the reason in words."""
    han = han_of(json.dumps(source, ensure_ascii=False), source["locale"])
    order = {
        "template": str(TEMPLATE),
        "folders": folders(),
        "standards": ARCHIVABLE,
        "named": STANDARDS_IN_WORDS,
        "inputs": {"paper": source["paper"], "annex": source["annex"], "fonts": families(han)},
        "made_on": source["paper"]["made_on"],
        "megabytes": megabytes,
        "seconds": seconds,
    }
    try:
        done = subprocess.run(  # noqa: S603 -- our own program, no shell
            [sys.executable, "-I", str(TYPESETTER)],
            input=json.dumps(order, ensure_ascii=False).encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
            env={"LANG": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        raise NotTypeset(f"It takes longer than {seconds} seconds to make.") from None
    if done.returncode:
        raise NotTypeset(_why(done, megabytes))
    return done.stdout


def _why(done: "subprocess.CompletedProcess[bytes]", megabytes: int) -> str:
    said = done.stderr.decode(errors="replace").strip()
    if OUT_OF_MEMORY in said.lower():
        return f"It takes more than {megabytes:,} MB of memory to make."
    if done.returncode < 0:
        return f"The typesetter was ended by signal {-done.returncode}."
    return f"The typesetter says: {said.splitlines()[-1] if said else 'nothing'}"[:1_000]
