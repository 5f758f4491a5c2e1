"""What readers read: small real files of each kind, and how each reader reads bytes."""

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from leads.domain.body.parse import JSON, NDJSON, open_parcel
from leads.domain.files.look.look import look
from leads.domain.files.parts import LeadsFile
from leads.domain.mapping.sample import read_sample
from tests.house.tree import ROOT
from tests.leads.files.converters import by_columns
from tests.leads.files.old_workbooks import as_ods, as_xls, as_xlsb
from tests.leads.files.workbooks import of_rows

COLUMNS = ("Id", "Name", "When", "n")
ROWS = [list(COLUMNS), ["1", "Ähm, so", "2026-10-31", 2.5], ["2", 'a "b"', "31.10.2026", 7]]
SEPARATED = "\n".join(";".join(str(cell) for cell in row) for row in ROWS) + "\n"
RECORDS = [dict(zip(COLUMNS, row, strict=True)) for row in ROWS[1:]]
LEADS = [{"id": "L-1", "product": {"sku": "T"}, "actions": [{"id": 1, "type": "x", "quantity": 1.5}]}]
LINES = "\n".join(json.dumps(record) for record in RECORDS)


def _xlsx() -> bytes:
    with TemporaryDirectory() as folder:
        return of_rows(Path(folder, "x.xlsx"), ROWS).read_bytes()


def _examples(kind: str) -> list[bytes]:
    """The examples of the guide that are files of this kind."""
    pages = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs" / "sources").glob("*.md"))]
    blocks = [part.partition("\n") for page in pages for part in page.split("\n```")[1::2]]
    return [text.encode() for head, _, text in blocks if head.startswith(f"{kind} ")]


SEEDS: dict[str, list[bytes]] = {
    "csv": [SEPARATED.encode(), SEPARATED.encode("cp1252"), SEPARATED.encode("utf-16"), *_examples("csv")],
    "json": [json.dumps(RECORDS).encode(), json.dumps({"leads": LEADS}).encode(), json.dumps(LEADS[0]).encode()],
    "ndjson": [LINES.encode(), LINES.encode("utf-16")],
    "body": [json.dumps(LEADS).encode(), json.dumps({"leads": LEADS, "batch_id": "1"}).encode(), LINES.encode()],
    "pasted": [SEPARATED.encode(), LINES.encode(), *_examples("json")],
}
WORKBOOKS: dict[str, bytes] = {"xlsx": _xlsx(), "xls": as_xls(ROWS), "xlsb": as_xlsb(ROWS), "ods": as_ods(ROWS)}


def read_file(data: bytes, path: Path) -> None:
    """Look at a file and read all of it. Raises FileNotReadable."""
    path.write_bytes(data)
    seen = look(path)
    json.dumps(seen.records, default=str)
    parts = LeadsFile(path, by_columns(*COLUMNS[:1]), reading=seen.reading).parts()
    for _ in parts:
        pass


def read_body(data: bytes, _: Path) -> None:
    """Read a body as the API does. Raises Refused."""
    for content_type in (JSON, NDJSON):
        open_parcel(data, content_type)


def read_pasted(data: bytes, _: Path) -> None:
    """Read a sample as the editor of a mapping does. Raises SampleNotReadable."""
    read_sample(data.decode(errors="replace"))


READERS: dict[str, Callable[[bytes, Path], None]] = {
    **dict.fromkeys(("csv", "json", "ndjson", *WORKBOOKS), read_file),
    "body": read_body,
    "pasted": read_pasted,
}
