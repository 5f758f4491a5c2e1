"""One conversation with the mail server, and what it said of each address: a reply of 5xx is final, all else is not."""

import smtplib
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr
from ssl import SSLContext, create_default_context
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.message import sanitize_address
from django.core.mail.utils import DNS_NAME

from billing_engine.core.errors import Refused

SMTP = "django.core.mail.backends.smtp.EmailBackend"
FOR_GOOD = 500


class NoMailServer(Refused):
    """Where strangers reach the server, no mail is written down in a log in place of being sent."""

    code = "no_mail_server"
    message = "This server has no mail server to hand mails to: set EMAIL_URL."


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What became of the addresses of one attempt; those in neither list are still to be tried."""

    taken: tuple[str, ...] = ()
    refused: dict[str, str] = field(default_factory=dict)  # for good, each with the server's words
    reason: str = ""  # why the rest has to wait
    in_doubt: bool = False  # the server had all of it, and said neither yes nor no


def is_a_server() -> bool:
    """Whether mails are handed to a mail server, or only written down."""
    is_one: bool = settings.EMAIL_BACKEND == SMTP
    return is_one


def check_server() -> None:
    """Raise NoMailServer where mails may not leave."""
    if settings.HTTPS and not is_a_server():
        raise NoMailServer


def server() -> str:
    """Who takes the mails, in words; who only writes them down says so."""
    if is_a_server():
        return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    return f"{settings.EMAIL_BACKEND.split('.')[-2]}, not a mail server"


class _Conversation(smtplib.SMTP):
    """SMTP, and whether the message itself was on its way when it broke."""

    in_doubt = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        try:
            return super().data(msg)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            # An answer, of whatever kind, leaves no doubt.
            self.in_doubt = not isinstance(error, smtplib.SMTPResponseException)
            raise


class _SealedConversation(_Conversation, smtplib.SMTP_SSL):
    """The same, encrypted from its first byte on."""


def hand_over(message: EmailMessage, *, to: Sequence[str]) -> HandedOver:
    """Hand it to the server for these addresses; nothing is raised, what goes wrong is an answer, too."""
    conversation: _Conversation | None = None
    spelled = {_spelled(address): address for address in to}  # as SMTP spells it: the address as we know it
    try:
        conversation = _connected()
        content = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own message takes it
        answers = conversation.sendmail(_spelled(message.from_email), list(spelled), content)
    except smtplib.SMTPRecipientsRefused as refusal:
        return _answered((), _known(refusal.recipients, spelled))
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refusal:
        return _answered((), dict.fromkeys(to, (refusal.smtp_code, _bytes(refusal.smtp_error))))
    except (smtplib.SMTPException, OSError) as error:
        return HandedOver(reason=in_words(error), in_doubt=conversation is not None and conversation.in_doubt)
    finally:
        if conversation is not None:
            conversation.close()
    refused = _known(answers, spelled)
    return _answered([address for address in to if address not in refused], refused)


def _spelled(address: str) -> str:
    return sanitize_address(parseaddr(address)[1], "utf-8")


def _known(answers: Mapping[str, tuple[int, bytes]], spelled: Mapping[str, str]) -> dict[str, tuple[int, bytes]]:
    return {spelled[address]: answer for address, answer in answers.items()}


def _connected() -> _Conversation:
    """Greeted and logged in. What is refused until then says nothing of the mail, and is tried again."""
    facts = {"local_hostname": DNS_NAME.get_fqdn(), "timeout": settings.EMAIL_TIMEOUT}
    host, port = settings.EMAIL_HOST, settings.EMAIL_PORT
    if settings.EMAIL_USE_SSL:
        conversation: _Conversation = _SealedConversation(host, port, context=_context(), **facts)
    else:
        conversation = _Conversation(host, port, **facts)
    try:
        if settings.EMAIL_USE_TLS:
            conversation.starttls(context=_context())
        if settings.EMAIL_HOST_USER:
            conversation.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    except (smtplib.SMTPException, OSError):
        conversation.close()
        raise
    return conversation


def _context() -> SSLContext:
    return create_default_context()


def _answered(taken: Sequence[str], answers: Mapping[str, tuple[int, bytes]]) -> HandedOver:
    final = {address: _said(*answer) for address, answer in answers.items() if answer[0] >= FOR_GOOD}
    waiting = [_said(*answer) for address, answer in answers.items() if address not in final]
    return HandedOver(tuple(taken), final, waiting[0] if waiting else "")


def _bytes(words: bytes | str) -> bytes:
    return words if isinstance(words, bytes) else words.encode()


def _said(code: int, words: bytes) -> str:
    return f"{code} {' '.join(words.decode(errors='replace').split())}"[:500]


def in_words(error: Exception) -> str:
    """Why there was no answer, in a sentence."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _said(error.smtp_code, _bytes(error.smtp_error))
    if isinstance(error, TimeoutError):
        return f"The mail server did not answer within {settings.EMAIL_TIMEOUT} seconds."
    if isinstance(error, ConnectionRefusedError):
        return "The mail server refused the connection."
    if isinstance(error, socket.gaierror):
        return "The mail server's name leads nowhere."
    if isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError):
        return "The mail server closed the connection."
    return f"{type(error).__name__}: {error}"[:500]
