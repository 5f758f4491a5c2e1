"""Send a table as a download while it is written."""

from collections.abc import Iterator
from itertools import chain

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from billing_engine.core.tables.formats import Format
from billing_engine.core.tables.table import Table

TOTAL = "X-Total-Rows"  # what the file must have; the file itself says how many it has


def table_response(table: Table, form: Format) -> StreamingHttpResponse:
    """The file as a reply; what the format refuses is raised here, before the reply begins."""
    response = chunks_response(_begun(form.write(table)), name=f"{table.name}.{form.name}", form=form)
    if table.notes.total_rows is not None:
        response[TOTAL] = str(table.notes.total_rows)
    return response


def chunks_response(chunks: Iterator[bytes], *, name: str, form: Format) -> StreamingHttpResponse:
    """A download of bytes that are there or still to come, kept by no cache and opened by no browser."""
    return StreamingHttpResponse(
        chunks,
        content_type=form.content_type,
        headers={
            "Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or "attachment",
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    return chain([next(chunks)], chunks)
