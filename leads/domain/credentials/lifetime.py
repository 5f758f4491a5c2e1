"""What keys and signing secrets have in common: they expire, are revoked, and record when they were last used."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from billing_engine.core.errors import Refused
from leads.models import ApiKey, SigningSecret

# Noting every use would turn each request into a write of the same row.
LAST_USED_PRECISION = timedelta(minutes=1)


class KeyIsRevoked(Refused):
    """A key is revoked once."""

    code = "key_is_revoked"
    message = "This key is revoked already."


class KeyHasExpired(Refused):
    """What is over is not rotated."""

    code = "key_has_expired"
    message = "This key has expired: make a new one."


class TimeIsOver(Refused):
    """An end lies in the future."""

    code = "time_is_over"
    message = "Choose a time that is still to come."


class SecretNotUsable(Refused):
    """A secret given by hand is not what the scheme asks for."""

    code = "secret_not_usable"
    message = "A signing secret is whsec_ and at least 24 bytes in base64."


def revoke(one: ApiKey | SigningSecret, *, at: datetime) -> None:
    """Revoke it from now on."""
    if not type(one).objects.filter(pk=one.pk, revoked_at=None).update(revoked_at=at):
        raise KeyIsRevoked


def set_expiry(one: ApiKey | SigningSecret, *, until: datetime, at: datetime) -> datetime:
    """Let it expire then, unless it expires earlier; return when it does.

    With `until` = `at` it is revoked at once. Raises KeyIsRevoked, KeyHasExpired, TimeIsOver.
    """
    if not one.is_good(at):
        raise KeyIsRevoked if one.revoked_at else KeyHasExpired
    if until < at:
        raise TimeIsOver
    end = min(one.expires_at or until, until)
    if end <= at:
        revoke(one, at=at)
    else:
        type(one).objects.filter(pk=one.pk).update(expires_at=end)
    return end


def note_use(one: ApiKey | SigningSecret, *, at: datetime) -> None:
    """Record its use, to the minute; a concurrent change of the row is not waited for."""
    if one.last_used_at is not None and at - one.last_used_at < LAST_USED_PRECISION:
        return
    rows: QuerySet[Any] = type(one).objects.all()
    with transaction.atomic():
        free = rows.select_for_update(skip_locked=True, no_key=True).filter(
            Q(last_used_at=None) | Q(last_used_at__lte=at - LAST_USED_PRECISION), pk=one.pk
        )
        rows.filter(pk__in=free.values("pk")).update(last_used_at=at)
