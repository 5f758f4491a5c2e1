"""API keys: shown once and kept as a digest; they can be rotated, expire and be revoked."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, connection, transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from leads.domain.credentials.lifetime import ExpiryInPast, KeyIsRevoked, note_use, revoke, set_expiry
from leads.models import ApiKey, Source

# Every request runs this first; composing it each time would take six times as long as PostgreSQL needs to answer it. The
# field mapping is left out and read on demand.
KEY_COLUMNS = [field.attname for field in ApiKey._meta.concrete_fields]
SOURCE_COLUMNS = [field.attname for field in Source._meta.concrete_fields if field.attname != "field_mapping"]
KEY = f"""
    SELECT {", ".join(f"key.{column}" for column in KEY_COLUMNS)}, {", ".join(f"source.{column}" for column in SOURCE_COLUMNS)}
      FROM leads_apikey key JOIN leads_source source ON source.id = key.source_id
     WHERE key.prefix = %s AND key.revoked_at IS NULL AND source.is_active
"""  # noqa: S608 -- the names of our own columns

API_KEY_CREATED = Verb("api_key_created", "API key created")
API_KEY_ROTATED = Verb("api_key_rotated", "API key rotated")
API_KEY_SCOPES_CHANGED = Verb("api_key_scopes_changed", "Access of an API key changed")

__all__ = ["KeyIsRevoked", "create_key", "digest", "revoke_key", "rotate_key", "set_scopes", "usable_key"]


@transaction.atomic
def create_key(
    source: Source, *, by: User | None = None, expires_at: datetime | None = None, at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Create a key; return it with its plaintext, which can't be shown again. Raises ExpiryInPast."""
    if expires_at is not None and at is not None and expires_at <= at:
        raise ExpiryInPast
    key, plaintext = _new_key(source, by=by, expires_at=expires_at)
    record(API_KEY_CREATED, on=key, by=by, after={"prefix": key.prefix, "expires_at": expires_at}, also=[source])
    return key, plaintext


def _new_key(
    source: Source, *, by: User | None, expires_at: datetime | None = None, scopes: Iterable[str] = ()
) -> tuple[ApiKey, str]:
    prefix = secrets.token_hex(4)
    plaintext = f"lbe_{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        source=source,
        prefix=prefix,
        digest=digest(plaintext),
        created_by=by,
        expires_at=expires_at,
        scopes=list(scopes),
    )
    return key, plaintext


@transaction.atomic
def rotate_key(key: ApiKey, *, until: datetime, by: User | None, at: datetime) -> tuple[ApiKey, str]:
    """Create a key to replace this one, which stays valid until then so that the source can switch over."""
    old = ApiKey.objects.select_for_update().get(pk=key.pk)
    end = set_expiry(old, until=until, at=at)
    new, plaintext = _new_key(key.source, by=by, scopes=old.scopes)
    before, after = {"prefix": key.prefix}, {"prefix": new.prefix, "earlier_key_valid_until": end}
    record(API_KEY_ROTATED, on=new, by=by, before=before, after=after, also=[key, key.source])
    return new, plaintext


@transaction.atomic
def set_scopes(key: ApiKey, scopes: Iterable[ApiKey.Scope], *, by: User, at: datetime) -> ApiKey:
    """Set what requests with the key may see. Raises KeyIsRevoked if the key is no longer valid."""
    stored = ApiKey.objects.select_for_update().get(pk=key.pk)
    if not stored.is_usable(at):
        raise KeyIsRevoked
    before, stored.scopes = {"scopes": stored.scopes}, sorted({scope.value for scope in scopes})
    after = {"scopes": stored.scopes}
    if after != before:
        stored.save(update_fields=["scopes"])
        record(API_KEY_SCOPES_CHANGED, on=stored, by=by, before=before, after=after, also=[key.source])
    return stored


def revoke_key(key: ApiKey, *, by: User | None, at: datetime) -> None:
    """Revoke the key immediately."""
    revoke(key, by=by, at=at)


def usable_key(plaintext: str, *, at: datetime) -> ApiKey | None:
    """Return the valid key with this plaintext and its source, and record its use."""
    key = _key_by_prefix(plaintext.partition("lbe_")[2].partition("_")[0])
    # Always compared, and in constant time: the duration must not reveal which prefixes exist.
    kept = key.digest if key else digest("")
    if not secrets.compare_digest(kept, digest(plaintext)) or key is None or not key.is_usable(at):
        return None
    note_use(key, at=at)
    return key


def _key_by_prefix(prefix: str) -> ApiKey | None:
    if not prefix.isalnum():
        return None
    # Every request starts with this statement, which shows whether the kept connection works; Django need not check.
    connection.health_check_done = True  # type: ignore[attr-defined]  # of Django's base class, not in its stubs
    try:
        row = _select(prefix)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        row = _select(prefix)
    if row is None:
        return None
    key = ApiKey.from_db(connection.alias, KEY_COLUMNS, row[: len(KEY_COLUMNS)])
    key.source = Source.from_db(connection.alias, SOURCE_COLUMNS, row[len(KEY_COLUMNS) :])
    return key


def _select(prefix: str) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(KEY, [prefix])
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def digest(plaintext: str) -> str:
    """Hash with SHA-256, which is enough because the secret is 256 random bits."""
    return hashlib.sha256(plaintext.encode()).hexdigest()
