"""Fixtures: finance users, their browsers and a mail server."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client

from tests.factories.people import with_role
from tests.invoices.post import PostOffice, opened


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
    """The browser of a user who can see everything and change nothing."""
    browser = Client()
    browser.force_login(with_role("Viewer"))
    return browser


@pytest.fixture
def post_office(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostOffice]:
    """A real mail server; this process's mail goes there, and that of those it starts."""
    with opened() as (office, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        monkeypatch.setenv("EMAIL_URL", f"smtp://127.0.0.1:{port}")
        yield office
