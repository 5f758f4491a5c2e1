"""Ready-made mappings, one per kind of sender; a source's own mapping takes the place of one."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from leads.domain.mapping.language.converter import Converter
from leads.domain.mapping.language.read import read_document

HERE = Path(__file__).resolve().parent


def ready_made_document(kind: str) -> Any:
    """Return the mapping of a kind of sender as it is written, to be copied and changed."""
    return json.loads((HERE / f"{kind}.json").read_text(encoding="utf-8"))


@cache
def ready_made(kind: str) -> Converter:
    """Return the mapping of a kind of sender, compiled once."""
    return Converter([read_document(ready_made_document(kind))])
