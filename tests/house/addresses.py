"""Every address of the access matrix, and a real row for each that names one."""

import re
from collections.abc import Iterator
from uuid import UUID

from django.db.models import Model

from billing_engine.reference.access_matrix import Line, lines
from tests.house.test_admin_queries import ROWS

# Values of the parts of an address, except the numbers of rows.
PARTS = {"label": "2026-10", "form": "csv", "source": "web", "action": "A-1", "app_label": "leads", "url": "nowhere/"}


def pages() -> list[Line]:
    """The matrix without the actions on a list's rows: a list offers what its page says, and so does the matrix."""
    return [line for line in lines() if " " not in line.address]


def methods(line: Line) -> list[str]:
    return ["GET", "POST"] if line.method == "any" else line.method.split()


def path(address: str, rows: dict[str, Model]) -> str:
    """The address with the number of a real row where it names one."""
    label = next(_labels(address), "")
    if label and label not in rows:
        rows[label] = ROWS[label]()
    number = str(rows[label].pk) if label else "1"
    plain = re.sub(r"\^?\(\?P<(\w+)>[^)]*\)/?\$?", lambda found: PARTS[found[1]], address)
    plain = re.sub(r"<uuid:\w+>", str(UUID(int=1)), plain)
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: PARTS.get(found[1], number), plain)


def _labels(address: str) -> Iterator[str]:
    parts = address.split("/")
    yield from (label for label in ROWS if parts[2:4] == label.lower().split("."))
