"""Reads what a response left unread of its request's body.

A refusal such as 401 or 413 is made before the body is read. gunicorn would close the connection over more than a few
unread KB, and NGINX, still sending, would answer 503 instead of the refusal: the sender would keep trying forever.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.core.handlers.wsgi import LimitedStream, get_bytes_from_wsgi

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

# NGINX lets 21 MiB through; a longer body is not read, and its connection is closed.
LONGEST_BYTES = 22 * 1024 * 1024
_AT_ONCE = 64 * 1024


def reading_to_the_end(application: "WSGIApplication") -> "WSGIApplication":
    """Return the application, reading each request's body to its end before the response is sent."""

    def read(environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        length = get_bytes_from_wsgi(environ, "CONTENT_LENGTH", "0")
        body = LimitedStream(environ["wsgi.input"], int(length) if length.isdigit() else 0)
        environ["wsgi.input"] = body
        response = application(environ, start_response)
        if length.isdigit() and int(length) <= LONGEST_BYTES:
            while body.read(_AT_ONCE):
                pass
        return response

    return read
