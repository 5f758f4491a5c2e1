"""People of the finance department."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.factories.people import with_role


@pytest.fixture
def frank(db: None) -> User:
    """Finance."""
    return with_role("Finance")


@pytest.fixture
def finance(frank: User, client: Client) -> Client:
    """Finance's browser."""
    client.force_login(frank)
    return client


@pytest.fixture
def viewer(db: None) -> Client:
    """The browser of somebody who may look at everything and change nothing."""
    browser = Client()
    browser.force_login(with_role("Viewer"))
    return browser
