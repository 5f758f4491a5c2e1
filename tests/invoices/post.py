"""A real SMTP server that keeps what arrives, refuses what it is told to, and can be left hanging."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

LONG = 60


class PostOffice:
    """What the server does with what it is handed."""

    def __init__(self) -> None:
        self.arrived: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refusal = ""  # the reply for every address
        self.refuses: dict[str, str] = {}  # the reply for one address
        self.answer = "250 OK"  # to the whole message; nothing else than this means that it is taken
        self.reached = threading.Event()  # a client is in the middle of sending
        self.hangs_before = self.hangs_after = False  # it keeps the mail
        self.dies_after = False  # it has the whole message, and closes the connection silently

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd calls it by SMTP's verb
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: object
    ) -> str:
        if refusal := self.refuses.get(address, self.refusal):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- likewise
        if self.hangs_before:
            self.reached.set()
            await asyncio.sleep(LONG)
        if self.answer.startswith("250"):
            self._take(envelope)
        if self.dies_after and server.transport is not None:
            server.transport.close()
        if self.hangs_after:
            self.reached.set()
            await asyncio.sleep(LONG)
        return self.answer

    def _take(self, envelope: Envelope) -> None:
        message = message_from_bytes(bytes(envelope.content or b""), policy=default)
        assert isinstance(message, EmailMessage)
        self.arrived.append(message)
        self.recipients.append(list(envelope.rcpt_tos))


@contextmanager
def opened() -> Iterator[tuple[PostOffice, int]]:
    """A post office, and the port where it takes mail."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    office = PostOffice()
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield office, port
    finally:
        controller.stop()
