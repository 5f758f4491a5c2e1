"""A server on this machine that speaks Stripe's published API, as far as checkout and payouts need it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "sk_test_4eC39HqLyjWDarjtT1zdp7dc"
LONG = 60


class Provider:
    """What Stripe holds, and how it answers."""

    def __init__(self) -> None:
        self.base = ""
        self.sessions: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, str] = {}  # idempotency key: session
        self.asked: list[dict[str, str]] = []  # what sessions were asked for
        self.fees: dict[str, tuple[int, str]] = {}  # of payment intents, with the currency of the balance
        self.payouts: dict[str, list[dict[str, Any]]] = {}
        self.is_down = False
        self.refuses = ""  # the message of the next refusals
        self.hangs_at = ""  # a part of an address
        self.reached, self.released = threading.Event(), threading.Event()

    def pay(self, session: str) -> None:
        """The customer pays."""
        self.sessions[session]["status"] = "complete"

    @property
    def open_sessions(self) -> list[str]:
        """Those that can be paid."""
        return [key for key, each in self.sessions.items() if each["status"] == "open"]


class Handler(BaseHTTPRequestHandler):
    """Answers as Stripe does."""

    provider: Provider

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        self._answer(address.path.split("/")[2:], {name: each[0] for name, each in parse_qs(address.query).items()})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"] or 0)).decode()
        self._answer(self.path.split("/")[2:], {name: each[0] for name, each in parse_qs(body).items()})

    def _answer(self, path: list[str], asked: dict[str, str]) -> None:
        provider = self.provider
        if provider.hangs_at and provider.hangs_at in self.path:
            provider.reached.set()
            provider.released.wait(LONG)
        if provider.is_down:
            self._send(500, {"error": {"type": "api_error", "message": "Sorry"}})
        elif self.headers["authorization"] != f"Bearer {KEY}":
            self._send(401, {"error": {"type": "invalid_request_error", "message": "Invalid API key"}})
        else:
            self._of(path, asked)

    def _of(self, path: list[str], asked: dict[str, str]) -> None:
        provider = self.provider
        match path:
            case ["checkout", "sessions"]:
                self._create(asked)
            case ["checkout", "sessions", key, "expire"]:
                session = provider.sessions[key]
                if session["status"] != "open":
                    self._refuse('Only Checkout Sessions with a status in ["open"] can be expired.')
                    return
                session["status"] = "expired"
                self._send(200, session)
            case ["checkout", "sessions", key]:
                self._send(200, provider.sessions[key])
            case ["payment_intents", key]:
                self._send(200, self._intent(key, asked))
            case ["balance_transactions"]:
                found = provider.payouts.get(asked["payout"], [])
                self._send(200, {"object": "list", "data": found, "has_more": False, "url": "/v1/balance_transactions"})
            case _:
                self._send(404, {"error": {"type": "invalid_request_error", "message": "Unrecognized request URL"}})

    def _create(self, asked: dict[str, str]) -> None:
        provider, key = self.provider, self.headers["idempotency-key"]
        if provider.refuses:
            self._refuse(provider.refuses)
            return
        if key not in provider.keys:
            number = f"cs_test_{len(provider.sessions) + 1}"
            provider.keys[key] = number
            provider.asked.append(asked)
            provider.sessions[number] = {
                "id": number,
                "object": "checkout.session",
                "status": "open",
                "url": f"https://checkout.stripe.com/c/pay/{number}",
            }
        self._send(200, provider.sessions[provider.keys[key]])

    def _intent(self, key: str, asked: dict[str, str]) -> dict[str, Any]:
        assert asked["expand[0]"] == "latest_charge.balance_transaction"
        found = self.provider.fees.get(key)
        line = (
            {"id": f"txn_{key}", "object": "balance_transaction", "fee": found[0], "currency": found[1]}
            if found
            else None
        )
        charge = {"id": f"ch_{key}", "object": "charge", "balance_transaction": line}
        return {"id": key, "object": "payment_intent", "latest_charge": charge}

    def _refuse(self, words: str) -> None:
        self._send(400, {"error": {"type": "invalid_request_error", "message": words}})

    def _send(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def opened() -> Iterator[Provider]:
    """A provider that answers until the end of the block."""
    provider = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Handler,), {"provider": provider}))
    server.daemon_threads = True
    provider.base = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield provider
    finally:
        provider.released.set()
        server.shutdown()
        server.server_close()
