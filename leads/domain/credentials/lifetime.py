"""What API keys, inbound webhooks and signing secrets share: they expire, are revoked, and record when they were last used."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from leads.models import ApiKey, CustomerKey, Hook, SigningSecret

Secret = ApiKey | CustomerKey | Hook | SigningSecret

# Recording every use would make each request write the same row.
LAST_USED_PRECISION = timedelta(minutes=1)


API_KEY_REVOKED = Verb("api_key_revoked", "API key revoked")
CUSTOMER_KEY_REVOKED = Verb("customer_key_revoked", "Customer's API key revoked")
SIGNING_SECRET_REVOKED = Verb("signing_secret_revoked", "Signing secret revoked")
HOOK_REVOKED = Verb("hook_revoked", "Inbound webhook revoked")
REVOKED = {
    ApiKey: API_KEY_REVOKED,
    CustomerKey: CUSTOMER_KEY_REVOKED,
    Hook: HOOK_REVOKED,
    SigningSecret: SIGNING_SECRET_REVOKED,
}


class KeyIsRevoked(Refused):
    """The key or secret was already revoked."""

    code = "key_is_revoked"
    message = "This key is already revoked."


class KeyHasExpired(Refused):
    """An expired key can't be rotated."""

    code = "key_has_expired"
    message = "This key has expired. Create a new one."


class ExpiryInPast(Refused):
    """The expiry must be in the future."""

    code = "expiry_in_past"
    message = "Choose a time in the future."


class SecretNotUsable(Refused):
    """The given secret doesn't have the format of Standard Webhooks."""

    code = "secret_not_usable"
    message = "A signing secret must be whsec_ followed by at least 24 bytes in base64."


@transaction.atomic
def revoke(one: Secret, *, by: User | None, at: datetime) -> None:
    """Revoke it immediately."""
    _end_now(one, at=at)
    record(REVOKED[type(one)], on=one, by=by, after={"revoked_at": at}, also=[one.owner])


def _end_now(one: Secret, *, at: datetime) -> None:
    if not type(one).objects.filter(pk=one.pk, revoked_at=None).update(revoked_at=at):
        raise KeyIsRevoked


def check_expiry(expires_at: datetime | None, *, at: datetime | None) -> None:
    """Refuse an expiry that is over: raise ExpiryInPast."""
    if expires_at is not None and at is not None and expires_at <= at:
        raise ExpiryInPast


def set_expiry(one: Secret, *, until: datetime, at: datetime) -> datetime:
    """Set the expiry, unless it already expires earlier; return the effective expiry.

    With `until` = `at`, it is revoked immediately. Raises KeyIsRevoked, KeyHasExpired or ExpiryInPast.
    """
    if not one.is_usable(at):
        raise KeyIsRevoked if one.revoked_at else KeyHasExpired
    if until < at:
        raise ExpiryInPast
    end = min(one.expires_at or until, until)
    if end <= at:
        _end_now(one, at=at)
    else:
        type(one).objects.filter(pk=one.pk).update(expires_at=end)
    return end


def note_use(one: Secret, *, at: datetime, address: str | None = None) -> None:
    """Record its use, and of a customer's key from where, to the minute, without waiting for concurrent changes of the row."""
    if one.last_used_at is not None and at - one.last_used_at < LAST_USED_PRECISION:
        return
    rows: QuerySet[Any] = type(one).objects.all()
    with transaction.atomic():
        free = rows.select_for_update(skip_locked=True, no_key=True).filter(
            Q(last_used_at=None) | Q(last_used_at__lte=at - LAST_USED_PRECISION), pk=one.pk
        )
        used = rows.filter(pk__in=free.values("pk"))
        if isinstance(one, CustomerKey):
            used.update(last_used_at=at, last_used_from=address)
        else:
            used.update(last_used_at=at)
