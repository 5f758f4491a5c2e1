"""Typeset a statement as a PDF."""

from pathlib import Path

from billing_engine.core.typesetting.typeset import typeset
from receivables.domain.statements.content import StatementContent

TEMPLATE = Path(__file__).with_name("statement.typ")
SECONDS, MEGABYTES = 40, 1_024


def pdf_of(content: StatementContent, *, locale: str = "") -> bytes:
    """Return the PDF; raise NotTypeset."""
    data = content.as_data()
    return typeset(
        TEMPLATE, {"paper": data}, made_on=content.made_on, seconds=SECONDS, megabytes=MEGABYTES, locale=locale
    )
