"""A receiver on this machine for errors and spans."""

import gzip
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.forks import CHECKOUT
from tests.processes import environ


class Receiver(ThreadingHTTPServer):
    """Stores what is posted, unpacked, by path."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[tuple[str, bytes]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        packed = self.headers.get("Content-Encoding") == "gzip"
        self.server.received.append((self.path, gzip.decompress(body) if packed else body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    with Receiver() as receiver:
        Thread(target=receiver.serve_forever, daemon=True).start()
        yield receiver
        receiver.shutdown()


def run(program: str, **told: str) -> subprocess.CompletedProcess[str]:
    """A real process of the engine with these variables, and none of the environment's own."""
    inherited = {name: value for name, value in environ().items() if not name.startswith(("SENTRY_", "OTEL_"))}
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=CHECKOUT,
        env={**inherited, "DJANGO_SETTINGS_MODULE": "billing_engine.settings", "ALLOWED_HOSTS": "testserver", **told},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
