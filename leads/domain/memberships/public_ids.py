"""The ids of rows in a customer's addresses: random to look at, and no other customer's key can read them.

An id is the row's number, encrypted together with the row's kind by the customer's own key (AES, one block). It needs no
column, never changes, and means nothing in the portal of another customer.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from hashlib import sha256

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from django.db.models import Model

from leads.models import CustomerPortal

LENGTH = 22  # characters of 128 bits in base64, without padding


def public_id(portal: CustomerPortal, row: Model) -> str:
    """Return the id of a row in this customer's addresses."""
    return public_id_of(portal, type(row), int(row.pk))


def public_id_of(portal: CustomerPortal, kind: type[Model], pk: int) -> str:
    """The same for a row that is not at hand."""
    locked = _cipher(portal).encryptor().update(_mark(kind) + pk.to_bytes(8))
    return urlsafe_b64encode(locked).rstrip(b"=").decode()


def row_number(portal: CustomerPortal, kind: type[Model], text: str) -> int | None:
    """Return the number of the row with this id; None if the id is not this customer's, or of another kind."""
    if len(text) != LENGTH:
        return None
    try:
        locked = urlsafe_b64decode(f"{text}==")
    except (Error, ValueError):
        return None
    opened = _cipher(portal).decryptor().update(locked)
    is_it = opened[:8] == _mark(kind) and public_id_of(portal, kind, int.from_bytes(opened[8:])) == text
    return int.from_bytes(opened[8:]) if is_it else None


def _cipher(portal: CustomerPortal) -> Cipher[ECB]:
    return Cipher(AES(bytes(portal.id_key)), ECB())  # noqa: S305 -- one block, never two


def _mark(kind: type[Model]) -> bytes:
    return sha256(kind._meta.concrete_model._meta.label_lower.encode()).digest()[:8]  # type: ignore[union-attr]  # a table
