"""New rows of leads, actions and deliveries, and their encoding for COPY."""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import asdict, astuple

from leads.domain.body.decode import as_json
from leads.models import Source

_json = msgspec.json.Encoder(decimal_format="number")

# JSON lists are almost PostgreSQL's CSV: quotes and backslashes are escaped the same way, and unquoted values are null,
# numbers or booleans. So a compiled encoder writes the rows, and only control characters need to be fixed.
_MAY_BE_CONTROL = re.compile(rb"\\[bfnrtu]")
_ESCAPED = re.compile(rb'\\(?:["\\]|[bfnrt]|u[0-9a-f]{4})')
_BY_LETTER = {b"\\b": b"\b", b"\\f": b"\f", b"\\n": b"\n", b"\\r": b"\r", b"\\t": b"\t"}


class NewLead(msgspec.Struct, gc=False, kw_only=True):
    """A new lead; the members are the columns."""

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
    """A new action; the members are the columns. PostgreSQL assigns the ID, unless it is needed earlier."""

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
    """A new delivery; the members are the columns, and `counts` has one per outcome."""

    id: int = 0  # set by the lookup
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
    is_test: bool = False
    answer: bytes = b""
    lines_read: int
    lines_taken: int
    lines_blank: int
    lines_refused: int
    counts: dict[str, int] = {}
    voided: list[int] = []  # the IDs of the actions that it voided
    products_added: list[str] = []
    deed: dict[str, Any] | None = None  # unless the caller records its own

    def columns(self) -> dict[str, Any]:
        """Return the value of each column, with bytes as PostgreSQL writes bytea as text."""
        columns: dict[str, Any] = asdict(self)
        counts: dict[str, int] = columns.pop("counts")
        del columns["voided"], columns["products_added"]
        for name in ("body", "answer"):
            columns[name] = f"\\x{columns[name].hex()}"
        return columns | counts


def no_delivery(source: Source, *, received_at: datetime, number: int = 0) -> NewDelivery:
    """Return a delivery that is never stored, for those who ask what intake would decide."""
    return NewDelivery(
        id=number,
        source_id=source.pk,
        received_at=received_at,
        name="",
        content_type="",
        body=b"",
        body_size=0,
        body_sha256="",
        batch_id="",
        sent_at=None,
        idempotency_key="",
        lines_read=0,
        lines_taken=0,
        lines_blank=0,
        lines_refused=0,
    )


_COPIED = {
    form: form.__struct_fields__[: form.__struct_fields__.index("attributes") + 1] for form in (NewLead, NewAction)
}
# The last columns are JSON, which is text for COPY.
_OBJECTS = {NewLead: 2, NewAction: 1}
COPY = {
    form: f"COPY {table} ({', '.join(_COPIED[form])}) FROM STDIN (FORMAT csv, NULL 'null', ESCAPE '\\')"
    for form, table in ((NewLead, "leads_lead"), (NewAction, "leads_action"))
}


def copy_text(rows: Sequence[NewLead] | Sequence[NewAction]) -> bytes:
    """Encode rows for COPY up to their attributes; PostgreSQL assigns the ID that follows."""
    form = type(rows[0])
    end, plain = len(_COPIED[form]), len(_COPIED[form]) - _OBJECTS[form]
    lines = _json.encode_lines([(*cells[:plain], *map(as_json, cells[plain:end])) for cells in map(astuple, rows)])
    text = lines[1:-2].replace(b"]\n[", b"\n")  # strings within a row have no literal line breaks
    return _ESCAPED.sub(_as_itself, text) if _MAY_BE_CONTROL.search(text) else text


def _as_itself(escaped: re.Match[bytes]) -> bytes:
    """Unescape a control character; quotes and backslashes stay escaped."""
    found = escaped[0]
    return _BY_LETTER.get(found) or (chr(int(found[2:], 16)).encode() if found[1:2] == b"u" else found)  # noqa: FURB166 -- it has no prefix that int knows
