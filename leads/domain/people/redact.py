"""Redact a person in what was received: at the contact's places, and wherever else an address or number stands.

Everything else stays byte for byte: other leads, numbers as they were written, line endings, unreadable parts.
"""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from functools import cached_property
from typing import Any

from billing_engine.core.errors import Refused
from leads.domain.body.parse import is_lines
from leads.domain.files.header import Header, guess_header, read_header
from leads.domain.files.lines import LineReader
from leads.domain.files.rows import Row, Rows
from leads.domain.identity import external_id
from leads.domain.mapping.language.converter import Converter
from leads.domain.people.leaves import Leaf, NotJson, Path, leaves, replaced
from leads.domain.people.person import ERASED, Person

KEPT_OF_A_CONTACT = ("country", "region")  # which identify no person
OWN_MEMBERS = frozenset(("id", "product", "channel", "campaign", "occurred_at", "is_test", "actions", "contact"))
HEAD_LINES = 50  # in which the header of a table is looked for
TABLE = "text/csv"
ANY_BYTES = "surrogateescape"  # bytes that are not UTF-8 come back as they were
LONGEST_CONTACT = 254
_NO_CELL = ("", ERASED)


@dataclass(frozen=True)
class Redactor:
    """Redacts one person in the data of one source, whose mappings tell which columns are the contact's.

    `leads` are the source's IDs of the person's leads.
    """

    person: Person
    leads: Collection[str] = ()
    converter: Converter | None = None
    email: str = ERASED  # what takes the place of a contact's email address

    def body(self, body: bytes, content_type: str) -> bytes:
        """Return the body without the person; the same bytes if the person isn't in it."""
        kind, encoding = _told(content_type)
        text = body.decode(encoding if kind == TABLE else "utf-8", ANY_BYTES)
        if not self._may_name(text):
            return body
        if kind == TABLE:
            return self._table(body, encoding)
        if is_lines(content_type):
            found = "\n".join(self.text_of_item(line) if line.strip() else line for line in text.split("\n"))
        else:
            found = self._document(text)
        return found.encode(errors=ANY_BYTES)

    def _may_name(self, text: str) -> bool:
        """Whether the person may be in it: most bodies are done with after one search.

        Escapes and other alphabets can spell an address differently, so such a body is read value by value.
        """
        if not text.isascii() or "\\u" in text:
            return True
        return (self._contacts is not None and self._contacts.search(text) is not None) or any(
            name in text for name in self.leads
        )

    def content(self, content: Any) -> Any:
        """Return the content of a quarantined item without the person, who is known to be in it."""
        text = json.dumps(content, ensure_ascii=False)
        return json.loads(self._redacted(text, {(): leaves(text)}, is_own=True))

    def text_of_item(self, text: str) -> str:
        """Redact one item, such as a line."""
        try:
            found = leaves(text)
        except NotJson:
            return self._unreadable(text)
        return self._redacted(text, {(): found})

    def words(self, text: str) -> str:
        """Redact text that is about the person: names too."""
        return self._in_text(text, is_own=True)

    def _document(self, text: str) -> str:
        try:
            found = leaves(text.removeprefix("\ufeff"))
        except NotJson:
            return self._unreadable(text)
        items = defaultdict[Path, list[Leaf]](list)
        for leaf in found:
            items[_root(leaf.path)].append(leaf)
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        return mark + self._redacted(text.removeprefix("\ufeff"), items)

    def _unreadable(self, text: str) -> str:
        """Redact text in which no places can be told: what has the person's address or number may have the name, too."""
        is_own = self._contacts is not None and self._contacts.search(text) is not None
        return self._in_text(text, is_own=is_own)

    def _redacted(self, text: str, items: Mapping[Path, list[Leaf]], *, is_own: bool = False) -> str:
        changes = list[tuple[Leaf, str]]()
        for root, item in items.items():
            of_person = is_own or self._is_of_person(item, len(root))
            for leaf in item:
                instead = self._instead(leaf, leaf.path[len(root) :], is_own=of_person)
                if instead is not None:
                    changes.append((leaf, instead))
        return replaced(text, changes)

    def _is_of_person(self, item: list[Leaf], depth: int) -> bool:
        ids = {external_id(leaf.value) for leaf in item if leaf.path[depth:] == ("id",)}
        if self.leads and not ids.isdisjoint(self.leads):
            return True
        return any(isinstance(leaf.value, str) and self._finds(leaf.value) for leaf in item)

    def _finds(self, value: str) -> bool:
        found = self._contacts
        return (found is not None and found.search(value) is not None) or (
            len(value) <= LONGEST_CONTACT and self.person.is_named(value)
        )

    def _instead(self, leaf: Leaf, path: Path, *, is_own: bool) -> str | None:
        """Return what takes the place of a leaf; None if it stays."""
        if leaf.value in ("", "null", "true", "false", ERASED) or path[-1:] == ("id",):
            return None
        if is_own and _is_contact(path):
            return json.dumps(self.email if path == ("contact", "email") and self.email else ERASED)
        if is_own and self._is_unmapped(path):
            return json.dumps(ERASED)
        words = self._in_text(str(leaf.value), is_own=is_own)
        return None if words == str(leaf.value) else json.dumps(words, ensure_ascii=False)

    def _is_unmapped(self, path: Path) -> bool:
        """Whether a member of a record in the source's own form is the contact's, or used for nothing."""
        return (
            self.converter is not None and bool(path) and isinstance(path[0], str) and path[0] not in self._kept_columns
        )

    @cached_property
    def _contacts(self) -> Any:
        return self.person.contacts()

    @cached_property
    def _words(self) -> Any:
        return self.person.words()

    @cached_property
    def _kept_columns(self) -> frozenset[str]:
        """The columns that the mapping uses for anything but the person, and the members of our own form."""
        documents = self.converter.documents if self.converter else ()
        return OWN_MEMBERS.union(*(document.without_person().columns() for document in documents))

    def _in_text(self, text: str, *, is_own: bool) -> str:
        found = self._words if is_own else self._contacts
        return found.sub(ERASED, text) if found is not None else text

    # --- Tables -----------------------------------------------------------------------------------------

    def _table(self, body: bytes, encoding: str) -> bytes:
        reader = LineReader(io.BytesIO(body))
        try:
            header = self._header(reader, body, encoding)
        except Refused:
            return self._in_text(body.decode(encoding, ANY_BYTES), is_own=False).encode(encoding, ANY_BYTES)
        width, below = len(header.names), len(header.lines)
        rows = Rows(reader, separator=header.separator, width=width, below=below, encoding=encoding)
        parts = [b"".join(header.lines)]
        parts += (self._row(row, header, encoding) for row in rows)
        return b"".join(parts)

    def _header(self, reader: LineReader, body: bytes, encoding: str) -> Header:
        """Find the header as the import did. Raises FileNotReadable."""
        converter = self.converter or Converter(())
        head = body.decode(encoding, ANY_BYTES).splitlines(keepends=True)[:HEAD_LINES]
        line, separator = guess_header(head, converter)
        return read_header(
            reader, line=line, separator=separator, encoding=encoding, converter=converter, file_name="body"
        )

    def _row(self, row: Row, header: Header, encoding: str) -> bytes:
        raw = b"".join(row.lines)
        is_own = any(self._finds(cell) or external_id(cell) in self.leads for cell in row.fields)
        if row.why or len(row.fields) != len(header.names) or not is_own:
            return self._in_text(raw.decode(encoding, ANY_BYTES), is_own=is_own).encode(encoding, ANY_BYTES)
        cells = list(self._cells(row.fields, header.names))
        out = io.StringIO()
        csv.writer(out, delimiter=header.separator, lineterminator="").writerow(cells)
        ending = raw[len(raw.rstrip(b"\r\n")) :]
        return out.getvalue().encode(encoding, ANY_BYTES) + ending

    def _cells(self, cells: list[str], names: list[str]) -> Iterator[str]:
        for cell, name in zip(cells, names, strict=True):
            if cell in _NO_CELL or name in self._kept_columns:
                yield self._in_text(cell, is_own=True) if external_id(cell) not in self.leads else cell
            else:
                yield ERASED


def _told(content_type: str) -> tuple[str, str]:
    """Return the kind of a body and its encoding, which is UTF-8 unless the import found another."""
    message = Message()
    message["Content-Type"] = content_type
    return message.get_content_type(), message.get_content_charset("utf-8")


def _root(path: Path) -> Path:
    """Return the path of the item that a leaf of a document belongs to: a lead, one of a list, or one of an envelope."""
    if path and isinstance(path[0], int):
        return path[:1]
    if len(path) > 1 and path[0] == "leads" and isinstance(path[1], int):
        return path[:2]
    return ()


def _is_contact(path: Path) -> bool:
    """Whether a leaf of a lead in our own form holds contact data."""
    if path[:1] == ("contact",):
        return path[-1] not in KEPT_OF_A_CONTACT
    is_of_action = len(path) > 3 and path[0] == "actions" and path[2] == "attributes"
    return path[:1] in (("consent",), ("attributes",)) or is_of_action
