"""One idempotency key, one delivery: the same key gets the same answer again."""

import zlib

from django.db import connection

from billing_engine.core import log_context
from billing_engine.core.errors import Refused
from leads.domain import limits
from leads.domain.intake.receipt import Receipt
from leads.models import Delivery, Source

KEY_CHARACTERS = 200

# The second request with a key waits until the first has committed, and then finds its answer; or gives up, and is told to
# come again. Released with the transaction, however that ends.
LOCK = """
    SELECT set_config('lock_timeout', %s, true),
           pg_advisory_xact_lock(hashtextextended('idempotency key ' || %s || ' ' || %s, 0))
"""


class IdempotencyKeyInvalid(Refused):
    """No key that could be kept."""

    code = "idempotency_key_invalid"
    http_status = 400
    message = (
        f"An Idempotency-Key has from 1 to {KEY_CHARACTERS} characters of ASCII, none of them a control character."
    )


class IdempotencyKeyReused(Refused):
    """The key belongs to another body."""

    code = "idempotency_key_reused"
    message = "This Idempotency-Key came before with another body: use a new key for a new body."


def check_key(key: str) -> None:
    """Raise IdempotencyKeyInvalid for a key that cannot be kept."""
    if not (0 < len(key) <= KEY_CHARACTERS and key.isascii() and key.isprintable()):
        raise IdempotencyKeyInvalid


def earlier_receipt(source: Source, key: str, *, body_sha256: str) -> Receipt | None:
    """The receipt that the key got before, if any; until the transaction ends, no other request uses the key.

    Only what is stored uses its key up: a refused request may be corrected and sent under the same one. Keys are kept as
    long as their deliveries, which is forever. Raises IdempotencyKeyReused where it came with another body.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [f"{limits.WAITING_SECONDS * 1000:.0f}", str(source.pk), key])
    found = Delivery.objects.filter(source=source, idempotency_key=key).values_list("pk", "body_sha256", "answer")
    for delivery_id, kept_sha256, answer in found:
        if kept_sha256 != body_sha256:
            raise IdempotencyKeyReused
        log_context.follow(delivery=delivery_id)
        return Receipt.again(delivery_id, zlib.decompress(answer))
    return None
