"""A server that speaks the part of Meta's Graph API from which the fields of a lead are fetched."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "EAAB-page-token"
LEAD: dict[str, Any] = {
    "id": "233",
    "created_time": "2026-10-31T11:59:00+0000",
    "form_id": "172",
    "ad_id": "9",
    "campaign_id": "77",
    "field_data": [
        {"name": "full_name", "values": ["Jane Doe"]},
        {"name": "email", "values": ["jane.doe@example.com"]},
        {"name": "phone_number", "values": ["+18005550123"]},
        {"name": "which_finishes?", "values": ["oak", "ash"]},
    ],
}
NOT_THERE = {"message": "Unsupported get request.", "type": "GraphMethodException", "code": 100, "error_subcode": 33}
REFUSED = {"message": "Malformed access token {token}", "type": "OAuthException", "code": 190}
NO_PROOF = {"message": "Invalid appsecret_proof provided", "type": "GraphMethodException", "code": 100}


class Graph:
    """What it knows, what it was asked, and how it fails next."""

    def __init__(self, app_secret: str) -> None:
        self.address, self.app_secret, self.token = "", app_secret, TOKEN
        self.leads: dict[str, Any] = {"233": LEAD}
        self.asked: list[str] = []
        self.failures: list[tuple[int, bytes]] = []
        self.hangs, self.reached, self.released = False, threading.Event(), threading.Event()

    def answer(self, path: str, authorization: str) -> tuple[int, bytes]:
        lead, query = urlsplit(path).path.rpartition("/")[2], parse_qs(urlsplit(path).query)
        self.asked.append(lead)
        self.reached.set()
        if self.hangs:
            self.released.wait(60)
        if self.failures:
            return self.failures.pop(0)
        given = authorization.removeprefix("Bearer ")
        if given != self.token:
            return 400, json.dumps({"error": REFUSED | {"message": f"Malformed access token {given}"}}).encode()
        if query["appsecret_proof"] != [hmac.new(self.app_secret.encode(), given.encode(), hashlib.sha256).hexdigest()]:
            return 400, json.dumps({"error": NO_PROOF}).encode()
        found = self.leads.get(lead)
        if found is None:
            return 400, json.dumps({"error": NOT_THERE}).encode()
        chosen = query["fields"][0].split(",")
        return 200, json.dumps({name: value for name, value in found.items() if name in chosen}).encode()


class Handler(BaseHTTPRequestHandler):
    """Hands each request to the graph."""

    graph: Graph

    def do_GET(self) -> None:
        status, body = self.graph.answer(self.path, self.headers.get("Authorization", ""))
        with suppress(OSError):  # who asked may be gone
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def opened(app_secret: str) -> Iterator[Graph]:
    """A server that listens until the end of the block."""
    graph = Graph(app_secret)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Handler,), {"graph": graph}))
    server.daemon_threads = True
    graph.address = f"http://127.0.0.1:{server.server_port}/v23.0"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield graph
    finally:
        server.shutdown()
        server.server_close()
