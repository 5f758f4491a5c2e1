"""One conversation with the mail server, and its reply for each address; only a 5xx reply is permanent."""

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
PERMANENT = 500


class NoMailServer(Refused):
    """A public server must not write emails to a log instead of sending them."""

    code = "no_mail_server"
    message = "No mail server is configured. Set EMAIL_URL."


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """The outcome of one attempt by address; addresses in neither list must be retried."""

    accepted: tuple[str, ...] = ()
    rejected: dict[str, str] = field(default_factory=dict)  # permanently, each with the server's reply
    reason: str = ""  # why the rest must be retried
    in_doubt: bool = False  # the server received everything but did not reply


def sends_email() -> bool:
    """Return whether emails go to a mail server, or are only recorded."""
    is_one: bool = settings.EMAIL_BACKEND == SMTP
    return is_one


def check_server() -> None:
    """Raise NoMailServer if emails must not be sent from here."""
    if settings.HTTPS and not sends_email():
        raise NoMailServer


def server_name() -> str:
    """Return the name of the mail server, or of the backend that only records emails."""
    if sends_email():
        return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    return f"{settings.EMAIL_BACKEND.split('.')[-2]}, not a mail server"


class _Conversation(smtplib.SMTP):
    """An SMTP connection that knows whether it broke while the message was being transferred."""

    in_doubt = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        try:
            return super().data(msg)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            # Any reply leaves no doubt.
            self.in_doubt = not isinstance(error, smtplib.SMTPResponseException)
            raise


class _SealedConversation(_Conversation, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


def hand_over(message: EmailMessage, *, to: Sequence[str]) -> DeliveryResult:
    """Hand the message to the server for these addresses; errors are returned, not raised."""
    conversation: _Conversation | None = None
    spelled = {_spelled(address): address for address in to}  # SMTP's spelling: our spelling
    try:
        conversation = _connected()
        content = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own message takes it
        answers = conversation.sendmail(_spelled(message.from_email), list(spelled), content)
    except smtplib.SMTPRecipientsRefused as refusal:
        return _result((), _by_our_spelling(refusal.recipients, spelled))
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refusal:
        return _result((), dict.fromkeys(to, (refusal.smtp_code, _bytes(refusal.smtp_error))))
    except (smtplib.SMTPException, OSError) as error:
        return DeliveryResult(reason=in_words(error), in_doubt=conversation is not None and conversation.in_doubt)
    finally:
        if conversation is not None:
            conversation.close()
    rejected = _by_our_spelling(answers, spelled)
    return _result([address for address in to if address not in rejected], rejected)


def _spelled(address: str) -> str:
    return sanitize_address(parseaddr(address)[1], "utf-8")


def _by_our_spelling(
    answers: Mapping[str, tuple[int, bytes]], spelled: Mapping[str, str]
) -> dict[str, tuple[int, bytes]]:
    return {spelled[address]: answer for address, answer in answers.items()}


def _connected() -> _Conversation:
    """Connect and log in; a refusal up to this point is temporary."""
    options = {"local_hostname": DNS_NAME.get_fqdn(), "timeout": settings.EMAIL_TIMEOUT}
    host, port = settings.EMAIL_HOST, settings.EMAIL_PORT
    if settings.EMAIL_USE_SSL:
        conversation: _Conversation = _SealedConversation(host, port, context=_context(), **options)
    else:
        conversation = _Conversation(host, port, **options)
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


def _result(accepted: Sequence[str], answers: Mapping[str, tuple[int, bytes]]) -> DeliveryResult:
    final = {address: _reply(*answer) for address, answer in answers.items() if answer[0] >= PERMANENT}
    waiting = [_reply(*answer) for address, answer in answers.items() if address not in final]
    return DeliveryResult(tuple(accepted), final, waiting[0] if waiting else "")


def _bytes(words: bytes | str) -> bytes:
    return words if isinstance(words, bytes) else words.encode()


def _reply(code: int, words: bytes) -> str:
    return f"{code} {' '.join(words.decode(errors='replace').split())}"[:500]


def in_words(error: Exception) -> str:
    """Say in one sentence why there was no reply."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _reply(error.smtp_code, _bytes(error.smtp_error))
    if isinstance(error, TimeoutError):
        return f"The mail server did not answer within {settings.EMAIL_TIMEOUT} seconds."
    if isinstance(error, ConnectionRefusedError):
        return "The mail server refused the connection."
    if isinstance(error, socket.gaierror):
        return "The mail server's name cannot be resolved."
    if isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError):
        return "The mail server closed the connection."
    return f"{type(error).__name__}: {error}"[:500]
