"""Fixtures that several tests of this folder share."""

import pytest
from django.contrib.auth.models import User

from tests.factories.people import UserFactory


@pytest.fixture
def vera(db: None) -> User:
    """A second person."""
    return UserFactory.create(username="vera")
