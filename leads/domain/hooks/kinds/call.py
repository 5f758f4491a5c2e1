"""A call of a sender to one of our addresses, and why it is refused."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from billing_engine.core.errors import Refused
from leads.domain import limits
from leads.domain.body.decode import Decoded, decode_json

TOLERANCE = timedelta(minutes=5)


class HookSignatureMissing(Refused):
    """The call has no signature, or not everything that is signed."""

    code = "hook_signature_missing"
    http_status = 401


class HookSignatureWrong(Refused):
    """The call was changed on its way, or signed with another secret."""

    code = "hook_signature_wrong"
    http_status = 401


class HookSignatureStale(Refused):
    """The call was signed too long ago, or in the future."""

    code = "hook_signature_stale"
    http_status = 401


class HookChallengeRefused(Refused):
    """The sender's check of the address asks for nothing that this kind can answer."""

    code = "hook_challenge_refused"
    http_status = 403


@dataclass(frozen=True)
class Call:
    """One request: `uri` is the whole address as the sender wrote it, `token` the secret part of the address."""

    method: str
    uri: str
    token: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    at: datetime

    @cached_property
    def decoded(self) -> Decoded:
        """The body as JSON. Raises BodyNotReadable or TooManyItems."""
        limits.check_values(self.body, is_lines=False)
        return decode_json(self.body)

    def header(self, name: str) -> str:
        """Return a header that must be there. Raises HookSignatureMissing."""
        value = self.headers.get(name, "").strip()
        if not value:
            raise HookSignatureMissing(f"The header {name} is missing.")
        return value


def is_same(given: str, expected: str) -> bool:
    """Return whether two strings are equal, in constant time."""
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode(errors="replace"))


def need_signature(given: str, expected: list[str], *, header: str) -> None:
    """Raise HookSignatureWrong unless the signature is one of the expected; all are compared."""
    if not any([is_same(given, each) for each in expected]):  # noqa: C419 -- no comparison is left out
        raise HookSignatureWrong(f"{header} does not match the body and the secret of this webhook.")


def need_fresh(given: str, *, at: datetime, header: str, per_second: int = 1) -> None:
    """Raise HookSignatureStale unless the time, in seconds or finer units since 1970, is within five minutes."""
    if not (given.isascii() and given.isdecimal() and len(given) <= 16):
        raise HookSignatureStale(f"{header} must be a whole number of units since 1970.")
    try:
        signed_at = datetime.fromtimestamp(int(given) / per_second, tz=UTC)
    except (OverflowError, ValueError, OSError):
        raise HookSignatureStale(f"{header} is outside the supported date range.") from None
    if abs(at - signed_at) > TOLERANCE:
        raise HookSignatureStale(
            f"Signed at {signed_at.isoformat(timespec='seconds')}, received at {at.isoformat(timespec='seconds')}:"
            f" more than {TOLERANCE.seconds // 60} minutes apart. Sign each attempt separately."
        )
