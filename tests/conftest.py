"""What every test may ask for."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from hypothesis import settings as hypothesis
from playwright.sync_api import Browser, sync_playwright

from tests.e2e import chromium

# Tests have no timings: a busy machine is not a fault in the code.
hypothesis.register_profile("house", deadline=None)
hypothesis.load_profile("house")


@pytest.fixture(autouse=True)
def _settings(settings: LazySettings) -> None:
    """Tests need no hashed file names, no slow passwords and no broker: work asked for is found by calling the sweep."""
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = chromium.found()
    if program is None:
        pytest.fail(chromium.HOW_TO_GET_ONE)
    quiet = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=quiet)
        yield browser
        browser.close()


@pytest.fixture
def now() -> datetime:
    """An instant in the middle of a month, so that month ends are far away unless a test goes there."""
    return datetime(2026, 10, 15, 12, tzinfo=UTC)


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_user("olga", password="a long password")


@pytest.fixture
def accountant(db: None) -> User:
    return User.objects.create_user("frank", password="a long password")
