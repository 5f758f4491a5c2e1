"""Fixtures shared by the tests in this folder."""

import pytest
from django.test import Client

from tests.factories.people import with_role


@pytest.fixture
def viewer(client: Client) -> Client:
    client.force_login(with_role("Viewer"))
    return client
