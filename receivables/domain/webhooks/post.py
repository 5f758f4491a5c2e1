"""Hand one delivery to a receiver: signed, to a vetted address, within a bounded time; redirects are failures."""

import json
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from django.conf import settings
from requests import RequestException, Response
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress
from standardwebhooks import Webhook
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from billing_engine.core.errors import Refused
from receivables.domain.webhooks.addresses import AddressNotPublic, check_is_public
from receivables.domain.webhooks.timetable import asked_for
from receivables.models import WebhookDelivery
from receivables.models.webhook import MAX_ANSWER

CONNECT_SECONDS, TOTAL_SECONDS = 5, 20
MOST_BYTES = 4_096  # that are read of an answer
GONE = 410
SLOW_DOWN = (429, 502, 503, 504)
REDIRECTS = range(300, 400)


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of one attempt: the receiver's answer, or why there was none."""

    status: int | None = None
    body: str = ""
    reason: str = ""
    wait_until: datetime | None = None  # as the receiver asked

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == GONE

    @property
    def slows_down(self) -> bool:
        """Whether nothing else should be sent to this receiver for a while."""
        return self.status is None or self.status in SLOW_DOWN


def body_of(delivery: WebhookDelivery) -> bytes:
    """The body, serialized once: these bytes are signed, and these bytes are sent."""
    event, data = delivery.event, dict[str, Any]()
    if delivery.customer:
        data = {"customer": delivery.customer.code, "sequence": delivery.number}
    told = {"type": event.kind, "timestamp": _iso(event.occurred_at), "data": data | event.data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def uid_of(delivery: WebhookDelivery) -> str:
    """The ID of the message, the same for every attempt and every endpoint."""
    return f"evt_{delivery.event.uid.hex}"


def headers_of(delivery: WebhookDelivery, body: bytes, secrets: Sequence[str], *, at: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks, with a signature for each secret."""
    uid, signed_at = uid_of(delivery), at.astimezone(UTC).replace(microsecond=0)  # the library knows UTC only
    return {
        "content-type": "application/json",
        "webhook-id": uid,
        "webhook-timestamp": str(int(signed_at.timestamp())),
        "webhook-signature": " ".join(Webhook(each).sign(uid, signed_at, body.decode()) for each in secrets),
    }


def post(url: str, body: bytes, headers: dict[str, str], *, at: datetime) -> Answer:
    """Send it once; every failure is an answer."""
    try:
        check_is_public(url)
        return _posted(url, body, headers, at=at)
    except (AddressNotPublic, InvalidIPAddress):
        return Answer(reason=AddressNotPublic.message)
    except Refused as refusal:
        return Answer(reason=str(refusal))
    except (RequestException, HTTPError, OSError, UnicodeError) as error:
        return Answer(reason=_in_words(error))


def _posted(url: str, body: bytes, headers: dict[str, str], *, at: datetime) -> Answer:
    config = Config(
        ip_filter_enable=True,
        ip_filter_allow_loopback_ips=settings.WEBHOOKS_REACH_LOOPBACK,
        never_redirect=True,
        default_timeout=(CONNECT_SECONDS, TOTAL_SECONDS),
        user_agent_override="Lead-Billing-Engine",
    )
    with HTTPSession(config) as session, _Watch(session) as watch:
        session.trust_env = False  # no proxy and no password of this machine
        try:
            response = session.post(url, data=body, headers=headers, stream=True)
        except (RequestException, HTTPError, OSError):
            if watch.has_cut:
                return Answer(reason=_TOO_SLOW)
            raise
        if watch.has_cut:  # in the middle of the headers, which Python takes for their end
            return Answer(reason=_TOO_SLOW)
        content = _start_of(response)
    if response.status_code in REDIRECTS:
        return Answer(response.status_code, reason="It redirects. Enter the address that it redirects to.")
    text = content.decode(errors="replace").replace("\x00", "\ufffd")[:MAX_ANSWER]
    return Answer(
        response.status_code,
        text,
        "" if 200 <= response.status_code < 300 else f"It answered {response.status_code}.",
        asked_for(response.headers.get("retry-after", ""), at=at),
    )


def _start_of(response: Response) -> bytes:
    """The start of the body; the status stands, even if the rest never comes."""
    found = b""
    with suppress(HTTPError, OSError):
        while len(found) < MOST_BYTES and (part := response.raw.read1(MOST_BYTES - len(found))):
            found += part
    return found


_TOO_SLOW = f"It did not answer within {TOTAL_SECONDS} seconds."


class _Watch:
    """Cuts the connection once the time is up, however slowly the receiver answers: a time-out of a socket starts over
    with every byte."""

    def __init__(self, session: HTTPSession) -> None:
        self.has_cut = False
        self._open = list[socket.socket]()
        self._timer = threading.Timer(TOTAL_SECONDS, self._cut)
        self._timer.daemon = True
        note = self._open.append

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                made = super()._new_conn()
                note(made.dup())
                return made

        class Sealed(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                made = super()._new_conn()
                note(made.dup())
                return made

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SealedPool(HTTPSConnectionPool):
            ConnectionCls = Sealed

        for adapter in session.adapters.values():
            adapter.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SealedPool}

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        for each in self._open:
            each.close()

    def _cut(self) -> None:
        self.has_cut = True
        for each in self._open:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it is closed already


def _in_words(error: Exception) -> str:
    """Why there was no answer, without what a private network would tell."""
    words = f"{type(error).__name__} {error}"
    if "SSL" in words or "certificate" in words.lower():
        return "Its certificate is not valid."
    if "timed out" in words or "Timeout" in words:
        return _TOO_SLOW if "Read" in words else f"It could not be connected to within {CONNECT_SECONDS} seconds."
    if "refused" in words:
        return "It refused the connection."
    return "The connection failed."


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
