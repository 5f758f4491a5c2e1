"""What the page of an import shows: counts that add up, faults by kind, and the first rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from billing_engine.core.admin_kit.cells import address_of
from leads.domain.access.contacts import HIDDEN
from leads.domain.imports.mappings import in_force, what_fills_what
from leads.domain.mapping.language.read import read_document
from leads.models import FileImport
from leads.models.delivery import OUTCOMES

SHOWN_CELL = 80  # characters
KINDS = ("leads", "actions")


def report(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the counts by outcome, the lines, and the faults by kind."""
    if not told:
        return {}
    counts = told.get("counts", {})
    there = [name for name in OUTCOMES if any(counts.get(f"{kind}_{name}") for kind in KINDS) or name == "created"]
    rows = [
        (kind.title(), counts.get(f"{kind}_received", 0), [counts.get(f"{kind}_{name}", 0) for name in there])
        for kind in KINDS
    ]
    read, taken, blank, refused = told.get("lines") or (0, 0, 0, 0)
    return {
        "outcomes": there,
        "rows": rows,
        "lines": {"lines_read": read, "lines_taken": taken, "lines_blank": blank, "lines_refused": refused},
        "faults": [_fault(each) for each in told.get("faults", ())],
        "faulty": sum(each["count"] for each in told.get("faults", ())),
        "notices": told.get("notices", ()),
        "undone": told.get("undone"),
    }


def _fault(each: Mapping[str, Any]) -> dict[str, Any]:
    places: Sequence[str] = each["places"]
    more = each["count"] - len(places)
    told = ", ".join(f"{int(place):,}" if place.isdecimal() else place for place in places)
    return {**each, "field": each["field"].strip("/").replace("/", " › "), "where": told, "more": max(0, more)}


def first_rows(item: FileImport, *, may_see: bool, plain: frozenset[str]) -> dict[str, Any]:
    """Return the first rows; who may not see contact data sees only the columns that have none."""
    found = item.found
    columns: list[str] = found.get("columns", [])
    rows = [
        (
            line,
            [
                _cell(cell) if may_see or name in plain else HIDDEN if cell else ""
                for name, cell in zip(columns, cells, strict=False)
            ],
        )
        for line, cells in found.get("rows", ())
    ]
    return {"columns": columns, "rows": rows, "is_hidden": not may_see and bool(rows)}


def _cell(cell: str) -> str:
    return cell if len(cell) <= SHOWN_CELL else f"{cell[:SHOWN_CELL]}…"


def shown_mappings(item: FileImport) -> list[dict[str, Any]]:
    """Return the source's mappings for files, with what fills what."""
    return [
        {
            "name": each.mapping.name,
            "revision": each.number,
            "fields": what_fills_what(read_document(each.document)),
            "address": address_of(each.mapping),
        }
        for each in in_force(item.source)
    ]
