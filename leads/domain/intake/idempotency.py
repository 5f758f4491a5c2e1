"""Idempotency keys: a repeated key gets the same receipt and stores nothing."""

import zlib

from django.db import connection

from billing_engine.core import log_context
from billing_engine.core.errors import Refused
from leads.domain import limits
from leads.domain.intake.receipt import Receipt
from leads.models import Delivery, Source

KEY_CHARACTERS = 200

# A second request with the same key waits until the first has committed and then finds its receipt, or times out and is
# told to retry. The lock is released with the transaction, however it ends.
LOCK = """
    SELECT set_config('lock_timeout', %s, true),
           pg_advisory_xact_lock(hashtextextended('idempotency key ' || %s || ' ' || %s, 0))
"""


class IdempotencyKeyInvalid(Refused):
    """The key is empty, too long, or has invalid characters."""

    code = "idempotency_key_invalid"
    http_status = 400
    message = f"An Idempotency-Key must have 1 to {KEY_CHARACTERS} printable ASCII characters."


class IdempotencyKeyReused(Refused):
    """The key was used with a different body."""

    code = "idempotency_key_reused"
    message = "This Idempotency-Key was already used with a different body. Use a new key for each body."


def check_key(key: str) -> None:
    """Raise IdempotencyKeyInvalid for an invalid key."""
    if not (0 < len(key) <= KEY_CHARACTERS and key.isascii() and key.isprintable()):
        raise IdempotencyKeyInvalid


def earlier_receipt(source: Source, key: str, *, body_sha256: str, is_test: bool) -> Receipt | None:
    """Return the receipt that this key got before, if any, and reserve the key until the transaction ends.

    Only a stored delivery uses up its key: a refused request may be corrected and sent with the same one. Keys are kept as
    long as their deliveries, which is forever; what was sent as a test leaves them free. Raises IdempotencyKeyReused if the
    body differs.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [f"{limits.WAITING_SECONDS * 1000:.0f}", str(source.pk), key])
    named = Delivery.objects.filter(source=source, idempotency_key=key, is_test=is_test)
    found = named.values_list("pk", "body_sha256", "answer")
    for delivery_id, kept_sha256, answer in found:
        if kept_sha256 != body_sha256:
            raise IdempotencyKeyReused
        log_context.follow(delivery=delivery_id)
        return Receipt.again(delivery_id, zlib.decompress(answer))
    return None
