"""Fixtures: a signing key."""

import pytest
from django.conf import LazySettings

KEY = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"  # the first of RFC 8032's examples


@pytest.fixture
def signing(settings: LazySettings) -> str:
    """Proofs are on."""
    settings.PROOF_SIGNING_KEY = KEY
    return KEY
