"""A mail server, and the site that links lead to."""

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User

from tests.factories.people import with_role
from tests.invoices.conftest import post_office  # noqa: F401 -- a fixture is found where it is imported

SITE = "https://billing.example.com"


@pytest.fixture(autouse=True)
def _site(settings: LazySettings) -> None:
    settings.ONLINE_PAYMENTS = {**settings.ONLINE_PAYMENTS, "site": SITE}


@pytest.fixture
def frank(db: None) -> User:
    """Finance."""
    return with_role("Finance")
