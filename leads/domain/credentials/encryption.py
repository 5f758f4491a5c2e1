"""Encrypt secrets that must be read again with a key derived from SECRET_KEY; the database alone reveals nothing."""

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"leads: signing secrets"


def encrypt(text: str) -> bytes:
    """Encrypt and authenticate the text."""
    return _lock(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS).encrypt(text.encode())


def decrypt(sealed: bytes | memoryview) -> str | None:
    """Decrypt; None if it was encrypted under a SECRET_KEY that is neither the current one nor a fallback."""
    try:
        return _lock(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS).decrypt(bytes(sealed)).decode()
    except InvalidToken:
        return None


@lru_cache(maxsize=4)
def _lock(*secrets: str) -> MultiFernet:
    return MultiFernet([Fernet(_derived(secret)) for secret in secrets])


def _derived(secret: str) -> bytes:
    return urlsafe_b64encode(HKDF(SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode()))
