"""The content of a body: its items with their places, and the data of its envelope."""

from datetime import datetime
from typing import Any, NamedTuple


class Placed(NamedTuple):
    """An item and its place in the body: a JSON pointer, or `/17` for line 17 of NDJSON or CSV."""

    pointer: str
    item: Any


class Lines(NamedTuple):
    """The counts of some lines of a file: read = taken + blank + refused."""

    read: int = 0
    taken: int = 0  # lines of rows that became leads
    blank: int = 0
    refused: int = 0  # lines of rows that can't be read

    def plus(self, other: "Lines") -> "Lines":
        return Lines(*map(sum, zip(self, other, strict=True)))


class Parcel(NamedTuple):
    """The items of a body, and the data of its envelope."""

    items: list[Placed]
    batch_id: str = ""
    sent_at: datetime | None = None
    lines: Lines = Lines()
    plain: bool | None = None  # whether no string needs a closer look; None if not known yet

    def mark_as_test(self) -> None:
        """Make every lead a test, whatever it says; in quarantine it says so too, unless it could not be read."""
        for _, item in self.items:
            if isinstance(item, dict):
                item["is_test"] = True
