"""A receiver of webhooks on this machine, which answers as it is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LONG = 60


class Receiver:
    """What arrived, and what is answered next."""

    def __init__(self) -> None:
        self.url = ""
        self.arrived: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []  # of the next answers; then 200
        self.headers: dict[str, str] = {}
        self.answer = b"ok"
        self.drips = False  # a byte of the header every moment, and never an end
        self.hangs = False
        self.reached, self.released = threading.Event(), threading.Event()

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The bodies that arrived."""
        return [json.loads(body) for _, body in self.arrived]

    @property
    def ids(self) -> list[str]:
        """The IDs that arrived."""
        return [headers["webhook-id"] for headers, _ in self.arrived]

    @property
    def sequences(self) -> list[int]:
        """The numbers that arrived."""
        return self.sequences_since(0)

    def sequences_since(self, first: int) -> list[int]:
        """The numbers that arrived after so many deliveries."""
        return [body["data"]["sequence"] for body in self.bodies[first:]]


class Handler(BaseHTTPRequestHandler):
    """Notes what arrives, and answers."""

    receiver: Receiver

    def do_POST(self) -> None:
        receiver = self.receiver
        body = self.rfile.read(int(self.headers["content-length"]))
        receiver.arrived.append(({name.lower(): value for name, value in self.headers.items()}, body))
        receiver.reached.set()
        if receiver.hangs:
            receiver.released.wait(LONG)
        if receiver.drips:
            self._drip()
            return
        self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
        for name, value in receiver.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(receiver.answer)

    def _drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        with suppress(OSError):
            while not self.receiver.released.wait(0.02):
                self.wfile.write(b".")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def opened() -> Iterator[Receiver]:
    """A receiver that listens until the end of the block."""
    receiver = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Handler,), {"receiver": receiver}))
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}/hooks"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()
