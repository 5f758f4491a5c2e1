"""API keys: made once, shown once, kept as a digest, revocable."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.models import User

from billing_engine.core.errors import Refused
from leads.models import ApiKey, Source

# Noting every use would turn each request into a write of the same row.
LAST_USED_PRECISION = timedelta(minutes=1)


class KeyIsRevoked(Refused):
    """A key is revoked once."""

    code = "key_is_revoked"
    message = "This key is revoked already."


def create_key(source: Source, *, by: User | None = None) -> tuple[ApiKey, str]:
    """A new key and its whole text, which nobody can show again."""
    prefix = secrets.token_hex(4)
    whole = f"lbe_{prefix}_{secrets.token_urlsafe(32)}"
    return ApiKey.objects.create(source=source, prefix=prefix, digest=digest(whole), created_by=by), whole


def revoke_key(key: ApiKey, *, at: datetime) -> None:
    """From now on the key opens nothing."""
    if not ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at):
        raise KeyIsRevoked


def holder(whole: str, *, at: datetime) -> ApiKey | None:
    """The key with this text, if it opens a door at all; its use is noted."""
    _, _, rest = whole.partition("lbe_")
    key = (
        ApiKey.objects.select_related("source")
        .filter(prefix=rest.partition("_")[0], revoked_at=None, source__is_active=True)
        .first()
    )
    if key is None or not secrets.compare_digest(key.digest, digest(whole)):
        return None
    if key.last_used_at is None or at - key.last_used_at >= LAST_USED_PRECISION:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=at)
    return key


def digest(whole: str) -> str:
    """SHA-256 is enough: the secret is 256 random bits, nobody guesses it from its digest."""
    return hashlib.sha256(whole.encode()).hexdigest()
