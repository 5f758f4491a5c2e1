"""What a body holds: its items, each with its place, and what its envelope says of all of them."""

from datetime import datetime
from typing import Any, NamedTuple


class Placed(NamedTuple):
    """An item and where in the body it stands: a JSON pointer; `/17` for line 17 of NDJSON or CSV."""

    pointer: str
    item: Any


class Lines(NamedTuple):
    """How some lines of a file were counted: read = taken + blank + refused."""

    read: int = 0
    taken: int = 0  # of rows that became leads
    blank: int = 0
    refused: int = 0  # of rows that cannot be read

    def and_(self, other: "Lines") -> "Lines":
        return Lines(*map(sum, zip(self, other, strict=True)))


class Parcel(NamedTuple):
    """What a body holds: its items, and what its envelope says of them."""

    items: list[Placed]
    batch_id: str = ""
    sent_at: datetime | None = None
    lines: Lines = Lines()
    plain: bool | None = None  # whether no text in it needs a closer look; None where that is not known yet
