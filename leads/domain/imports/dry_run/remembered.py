"""What the earlier parts of a file would have stored, on disk: exact and in flat memory, however long the file is."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

Key = tuple[int, str]  # a lead's, a customer's or no ID, and the external ID or SKU
Stored = TypeVar("Stored")

# Nothing has to survive: when the process ends, so does the file, which has no name.
SETTINGS = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000"  # 8 MB
TABLE = """
    CREATE TABLE remembered (kind TEXT, owner INTEGER, name TEXT, stored BLOB, PRIMARY KEY (kind, name, owner))
    WITHOUT ROWID
"""
FIND = "SELECT stored FROM remembered WHERE kind = ? AND owner = ? AND name = ?"
ADD = "INSERT OR REPLACE INTO remembered (kind, owner, name, stored) VALUES (?, ?, ?, ?)"


class OnDisk:
    """A file for what is remembered, deleted with the last reference to it."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("")  # without a name: a temporary file
        self._file.executescript(SETTINGS)
        self._file.execute(TABLE)

    def find(self, kind: str, key: Key) -> bytes | None:
        row = self._file.execute(FIND, (kind, *key)).fetchone()
        return row[0] if row else None

    def add(self, kind: str, rows: Iterable[tuple[Key, bytes]]) -> None:
        self._file.executemany(ADD, ((kind, *key, stored) for key, stored in rows))


class Remembered(Generic[Stored]):
    """One kind of what is remembered, such as the leads by their ID."""

    def __init__(self, on_disk: OnDisk, kind: str, of: Any) -> None:
        self._on_disk, self._kind = on_disk, kind
        self._encoder, self._decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(of)

    def find(self, keys: Iterable[Key]) -> dict[Key, Stored]:
        """Return those of the keys that are there."""
        found = ((key, self._on_disk.find(self._kind, key)) for key in dict.fromkeys(keys))
        return {key: self._decoder.decode(stored) for key, stored in found if stored is not None}

    def add(self, rows: Mapping[Key, Stored]) -> None:
        """Remember these; each replaces what was there under its key."""
        self._on_disk.add(self._kind, ((key, self._encoder.encode(row)) for key, row in rows.items()))
