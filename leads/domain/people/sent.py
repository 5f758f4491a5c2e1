"""The items of a raw body that are about a person."""

import csv
import io
from collections.abc import Collection, Iterator
from typing import Any

from billing_engine.core.errors import Refused
from leads.domain.body.decode import as_json
from leads.domain.body.parse import read_parcel
from leads.domain.faults import Malformed
from leads.domain.identity import external_id
from leads.domain.people.person import Person


def sent_about(person: Person, body: bytes, content_type: str, *, leads: Collection[str]) -> list[Any]:
    """Return the items, or rows, of a body that name the person or one of the person's leads."""
    if content_type.partition(";")[0].strip().lower() == "text/csv":
        return list(_rows(person, body.decode(errors="replace"), leads))
    try:
        items = [placed.item for placed in read_parcel(body, content_type).items]
    except Refused:
        return []
    found = [item.content if isinstance(item, Malformed) else item for item in items]
    return [item for item in found if _is_about(item, person, leads)]


def _is_about(item: Any, person: Person, leads: Collection[str]) -> bool:
    if isinstance(item, dict) and external_id(item.get("id") or "") in leads:
        return True
    contacts = person.contacts()
    return contacts is not None and contacts.search(item if isinstance(item, str) else as_json(item)) is not None


def _rows(person: Person, text: str, leads: Collection[str]) -> Iterator[dict[str, str]]:
    contacts = person.contacts()
    lines = text.removeprefix("\ufeff").splitlines()
    separator = max(",;\t|", key=lines[0].count) if lines else ","
    for row in csv.DictReader(io.StringIO("\n".join(lines)), delimiter=separator):
        cells = [cell for cell in row.values() if isinstance(cell, str)]
        if any(external_id(cell) in leads or (contacts and contacts.search(cell)) for cell in cells):
            yield {name: cell for name, cell in row.items() if name and cell}
