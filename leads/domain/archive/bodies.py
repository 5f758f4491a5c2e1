"""The raw body of a delivery, wherever it lies: in the database, or in the archive."""

import hashlib
import zlib

from billing_engine.core.errors import Refused
from billing_engine.core.outside.objects import NotThere, archive
from leads.models import ArchivedBody, Delivery

QUICKLY = 1  # level of zlib, as at intake
NOTHING = b""


class BodyNotInArchive(Refused):
    """The archive has no object with this body, or one with other bytes."""

    code = "body_not_in_archive"
    message = "The archive doesn't have this raw body as it was stored. Check the bucket, and its earlier versions."


def body_of(delivery: Delivery) -> bytes:
    """Return the body as it is kept: as it was received, or as an erasure left it. Raises BodyNotInArchive."""
    packed = bytes(delivery.body)
    return zlib.decompress(packed) if packed else archived_body(ArchivedBody.objects.get(delivery=delivery))


def archived_body(archived: ArchivedBody) -> bytes:
    """Return a body from the archive, compared with its digest. Raises BodyNotInArchive."""
    try:
        body = zlib.decompress(archive().take(name_of(archived)))
    except (NotThere, zlib.error) as error:
        raise BodyNotInArchive from error
    if hashlib.sha256(body).hexdigest() != archived.sha256:
        raise BodyNotInArchive
    return body


def beginning_of(delivery: Delivery, size: int) -> bytes:
    """Return at most the first bytes of the body."""
    packed = bytes(delivery.body)
    return zlib.decompressobj().decompress(packed, size) if packed else body_of(delivery)[:size]


def name_of(archived: ArchivedBody) -> str:
    """Return the object's name: two deliveries never share one, so that one can leave without the other."""
    return f"bodies/{archived.delivery_id}/{archived.sha256}"


def packed(body: bytes) -> bytes:
    """Return the body as the database keeps it."""
    return zlib.compress(body, QUICKLY)
