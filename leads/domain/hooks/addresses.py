"""The addresses of inbound webhooks: created, rotated without a gap, revoked, and found again by a call."""

import secrets
from base64 import b64encode
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from leads.domain.credentials.encryption import encrypt
from leads.domain.credentials.key_text import new_text
from leads.domain.credentials.lifetime import ExpiryInPast, KeyIsRevoked, SecretNotUsable, set_expiry
from leads.domain.credentials.signatures import PREFIX, is_usable_secret
from leads.domain.hooks.kinds.registry import KINDS
from leads.models import Hook, Source

HOOK_CREATED = Verb("hook_created", "Inbound webhook created")
HOOK_ROTATED = Verb("hook_rotated", "Address of an inbound webhook rotated")
HOOK_SECRET_CHANGED = Verb("hook_secret_changed", "Secret of an inbound webhook changed")

SECRET_CHARACTERS = 200
CREATED_BYTES = 24


class HookSecretMissing(Refused):
    """The sender creates this secret, so it must be given."""

    code = "hook_secret_missing"


class HookSecretUnusable(Refused):
    """The secret is too long, or has characters that no sender's tool shows."""

    code = "hook_secret_unusable"
    message = f"A secret must have 1 to {SECRET_CHARACTERS} printable ASCII characters."


class NewAddress(NamedTuple):
    """A new webhook with what is shown only once: the token of its address, and its secret if we created it."""

    hook: Hook
    token: str
    secret: str = ""


@transaction.atomic
def create_hook(source: Source, *, kind: Hook.Kind, given: str = "", by: User | None) -> NewAddress:
    """Create a webhook; `given` is the secret of the sender. Raises HookSecretMissing, or why the secret is unusable."""
    secret = _secret(kind, given)
    new = _new_hook(source, kind=kind, sealed=encrypt(secret), by=by)
    record(HOOK_CREATED, on=new.hook, by=by, after={"kind": kind.value, "prefix": new.hook.prefix}, also=[source])
    return new._replace(secret="" if given.strip() else secret)


@transaction.atomic
def rotate_hook(hook: Hook, *, until: datetime, by: User | None, at: datetime) -> NewAddress:
    """Create a second address with the same secret; the first stays valid until then, so that no call is lost."""
    old = Hook.objects.select_for_update().get(pk=hook.pk)
    end = set_expiry(old, until=until, at=at)
    new = _new_hook(hook.source, kind=Hook.Kind(old.kind), sealed=bytes(old.sealed), by=by)
    new.hook.fetch_sealed = old.fetch_sealed
    if old.earlier_sealed and old.earlier_until and old.earlier_until > at:
        new.hook.earlier_sealed, new.hook.earlier_until = old.earlier_sealed, old.earlier_until
    new.hook.save(update_fields=["earlier_sealed", "earlier_until", "fetch_sealed"])
    before, after = {"prefix": old.prefix}, {"prefix": new.hook.prefix, "earlier_address_valid_until": end}
    record(HOOK_ROTATED, on=new.hook, by=by, before=before, after=after, also=[hook, hook.source])
    return new


@transaction.atomic
def change_hook_secret(hook: Hook, *, given: str = "", until: datetime, by: User | None, at: datetime) -> NewAddress:
    """Replace the secret; calls signed with the earlier one are accepted until then. The address stays."""
    stored = Hook.objects.select_for_update().get(pk=hook.pk)
    if not stored.is_usable(at):
        raise KeyIsRevoked
    if until < at:
        raise ExpiryInPast
    secret = _secret(Hook.Kind(stored.kind), given)
    overlaps = until > at
    stored.earlier_sealed, stored.earlier_until = (stored.sealed, until) if overlaps else (None, None)
    stored.sealed = encrypt(secret)
    stored.save(update_fields=["sealed", "earlier_sealed", "earlier_until"])
    after = {"earlier_secret_valid_until": until}
    record(HOOK_SECRET_CHANGED, on=stored, by=by, after=after, also=[hook.source])
    return NewAddress(stored, "", "" if given.strip() else secret)


def _new_hook(source: Source, *, kind: Hook.Kind, sealed: bytes, by: User | None) -> NewAddress:
    text = new_text(Hook.MARK)
    hook = Hook.objects.create(
        source=source, kind=kind, prefix=text.prefix, digest=text.digest, sealed=sealed, created_by=by
    )
    return NewAddress(hook, text.plaintext)


def _secret(kind: Hook.Kind, given: str) -> str:
    """Return the secret that was given, or a new one if we create it."""
    given = given.strip()
    if not given and not KINDS[kind].creates_secret:
        raise HookSecretMissing(f"Paste the {KINDS[kind].secret_label.lower()} that {kind.label} shows.")
    if kind == Hook.Kind.STANDARD:
        secret = given or PREFIX + b64encode(secrets.token_bytes(32)).decode()
        if not is_usable_secret(secret):
            raise SecretNotUsable
        return secret
    if len(given) > SECRET_CHARACTERS or not given.isascii() or not given.isprintable():
        raise HookSecretUnusable
    return given or secrets.token_urlsafe(CREATED_BYTES)
