"""Receivers on this machine, which deliveries reach only in tests; and a mail server."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from tests.invoices.conftest import post_office  # noqa: F401 -- a fixture is found where it is imported
from tests.receivables.webhooks.receiver import Receiver, opened


@pytest.fixture
def receiver(settings: LazySettings) -> Iterator[Receiver]:
    settings.WEBHOOKS_REACH_LOOPBACK = True
    with opened() as receiver:
        yield receiver
