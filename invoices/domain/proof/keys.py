"""The keys that proofs are signed with: the private one is a setting, the public ones are kept with their times."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from billing_engine.core.errors import Refused
from invoices.domain.proof.verifier.bundle import Key
from invoices.domain.proof.writing import time_in_utc
from invoices.models import ProofKey

FORMAT = "lead-billing-proof-keys-1"


class KeyIsRetired(Refused):
    """A key that was replaced never signs again: what it signs would not be valid."""

    code = "proof_key_is_retired"
    message = "PROOF_SIGNING_KEY is a key that was replaced before. Set a new one."


@dataclass(frozen=True, slots=True)
class Signer:
    """The key in use."""

    key: ProofKey
    private: Ed25519PrivateKey

    def sign(self, content: bytes) -> bytes:
        """The signature of exactly these bytes."""
        return self.private.sign(content)


def is_on() -> bool:
    """Whether invoices get proofs: only with a signing key in the settings."""
    return bool(settings.PROOF_SIGNING_KEY)


def signer(*, at: datetime) -> Signer:
    """The key in the settings, in use from its first proof on; the key before it ends at that moment.

    The caller holds the lock of the chain. Raises KeyIsRetired.
    """
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(settings.PROOF_SIGNING_KEY))
    public = private.public_key().public_bytes_raw()
    key = ProofKey.objects.filter(public=public.hex()).first()
    if key is None:
        ProofKey.objects.filter(valid_to=None).update(valid_to=at)
        key = ProofKey.objects.create(public=public.hex(), digest=sha256(public).hexdigest(), valid_from=at)
    if key.valid_to is not None:
        raise KeyIsRetired
    return Signer(key, private)


def published() -> dict[str, Any]:
    """The list of keys as it is published, the newest first."""
    keys = [
        {
            "public": key.public,
            "digest": key.digest,
            "valid_from": time_in_utc(key.valid_from),
            "valid_to": key.valid_to and time_in_utc(key.valid_to),
        }
        for key in ProofKey.objects.order_by("-valid_from", "-pk")
    ]
    return {"format": FORMAT, "keys": keys}


def trusted() -> list[Key]:
    """The same, for checking a bundle."""
    return [Key(key["digest"], key["valid_from"], key["valid_to"]) for key in published()["keys"]]
