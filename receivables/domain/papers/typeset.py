"""Typeset a paper as a PDF; each kind has a template beside this file, with the head and foot of every letter."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from billing_engine.core.typesetting import typeset as typesetting
from invoices.domain.document.typeset import MEGABYTES, SECONDS
from receivables.models import Paper


def typeset(kind: Paper.Kind, source: Mapping[str, Any], *, seconds: int = SECONDS) -> bytes:
    """Return the PDF; raise NotTypeset. `source` is the content of a letter, with its `locale`."""
    return typesetting.typeset(
        Path(__file__).with_name(f"{kind.value}.typ"),
        {"paper": source},
        made_on=source["made_on"],
        seconds=seconds,
        megabytes=MEGABYTES,
        locale=source.get("locale", ""),
    )
