"""Send a file as a download: one that is there, or a table while it is written."""

from collections.abc import Iterator
from itertools import chain

from django.http import HttpResponse, StreamingHttpResponse
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
    return stored_response(chunks, name=name, content_type=form.content_type)


def stored_response(chunks: Iterator[bytes], *, name: str, content_type: str) -> StreamingHttpResponse:
    """The same for a file in parts, whatever it holds."""
    return StreamingHttpResponse(chunks, content_type=content_type, headers=_headers(name))


def file_response(content: bytes, *, name: str, content_type: str) -> HttpResponse:
    """The same for a whole file."""
    return HttpResponse(content, content_type=content_type, headers=_headers(name))


def _headers(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or "attachment",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }


def _begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    return chain([next(chunks)], chunks)
