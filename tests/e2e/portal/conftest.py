"""What these tests share: November 10, a customer with an issued invoice of October, and browsers of its people."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from leads.models import Customer
from tests.e2e.conftest import tab_of
from tests.factories.leads import CustomerFactory
from tests.receivables.disputes.made import a_reason

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
PROFILES = {"desktop": DESKTOP, "phone": PHONE}
LONG_NAME = "Arbor & Grain Architectural Veneers and Sustainable Timber Surfaces"

Window = Callable[..., Page]


@pytest.fixture(autouse=True)
def _november(settings: LazySettings) -> Iterator[None]:
    """A week after October was invoiced, so that it can be disputed; and codes of an app may be half a minute old."""
    settings.MFA_TOTP_TOLERANCE = 1
    cache.clear()  # the counters of log-ins
    with time_machine.travel(datetime(2026, 11, 10, 12, tzinfo=UTC)):
        yield


@pytest.fixture
def northlight(transactional_db: None) -> Customer:
    a_reason()
    return CustomerFactory.create(name=LONG_NAME, time_zone="America/Chicago", code="NORTHLIGHT")


@pytest.fixture
def window(browser: Browser, live_server: LiveServer) -> Iterator[Window]:
    """Open a page in a browser with a profile of its own; any error in its console fails the test."""
    with ExitStack() as open_windows:
        yield lambda client=None, **profile: open_windows.enter_context(
            tab_of(browser, live_server, client or Client(), **(profile or DESKTOP))
        )


def code_of(secret: str) -> str:
    """What an authenticator app with this secret shows now."""
    counters = list(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(secret, counters[len(counters) // 2]))
