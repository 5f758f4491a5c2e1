"""How values stand in a bundle: money and quantities as strings, times in UTC, persons only as a keyed hash."""

import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime
from secrets import token_bytes
from typing import Any

import msgspec

from invoices.domain.proof.verifier.content import written
from pricing.rating.instants import instant

DIGITS_OF_A_PERSON = 32


def number(micro: int) -> str:
    """2500000 as `2.500000`."""
    return written(micro)


def maybe_number(micro: int | None) -> str | None:
    """The same for a number that may be missing."""
    return None if micro is None else number(micro)


def time_in_utc(at: datetime) -> str:
    """`2026-10-01T04:00:00Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment_in_utc(moment: int) -> str:
    """The same for an instant of rating."""
    return time_in_utc(instant(moment))


def maybe_moment(moment: int | None) -> str | None:
    """The same for an instant that may be missing."""
    return None if moment is None else moment_in_utc(moment)


def as_json(value: Any) -> bytes:
    """A file for reading: indented, with a line feed at its end."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


@dataclass(frozen=True, slots=True)
class Hidden:
    """Hashes persons with a key that is thrown away with this bundle: no one can try out names later.

    An email domain that the customer excludes is kept, because its price depends on it.
    """

    domains: frozenset[str]
    key: bytes = field(default_factory=lambda: token_bytes(32))

    def person(self, key: str) -> str:
        """The person in this bundle; "" for an unknown one."""
        if not key:
            return ""
        domain = key.rpartition("@")[2]
        kept = f"@{domain}" if "@" in key and domain in self.domains else ""
        return self._hash(key) + kept

    def reference(self, source: str, name: str) -> str:
        """The source's ID of a lead or an action; hashed if it is an email address."""
        return f"{source}:{self._hash(name) if '@' in name else name}"

    def _hash(self, text: str) -> str:
        return hmac.digest(self.key, text.encode(), "sha256").hex()[:DIGITS_OF_A_PERSON]
