"""People who save reports, and a mail server."""

import pytest
from django.contrib.auth.models import User

from tests.factories.reports import a_reader
from tests.invoices.conftest import post_office

__all__ = ["post_office"]


@pytest.fixture
def frank(db: None) -> User:
    """Finance."""
    return a_reader("frank")


@pytest.fixture
def olga(db: None) -> User:
    """Operations."""
    return a_reader("olga", "Operations")
