"""Verify deliveries signed by the Standard Webhooks scheme: the body was signed with the secret, moments ago."""

import logging
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from secrets import token_bytes

from django.contrib.auth.models import User
from django.db import transaction
from standardwebhooks import Webhook, WebhookVerificationError

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from leads.domain.credentials.encryption import decrypt, encrypt
from leads.domain.credentials.lifetime import SecretNotUsable, note_use, set_expiry
from leads.models import SigningSecret, Source

SECRET_CREATED = Verb("signing_secret_created", "Signing secret created")
SECRET_ROTATED = Verb("signing_secret_rotated", "Signing secret rotated")

logger = logging.getLogger(__name__)

TOLERANCE = timedelta(minutes=5)
PREFIX = "whsec_"
SECRET_BYTES_AT_LEAST = 24
SECRET_LENGTH = 200
SECRETS = "SELECT * FROM leads_signingsecret WHERE source_id = %s AND revoked_at IS NULL"
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


class SignatureMissing(Refused):
    """This source must sign its deliveries."""

    code = "signature_missing"
    http_status = 401
    message = f"This source must sign its deliveries. Send all three headers: {ID}, {TIMESTAMP} and {SIGNATURE}."


class SignatureNotValid(Refused):
    """The body was changed after signing, or signed with another secret."""

    code = "signature_not_valid"
    http_status = 401
    message = "No signature is valid. Sign `id.timestamp.body` by HMAC-SHA256 with this source's signing secret."


class SignatureStale(Refused):
    """The signature is too old or from the future."""

    code = "signature_stale"
    http_status = 401


@transaction.atomic
def create_secret(source: Source, *, by: User | None = None, given: str = "") -> tuple[SigningSecret, str]:
    """Create a secret; return it with its plaintext, which can't be shown again. `given` is a secret from the sender."""
    secret, plaintext = _new_secret(source, by=by, given=given)
    record(SECRET_CREATED, on=secret, by=by, after={"starts_with": secret.hint}, also=[source])
    return secret, plaintext


def _new_secret(source: Source, *, by: User | None, given: str) -> tuple[SigningSecret, str]:
    plaintext = given.strip() or PREFIX + b64encode(token_bytes(32)).decode()
    if not is_usable_secret(plaintext):
        raise SecretNotUsable
    hint = plaintext[: len(PREFIX) + 4]
    return SigningSecret.objects.create(source=source, sealed=encrypt(plaintext), hint=hint, created_by=by), plaintext


@transaction.atomic
def rotate_secret(
    secret: SigningSecret, *, until: datetime, by: User | None, at: datetime, given: str = ""
) -> tuple[SigningSecret, str]:
    """Create a secret to replace this one, which stays valid until then; both are accepted in between."""
    end = set_expiry(SigningSecret.objects.select_for_update().get(pk=secret.pk), until=until, at=at)
    new, plaintext = _new_secret(secret.source, by=by, given=given)
    before, after = {"starts_with": secret.hint}, {"starts_with": new.hint, "earlier_secret_valid_until": end}
    record(SECRET_ROTATED, on=new, by=by, before=before, after=after, also=[secret, secret.source])
    return new, plaintext


def verify(source: Source, *, headers: Mapping[str, str], body: bytes, at: datetime) -> str:
    """Verify the signature and return the webhook-id; "" if the delivery isn't signed and doesn't have to be.

    Raises SignatureMissing, SignatureStale or SignatureNotValid. The body is uncompressed. The same ID with the same body is a
    harmless repetition.
    """
    signed = {name: headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE)}
    if not any(signed.values()) and not source.signature_required:
        return ""
    secrets = [one for one in SigningSecret.objects.raw(SECRETS, [source.pk]) if one.is_usable(at)]
    if not secrets and not source.signature_required:
        return ""  # without a secret, the headers mean nothing
    if not all(signed.values()):
        raise SignatureMissing
    _refuse_stale(signed[TIMESTAMP], at)
    fitting = next((one for one in secrets if _fits(one, signed, body)), None)
    if fitting is None:
        raise SignatureNotValid
    note_use(fitting, at=at)
    return signed[ID]


def _refuse_stale(timestamp: str, at: datetime) -> None:
    if not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 11:
        raise SignatureStale(f"{TIMESTAMP} must be in whole seconds since 1970.")
    signed_at = datetime.fromtimestamp(int(timestamp), tz=UTC)
    if abs(at - signed_at) > TOLERANCE:
        minutes = TOLERANCE.seconds // 60
        raise SignatureStale(
            f"Signed at {signed_at.isoformat()}, received at {at.isoformat(timespec='seconds')}:"
            f" more than {minutes} minutes apart. Sign each attempt separately."
        )


def _fits(secret: SigningSecret, signed: dict[str, str], body: bytes) -> bool:
    plaintext = decrypt(secret.sealed)
    if plaintext is None:
        logger.error("Signing secret %s can't be read: SECRET_KEY has changed.", secret.pk)
        return False
    try:
        Webhook(plaintext).verify(body, signed, json_parse=False)
    except (WebhookVerificationError, ValueError):  # ValueError: not UTF-8, not base64, no comma
        return False
    return True


def is_usable_secret(plaintext: str) -> bool:
    """Return whether this is a secret as Standard Webhooks writes one."""
    key = plaintext.removeprefix(PREFIX).rstrip("=")
    if not plaintext.startswith(PREFIX) or len(plaintext) > SECRET_LENGTH:
        return False
    try:
        return len(b64decode(key + "=" * (-len(key) % 4), validate=True)) >= SECRET_BYTES_AT_LEAST
    except ValueError:
        return False
