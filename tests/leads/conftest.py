"""Fixtures shared by the tests in this folder."""

import pytest
from django.test import Client

from leads.domain.credentials.api_keys import create_key
from leads.models import Source
from tests.factories.leads import SourceFactory
from tests.factories.people import with_role


@pytest.fixture
def key(source: Source) -> str:
    return create_key(source)[1]


@pytest.fixture
def operations(client: Client) -> Client:
    client.force_login(with_role("Operations"))
    return client


@pytest.fixture
def source() -> Source:
    return SourceFactory.create(code="web")
