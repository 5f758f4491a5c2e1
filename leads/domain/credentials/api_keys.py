"""API keys: shown once and kept as a digest; they can be rotated, expire and be revoked."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from msgspec.structs import astuple

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from leads.domain.credentials.addresses import note_use_from
from leads.domain.credentials.key_text import digest, is_right, new_text, prefix_of
from leads.domain.credentials.lifetime import KeyIsRevoked, check_expiry, revoke, set_expiry
from leads.models import ApiKey, Source

KEY = "SELECT api_key_known(%s)"


class KnownKey(msgspec.Struct, frozen=True, gc=False):
    """The fields of a key that requests need, in the order of the model; the others are read on demand."""

    id: int
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    prefix: str
    digest: str
    source_id: int
    scopes: list[str]
    is_test: bool
    used_from: dict[str, str]


class KnownSource(msgspec.Struct, frozen=True, gc=False):
    """The fields of a source that requests need, in the order of the model; the others are read on demand."""

    id: int
    code: str
    name: str
    is_active: bool
    customer_id: int | None
    new_products: str
    default_country: str
    requests_per_minute: int | None
    signature_required: bool


class KeyOfSource(msgspec.Struct, frozen=True, gc=False):
    """A key and its source, as `api_key_known` returns them."""

    key: KnownKey
    source: KnownSource
    sends_records: bool


_decoder = msgspec.json.Decoder(KeyOfSource)

API_KEY_CREATED = Verb("api_key_created", "API key created")
API_KEY_ROTATED = Verb("api_key_rotated", "API key rotated")
API_KEY_SCOPES_CHANGED = Verb("api_key_scopes_changed", "Access of an API key changed")

__all__ = ["KeyIsRevoked", "create_key", "digest", "revoke_key", "rotate_key", "set_scopes", "usable_key"]

Scope = ApiKey.Scope


class ScopesMissing(Refused):
    """A key must be allowed something."""

    code = "scopes_missing"
    message = "Choose what the key may do."


class PricesWithoutReading(Refused):
    """Prices are a part of what is read."""

    code = "prices_without_reading"
    message = f"A key that reads prices must also have “{Scope.READ.label}”."


@transaction.atomic
def create_key(
    source: Source,
    *,
    by: User | None = None,
    expires_at: datetime | None = None,
    at: datetime | None = None,
    scopes: Iterable[ApiKey.Scope] = (Scope.SEND, Scope.READ),
    is_test: bool = False,
) -> tuple[ApiKey, str]:
    """Create a key; return it with its plaintext, which can't be shown again.

    With `is_test`, every lead sent with it is a test; a key stays what it is. Raises ExpiryInPast, ScopesMissing or
    PricesWithoutReading.
    """
    check_expiry(expires_at, at=at)
    key, plaintext = _new_key(source, by=by, expires_at=expires_at, scopes=_checked(scopes), is_test=is_test)
    after = {"prefix": key.prefix, "expires_at": expires_at, "scopes": key.scopes, "is_test": is_test}
    record(API_KEY_CREATED, on=key, by=by, after=after, also=[source])
    return key, plaintext


def _checked(scopes: Iterable[ApiKey.Scope]) -> list[str]:
    """Return the scopes as they are stored."""
    chosen = {scope.value for scope in scopes}
    if not chosen:
        raise ScopesMissing
    if Scope.PRICES in chosen and Scope.READ not in chosen:
        raise PricesWithoutReading
    return sorted(chosen)


def _new_key(
    source: Source, *, by: User | None, scopes: list[str], is_test: bool, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    text = new_text(ApiKey.MARK)
    key = ApiKey.objects.create(
        source=source,
        prefix=text.prefix,
        digest=text.digest,
        created_by=by,
        expires_at=expires_at,
        scopes=scopes,
        is_test=is_test,
    )
    return key, text.plaintext


@transaction.atomic
def rotate_key(key: ApiKey, *, until: datetime, by: User | None, at: datetime) -> tuple[ApiKey, str]:
    """Create a key to replace this one, which stays valid until then so that the source can switch over.

    The new one may do the same, and is a test key if the old one is.
    """
    old = ApiKey.objects.select_for_update().get(pk=key.pk)
    end = set_expiry(old, until=until, at=at)
    new, plaintext = _new_key(key.source, by=by, scopes=old.scopes, is_test=old.is_test)
    before, after = {"prefix": key.prefix}, {"prefix": new.prefix, "earlier_key_valid_until": end}
    record(API_KEY_ROTATED, on=new, by=by, before=before, after=after, also=[key, key.source])
    return new, plaintext


@transaction.atomic
def set_scopes(key: ApiKey, scopes: Iterable[ApiKey.Scope], *, by: User, at: datetime) -> ApiKey:
    """Set what requests with the key may do. Raises KeyIsRevoked, ScopesMissing or PricesWithoutReading."""
    stored = ApiKey.objects.select_for_update().get(pk=key.pk)
    if not stored.is_usable(at):
        raise KeyIsRevoked
    before, stored.scopes = {"scopes": stored.scopes}, _checked(scopes)
    after = {"scopes": stored.scopes}
    if after != before:
        stored.save(update_fields=["scopes"])
        record(API_KEY_SCOPES_CHANGED, on=stored, by=by, before=before, after=after, also=[key.source])
    return stored


def revoke_key(key: ApiKey, *, by: User | None, at: datetime) -> None:
    """Revoke the key immediately."""
    revoke(key, by=by, at=at)


def usable_keys(source: Source, *, at: datetime) -> QuerySet[ApiKey]:
    """Return the valid keys of a source, oldest first."""
    unexpired = Q(expires_at=None) | Q(expires_at__gt=at)
    return ApiKey.objects.filter(unexpired, source=source, revoked_at=None).order_by("pk")


def usable_key(plaintext: str, *, at: datetime, address: str | None = None) -> ApiKey | None:
    """Return the valid key with this plaintext and its source, and record its use and from where."""
    key = _key_by_prefix(prefix_of(plaintext, ApiKey.MARK))
    if not is_right(key, plaintext) or key is None or not key.is_usable(at):
        return None
    note_use_from(key, at=at, address=address)
    return key


def _key_by_prefix(prefix: str) -> ApiKey | None:
    if not prefix:
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
    found = _decoder.decode(row)
    key = ApiKey.from_db(connection.alias, KnownKey.__struct_fields__, astuple(found.key))
    key.source = Source.from_db(connection.alias, KnownSource.__struct_fields__, astuple(found.source))
    key.source.sends_records = found.sends_records
    return key


def _select(prefix: str) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(KEY, [prefix])
        row: tuple[str | None] = cursor.fetchone()
    return row[0]
