"""Users who read reports."""

import pytest
from django.test import Client

from tests.factories.people import with_role


@pytest.fixture
def finance(db: None, client: Client) -> Client:
    """A client logged in as finance."""
    client.force_login(with_role("Finance"))
    return client
