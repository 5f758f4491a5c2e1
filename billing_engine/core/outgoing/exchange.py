"""One request to a server of others: to a vetted address, within a bounded time; redirects are failures."""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Self

from django.conf import settings
from requests import RequestException, Response
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from billing_engine.core.errors import Refused
from billing_engine.core.outgoing.addresses import AddressNotPublic, check_is_public

CONNECT_SECONDS, TOTAL_SECONDS = 5, 20
LONGEST_WAIT = timedelta(hours=24)  # that a server can ask for
GONE = 410
SLOW_DOWN = (429, 502, 503, 504)
REDIRECTS = range(300, 400)


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of one attempt: the server's answer, or why there was none."""

    status: int | None = None
    body: bytes = b""  # its start
    reason: str = ""
    wait_until: datetime | None = None  # as the server asked

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == GONE

    @property
    def slows_down(self) -> bool:
        """Whether nothing else should be sent to this server for a while."""
        return self.status is None or self.status in SLOW_DOWN


def exchange(
    method: str, url: str, headers: dict[str, str], *, body: bytes | None = None, most_bytes: int, at: datetime
) -> Answer:
    """Make one request and read so much of its answer; every failure is an answer."""
    try:
        check_is_public(url)
        return _exchanged(method, url, headers, body, most_bytes, at=at)
    except (AddressNotPublic, InvalidIPAddress):
        return Answer(reason=AddressNotPublic.message)
    except Refused as refusal:
        return Answer(reason=str(refusal))
    except (RequestException, HTTPError, OSError, UnicodeError) as error:
        return Answer(reason=_in_words(error))


def _exchanged(
    method: str, url: str, headers: dict[str, str], body: bytes | None, most_bytes: int, *, at: datetime
) -> Answer:
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
            response = session.request(method, url, data=body, headers=headers, stream=True)
        except (RequestException, HTTPError, OSError):
            if watch.has_cut:
                return Answer(reason=_TOO_SLOW)
            raise
        if watch.has_cut:  # in the middle of the headers, which Python takes for their end
            return Answer(reason=_TOO_SLOW)
        content = _start_of(response, most_bytes)
    if response.status_code in REDIRECTS:
        return Answer(response.status_code, reason="It redirects. Enter the address that it redirects to.")
    return Answer(
        response.status_code,
        content,
        "" if 200 <= response.status_code < 300 else f"It answered {response.status_code}.",
        asked_for(response.headers.get("retry-after", ""), at=at),
    )


def _start_of(response: Response, most_bytes: int) -> bytes:
    """The start of the body; the status stands, even if the rest never comes."""
    found = b""
    with suppress(HTTPError, OSError):
        while len(found) < most_bytes and (part := response.raw.read1(most_bytes - len(found))):
            found += part
    return found


_TOO_SLOW = f"It did not answer within {TOTAL_SECONDS} seconds."


class _Watch:
    """Cuts the connection once the time is up, however slowly the server answers: a time-out of a socket starts over
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


def asked_for(retry_after: str, *, at: datetime) -> datetime | None:
    """The time that a `Retry-After` header names, by seconds or by date; None if it names none."""
    words = retry_after.strip()
    if words.isascii() and words.isdecimal() and len(words) < 10:
        return at + min(timedelta(seconds=int(words)), LONGEST_WAIT)
    try:
        named = parsedate_to_datetime(words)
    except ValueError:
        return None
    named = named if named.tzinfo else named.replace(tzinfo=UTC)
    return min(named, at + LONGEST_WAIT) if named > at else None
