"""Rows of leads, actions and deliveries on their way into the tables, and how COPY reads them."""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import asdict, astuple

from leads.domain.body.decode import as_json

_json = msgspec.json.Encoder(decimal_format="number")

# JSON's lists are almost PostgreSQL's CSV: quotes and backslashes are escaped alike, what is not quoted is null, a number
# or a truth value. So a compiled encoder writes the rows; only control characters have to be put right.
_MAY_BE_CONTROL = re.compile(rb"\\[bfnrtu]")
_ESCAPED = re.compile(rb'\\(?:["\\]|[bfnrt]|u[0-9a-f]{4})')
_BY_LETTER = {b"\\b": b"\b", b"\\f": b"\f", b"\\n": b"\n", b"\\r": b"\r", b"\\t": b"\t"}


class NewLead(msgspec.Struct, gc=False, kw_only=True):
    """A row of leads: the members are the columns."""

    id: int
    source_id: int
    delivery_id: int
    received_at: datetime
    external_id: str
    product_id: int
    name: str
    email: str
    person_key: str
    phone: str
    firm: str
    country: str
    region: str
    campaign: str
    is_test: bool
    occurred_at: datetime | None
    consent: dict[str, Any]
    attributes: dict[str, Any]


class NewAction(msgspec.Struct, gc=False, kw_only=True):
    """A row of actions: the members are the columns. PostgreSQL numbers it, unless its number is needed before."""

    lead_id: int
    external_id: str
    action_type_id: int
    period_id: int
    delivery_id: int
    occurred_at: datetime
    quantity: Decimal
    value: Decimal | None
    void_reason: str
    attributes: dict[str, Any]
    id: int | None = None


class NewDelivery(msgspec.Struct, gc=False, kw_only=True):
    """A row of deliveries: the members are the columns, `counts` holds one for each outcome."""

    id: int = 0  # from the look-up on
    source_id: int
    received_at: datetime
    name: str
    content_type: str
    body: bytes
    body_size: int
    body_sha256: str
    batch_id: str
    sent_at: datetime | None
    idempotency_key: str
    answer: bytes = b""
    lines_read: int
    lines_taken: int
    lines_blank: int
    lines_refused: int
    counts: dict[str, int] = {}

    def columns(self) -> dict[str, Any]:
        """What each column holds; bytes as PostgreSQL writes them in text."""
        columns: dict[str, Any] = asdict(self)
        counts: dict[str, int] = columns.pop("counts")
        for name in ("body", "answer"):
            columns[name] = f"\\x{columns[name].hex()}"
        return columns | counts


_COPIED = {
    form: form.__struct_fields__[: form.__struct_fields__.index("attributes") + 1] for form in (NewLead, NewAction)
}
# The last ones are JSON, which is text to COPY.
_OBJECTS = {NewLead: 2, NewAction: 1}
COPY = {
    form: f"COPY {table} ({', '.join(_COPIED[form])}) FROM STDIN (FORMAT csv, NULL 'null', ESCAPE '\\')"
    for form, table in ((NewLead, "leads_lead"), (NewAction, "leads_action"))
}


def copy_text(rows: Sequence[NewLead] | Sequence[NewAction]) -> bytes:
    """The rows as the text that COPY reads, up to their attributes: a number that comes after is PostgreSQL's to give."""
    form = type(rows[0])
    end, plain = len(_COPIED[form]), len(_COPIED[form]) - _OBJECTS[form]
    lines = _json.encode_lines([(*cells[:plain], *map(as_json, cells[plain:end])) for cells in map(astuple, rows)])
    text = lines[1:-2].replace(b"]\n[", b"\n")  # no text within a row has a line end as such
    return _ESCAPED.sub(_as_itself, text) if _MAY_BE_CONTROL.search(text) else text


def _as_itself(escaped: re.Match[bytes]) -> bytes:
    """A control character as it is; quotes and backslashes stay escaped."""
    found = escaped[0]
    return _BY_LETTER.get(found) or (chr(int(found[2:], 16)).encode() if found[1:2] == b"u" else found)  # noqa: FURB166 -- it has no prefix that int knows
