"""Fixtures: people of finance."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.factories.people import with_role
from tests.invoices.conftest import post_office

__all__ = ["post_office"]


@pytest.fixture
def frank(db: None) -> User:
    """Finance."""
    return with_role("Finance")


@pytest.fixture
def fay(db: None) -> User:
    """Another person in finance."""
    return with_role("Finance")


@pytest.fixture
def finance(frank: User, client: Client) -> Client:
    """Finance's browser."""
    client.force_login(frank)
    return client
