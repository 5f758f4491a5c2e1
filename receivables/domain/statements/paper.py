"""Typeset a statement as a PDF."""

from typing import Any

from receivables.domain.papers.typeset import typeset
from receivables.domain.statements.content import StatementContent
from receivables.models import Paper

SECONDS = 40


def source_of(content: StatementContent, *, locale: str = "") -> dict[str, Any]:
    """Return all that the paper says, as plain data."""
    return content.as_data() | {"locale": locale}


def pdf_of(content: StatementContent, *, locale: str = "") -> bytes:
    """Return the PDF; raise NotTypeset."""
    return typeset(Paper.Kind.STATEMENT, source_of(content, locale=locale), seconds=SECONDS)
