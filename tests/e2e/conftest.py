"""A real browser, the real pages and a real worker."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import Group, User
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from billing_engine.roles import ensure_roles
from tests.processes import empty_broker, worker

# Playwright's event loop runs in this thread, along with the tests' synchronous queries.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

PASSWORD = "a long password"


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A new window; any error in its console fails the test."""
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(15_000)
    expect.set_options(timeout=20_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@contextmanager
def tab_of(browser: Browser, live_server: LiveServer, client: Client, **profile: Any) -> Iterator[Page]:
    """A window with the log-in of this client; any error in its console fails the test."""
    context = browser.new_context(base_url=live_server.url, **profile)
    context.add_cookies(
        [{"name": name, "value": each.value, "url": live_server.url} for name, each in client.cookies.items()]
    )
    page, errors = context.new_page(), list[str]()
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def people(transactional_db: None) -> dict[str, User]:
    """One user per role, named after it, and a second one in operations."""
    ensure_roles()
    found = {}
    for name, role in (
        ("operations", "Operations"),
        ("colleague", "Operations"),
        ("finance", "Finance"),
        ("viewer", "Viewer"),
    ):
        found[name] = User.objects.create_user(name, password=PASSWORD, is_staff=True)
        found[name].groups.add(Group.objects.get(name=role))
    return found


@pytest.fixture
def workers(transactional_db: None, tmp_path: Path, settings: LazySettings) -> Iterator[None]:
    """A Celery worker and its beat."""
    empty_broker()
    with worker(tmp_path, "worker"):
        yield


def log_in(page: Page, name: str) -> None:
    """Log in as this user, even if another one is logged in."""
    # An answer still on its way would set the cookies of the person who was logged in, after they were cleared.
    page.goto("about:blank")
    page.context.clear_cookies()
    page.goto("/admin/login/")
    page.locator("[name=login]").fill(name)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_text("Needs attention")).to_be_visible()
