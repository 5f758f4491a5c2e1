"""A converter that keeps the columns of a table as attributes, to see what was read."""

import json
from typing import Any

from leads.domain.mapping.language.converter import Converter
from leads.domain.mapping.language.read import read_document


def by_columns(*names: str) -> Converter:
    fields = {f"attributes.c{place}": json.dumps(name) for place, name in enumerate(names)}
    return Converter([read_document({"fields": {"id": {"constant": "L"}} | fields})])


def cells(item: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return what the columns of a lead were; a blank one is left out."""
    kept = item.get("attributes", {})
    return {name: kept[f"c{place}"] for place, name in enumerate(names) if f"c{place}" in kept}
