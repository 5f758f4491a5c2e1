"""Records that a person pastes to try a mapping: JSON, one object per line, or the header and rows of a table."""

import csv
import io

from billing_engine.core.errors import Refused
from leads.domain.body.parcel import Placed
from leads.domain.body.parse import read_lines, read_parcel

BYTES = 500_000
RECORDS = 200
SEPARATORS = ",;\t|"


class SampleNotReadable(Refused):
    """The pasted text is neither JSON nor a table."""

    code = "sample_not_readable"


def read_sample(text: str) -> list[Placed]:
    """Read the first records of a pasted text, each with its place. Raises SampleNotReadable."""
    body = text.strip().encode()
    if len(body) > BYTES:
        raise SampleNotReadable(f"A sample has at most {BYTES:,} bytes. Paste fewer records.")
    if not body:
        return []
    if body[:1] not in (b"{", b"["):
        return _table(text.strip())[:RECORDS]
    try:
        return read_parcel(body).items[:RECORDS]
    except Refused as error:
        lines = [line for line in body.split(b"\n") if line.strip()]
        if len(lines) == 1 or not lines[1].lstrip().startswith(b"{"):
            raise SampleNotReadable(str(error)) from error
        return read_lines(body)[:RECORDS]


def _table(text: str) -> list[Placed]:
    separator = max(SEPARATORS, key=text.partition("\n")[0].count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True) if any(row)]
    except csv.Error as error:
        raise SampleNotReadable(f"The table can't be read: {error}.") from error
    header, *others = ([name.strip() for name in rows[0]], *rows[1:])
    if len(set(header)) < len(header):
        raise SampleNotReadable("Two columns have the same name.")
    for number, row in enumerate(others, start=2):
        if len(row) != len(header):
            raise SampleNotReadable(f"Row {number} has {len(row)} fields, but the header has {len(header)}.")
    return [Placed(f"/{number}", dict(zip(header, row, strict=True))) for number, row in enumerate(others, start=2)]
