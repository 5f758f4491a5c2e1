"""What the tests of accounts share: people with passwords, and counters that start at zero."""

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from tests.factories.people import superuser, with_role

PASSWORD = "a long password"


@pytest.fixture(autouse=True)
def _no_attempts() -> None:
    cache.clear()


@pytest.fixture
def frank(db: None) -> User:
    """A person of finance with a password."""
    return with_password(with_role("Finance"))


@pytest.fixture
def boss(db: None) -> User:
    return with_password(superuser())


def with_password(user: User) -> User:
    user.set_password(PASSWORD)
    user.email = f"{user.username}@swatchyard.example"
    user.save()
    return user


def log_in(client: Client, name: str, password: str = PASSWORD, **extra: str) -> HttpResponse:
    """Send the log-in form."""
    return client.post("/admin/login/", {"login": name, "password": password}, **extra)


def is_in(client: Client) -> bool:
    """Whether the front page opens."""
    return client.get("/admin/").status_code == 200
