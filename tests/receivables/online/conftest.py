"""Paying online is on, at a server of our own; the library does not wait between its tries."""

from collections.abc import Iterator

import pytest
import stripe
from django.conf import LazySettings

from tests.receivables.online.made import SECRET
from tests.receivables.online.stripe_server import KEY, Provider, opened


@pytest.fixture
def provider(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0)
    with opened() as found:
        settings.ONLINE_PAYMENTS = {
            "secret_key": KEY,
            "webhook_secret": SECRET,
            "api_base": found.base,
            "site": "https://billing.example",
        }
        yield found
