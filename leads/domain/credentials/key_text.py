"""The text of an API key: a mark, a part that may be shown, and a secret; only the digest of the whole is kept."""

import hashlib
import secrets
from typing import NamedTuple

from leads.models.source import Key


class NewText(NamedTuple):
    """A new key: the part that is shown, the digest that is kept, and the whole, which can't be shown again."""

    prefix: str
    digest: str
    plaintext: str


def new_text(mark: str) -> NewText:
    """Return the text of a new key."""
    prefix = secrets.token_hex(4)
    plaintext = f"{mark}_{prefix}_{secrets.token_urlsafe(32)}"
    return NewText(prefix, digest(plaintext), plaintext)


def prefix_of(plaintext: str, mark: str) -> str:
    """Return the part by which a key of this kind is looked up; empty if it is of another kind."""
    before, _, rest = plaintext.partition(f"{mark}_")
    prefix = rest.partition("_")[0]
    return prefix if not before and prefix.isalnum() else ""


def is_right(key: Key | None, plaintext: str) -> bool:
    """Return whether this is the text of the key that was found; always compared, and in constant time.

    The duration must not reveal which prefixes exist.
    """
    return secrets.compare_digest(key.digest if key else digest(""), digest(plaintext)) and key is not None


def digest(plaintext: str) -> str:
    """Hash with SHA-256, which is enough because the secret is 256 random bits."""
    return hashlib.sha256(plaintext.encode()).hexdigest()
