"""Write Parquet for a warehouse, in a process of its own (`parquet_process.py`): Arrow keeps the memory that it used."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO

import msgspec

from billing_engine.core.errors import Refused
from billing_engine.core.tables.table import Cell, Table

PROCESS = Path(__file__).with_name("parquet_process.py")
ROWS_A_MESSAGE = 8_192  # a row group is larger: the process collects them
MEGABYTES = 2_048
SECONDS = 30 * 60  # of processor time
CHUNK = 1024 * 1024

_encode = msgspec.msgpack.Encoder(decimal_format="string").encode


class NotWritten(Refused):
    """A value does not fit into its column, or the process ended."""

    code = "parquet_not_written"


def parquet_of(table: Table) -> Iterator[bytes]:
    """The file in chunks, once it is complete. Its metadata says how many rows there are, and of what."""
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        _write(table, file.name)
        while chunk := file.read(CHUNK):
            yield chunk


def _write(table: Table, path: str) -> None:
    job = {
        "path": path,
        "columns": [(column.name, column.kind.value, column.digits) for column in table.columns],
        "megabytes": MEGABYTES,
        "seconds": SECONDS,
    }
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 -- our own program, no shell
            [sys.executable, "-I", str(PROCESS)], stdin=subprocess.PIPE, stderr=said, env={"LANG": "C.UTF-8"}
        )
        assert process.stdin is not None  # noqa: S101 -- tells mypy
        try:
            _send(process.stdin, job)
            count = _send_rows(process.stdin, table)
            _send(process.stdin, {"about": [("Title", table.title), *table.notes.in_words(count)]})
            process.stdin.close()
        except BrokenPipeError:  # it has said why
            pass
        except BaseException:
            process.kill()
            raise
        finally:
            code = process.wait()
        if code:
            said.seek(0)
            raise NotWritten(_why(said.read().decode(errors="replace"), code))


def _send_rows(pipe: IO[bytes], table: Table) -> int:
    count, rows = 0, table.all_rows()
    width = len(table.columns)
    while some := list(islice(rows, ROWS_A_MESSAGE)):
        _send(pipe, _columns(some, width))
        count += len(some)
    return count


def _columns(rows: Sequence[Sequence[Cell]], width: int) -> list[tuple[Cell, ...]]:
    """The rows by column; a row of another width raises."""
    columns = list(zip(*rows, strict=True))
    if len(columns) != width:
        raise NotWritten(f"A row has {len(columns)} cells, and the table {width} columns.")
    return columns


def _send(pipe: IO[bytes], message: object) -> None:
    content = _encode(message)
    pipe.write(len(content).to_bytes(8, "big"))
    pipe.write(content)


def _why(said: str, code: int) -> str:
    lines = said.strip().splitlines()
    return f"The Parquet file could not be written: {lines[-1] if lines else f'its process ended with {code}'}"[:1_000]
