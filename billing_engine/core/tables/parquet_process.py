"""Write one Parquet file in a separate process: messages on standard input, each with its length before it.

`parquet.py` runs this file by its path. The first message is the job, the last one what the file says about itself, and
those between are rows by column: texts, integers and instants as they are, decimals and dates as text. The schema is
stated, never inferred: a first batch without values would get columns without a type. It imports none of our modules.
"""

import os
import resource
import sys
from collections.abc import Iterator
from typing import Any

import msgspec

NICENESS = 5  # rating goes first
ROWS_A_GROUP = 131_072  # small groups make the file large and the writer's memory grow
DECIMALS = 6


def main() -> int:
    """Read the job and write the file, or one line that says why it failed."""
    messages = received()
    job = next(messages)
    _bounded(job["megabytes"] * 1024 * 1024, job["seconds"])
    import pyarrow as pa  # noqa: PLC0415 -- after the limits, so that they apply to it, too

    try:
        write(pa, job, messages)
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        sys.stderr.write(str(error).replace("\n", " "))
        return 1
    return 0


def received() -> Iterator[Any]:
    """The messages, decoded."""
    pipe, decode = sys.stdin.buffer, msgspec.msgpack.Decoder().decode
    while head := pipe.read(8):
        yield decode(pipe.read(int.from_bytes(head, "big")))


def write(pa: Any, job: dict[str, Any], messages: Iterator[Any]) -> None:
    """Write the row groups as the rows arrive, and the notes at the end."""
    from pyarrow import parquet  # noqa: PLC0415 -- see main

    schema = pa.schema([(name, _type(pa, kind, digits)) for name, kind, digits in job["columns"]])
    waiting, rows = list[Any](), 0
    with parquet.ParquetWriter(job["path"], schema, compression="zstd") as writer:
        for message in messages:
            if isinstance(message, dict):
                writer.add_key_value_metadata(dict(message["about"]))
                break
            waiting.append(_batch(pa, schema, message))
            rows += waiting[-1].num_rows
            if rows >= ROWS_A_GROUP:
                writer.write_table(pa.Table.from_batches(waiting), row_group_size=rows)
                waiting, rows = [], 0
        else:
            raise ValueError("The rows ended before they were complete.")
        writer.write_table(pa.Table.from_batches(waiting, schema), row_group_size=max(1, rows))


def _type(pa: Any, kind: str, digits: int) -> Any:
    return {
        "text": pa.string(),
        "integer": pa.int64(),
        "decimal": pa.decimal128(digits, DECIMALS),
        "date": pa.date32(),
        "instant": pa.timestamp("us", tz="UTC"),
    }[kind]


def _batch(pa: Any, schema: Any, columns: list[list[Any]]) -> Any:
    """Cast by Arrow: a cast that would lose a digit fails."""
    arrays = [
        pa.array(cells, field.type) if _as_it_is(pa, field.type) else pa.array(cells, pa.string()).cast(field.type)
        for field, cells in zip(schema, columns, strict=True)
    ]
    return pa.record_batch(arrays, schema=schema)


def _as_it_is(pa: Any, kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_integer(kind) or pa.types.is_timestamp(kind))


def _bounded(memory: int, seconds: int) -> None:
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


if __name__ == "__main__":
    sys.exit(main())
