"""Collect warnings about a readable file; each kind names only its first few lines."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from leads.domain.body.parcel import Placed
from leads.domain.files.rows import Row

NAMED = 5

_SPOILED = re.compile(r"[+-]?\d(?:\.\d+)?E\+\d+", re.IGNORECASE)
_IDS = "the ID looks like a number shortened by a spreadsheet (1.00123E+14), so several IDs may have become one"
_WITHIN = "a quoted field contains lines that look like rows; it is in quarantine"


class Notices:
    """The warnings about one file, collected while it is read."""

    def __init__(self) -> None:
        self.separated_by = ""
        self._lines: dict[str, list[int]] = defaultdict(list)
        self._counts: dict[str, int] = defaultdict(int)

    def check_row(self, row: Row, found: Sequence[Placed]) -> None:
        """Note what is unusual about a row and the leads that it gave."""
        if row.within:
            self._note(_WITHIN, row.line)
        if any(_is_spoiled(id_) for placed in found if isinstance(placed.item, dict) for id_ in _ids(placed.item)):
            self._note(_IDS, row.line)

    def in_words(self) -> list[str]:
        """Return the warnings, such as: Lines 7, 9 and 12 more: …"""
        return [f"{_which(self._lines[words], count)}: {words}." for words, count in self._counts.items()]

    def _note(self, words: str, line: int) -> None:
        self._counts[words] += 1
        if len(self._lines[words]) < NAMED:
            self._lines[words].append(line)


def _ids(lead: dict[str, Any]) -> list[Any]:
    given = lead.get("actions")
    actions = given if isinstance(given, list) else []
    return [each.get("id") for each in (lead, *actions) if isinstance(each, dict)]


def _is_spoiled(given: Any) -> bool:
    return isinstance(given, str) and _SPOILED.fullmatch(given) is not None


def _which(named: list[int], count: int) -> str:
    told = ", ".join(f"{line:,}" for line in named)
    more = f" and {count - len(named):,} more" if count > len(named) else ""
    return f"{'Line' if count == 1 else 'Lines'} {told}{more}"
