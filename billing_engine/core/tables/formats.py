"""The formats of a table's file, by name: each writes the whole table, or refuses it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from billing_engine.core.tables import pdf
from billing_engine.core.tables.csv import csv_of
from billing_engine.core.tables.parquet import parquet_of
from billing_engine.core.tables.table import Table
from billing_engine.core.tables.xlsx import XLSX, xlsx_of

Write = Callable[[Table], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file; `while_waiting` is how many rows a person waits for on a page, before a worker writes them."""

    name: str  # also the extension
    title: str
    content_type: str
    write: Write
    while_waiting: int
    most_rows: int | None = None


FORMATS = {
    each.name: each
    for each in (
        Format("csv", "CSV", "text/csv; charset=utf-8", csv_of, while_waiting=200_000),
        Format("xlsx", "Excel", XLSX, xlsx_of, while_waiting=20_000),
        Format("parquet", "Parquet", "application/vnd.apache.parquet", parquet_of, while_waiting=100_000),
        Format("pdf", "PDF", "application/pdf", pdf.pdf_of, while_waiting=1_000, most_rows=pdf.MOST_ROWS),
    )
}
