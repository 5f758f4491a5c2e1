"""API keys: made once, shown once, kept as a digest, revocable."""

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, connection

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
    key = _found(rest.partition("_")[0])
    if key is None or not secrets.compare_digest(key.digest, digest(whole)):
        return None
    if key.last_used_at is None or at - key.last_used_at >= LAST_USED_PRECISION:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=at)
    return key


def digest(whole: str) -> str:
    """SHA-256 is enough: the secret is 256 random bits, nobody guesses it from its digest."""
    return hashlib.sha256(whole.encode()).hexdigest()


def _found(prefix: str) -> ApiKey | None:
    """The key with its source, by a statement that is written once: every request begins with it.

    It also shows whether the kept connection still works, so that Django need not ask beforehand.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]  # of Django's base class, not in its stubs
    try:
        row = _asked(prefix)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        row = _asked(prefix)
    if row is None:
        return None
    _, keys, sources = _statement()
    key = ApiKey.from_db(connection.alias, keys, row[: len(keys)])
    key.source = Source.from_db(connection.alias, sources, row[len(keys) :])
    return key


def _asked(prefix: str) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(_statement()[0], [prefix])
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


@cache
def _statement() -> tuple[str, list[str], list[str]]:
    """The statement, and which fields of a key and of a source it answers; those that take decoding are read when asked."""
    keys, sources = (
        [field for field in model._meta.concrete_fields if not hasattr(field, "from_db_value")]
        for model in (ApiKey, Source)
    )
    columns = [f'key."{field.column}"' for field in keys] + [f'source."{field.column}"' for field in sources]
    sql = (
        f"SELECT {', '.join(columns)} FROM {ApiKey._meta.db_table} key"  # noqa: S608 -- names of our own models
        f" JOIN {Source._meta.db_table} source ON source.id = key.source_id"
        " WHERE key.prefix = %s AND key.revoked_at IS NULL AND source.is_active"
    )
    return sql, [field.attname for field in keys], [field.attname for field in sources]
