"""Logging in by passkey in a real browser, with an authenticator that the browser simulates."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from billing_engine.core.models import Deed
from tests.e2e.conftest import log_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def key(page: Page) -> None:
    """A platform authenticator, such as a fingerprint reader, that always answers."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": device})


def test_a_person_adds_a_passkey_and_logs_in_with_nothing_else(page: Page, key: None, people: dict[str, User]) -> None:
    log_in(page, "finance")
    page.goto("/admin/account/second-factor/")
    page.get_by_role("link", name="Add passkey").click()
    page.locator("[name=passwordless]").check()
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_text("Each code works once")).to_be_visible()
    assert Authenticator.objects.filter(user=people["finance"], type="webauthn").count() == 1

    page.context.clear_cookies()
    page.goto("/admin/login/?next=/admin/account/sessions/")
    page.get_by_role("button", name="Log in with a passkey").click()

    expect(page.get_by_text("Where you are logged in.").or_(page.get_by_text("Received")).first).to_be_visible()
    verbs = list(Deed.objects.filter(person=people["finance"]).order_by("pk").values_list("verb", flat=True))
    assert verbs == ["logged_in", "second_factor_added", "logged_in"]


def test_a_passkey_is_a_second_factor_after_the_password(page: Page, key: None, people: dict[str, User]) -> None:
    log_in(page, "finance")
    page.goto("/admin/account/second-factor/passkeys/add/")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_text("Each code works once")).to_be_visible()

    page.context.clear_cookies()
    page.goto("/admin/login/")
    page.locator("[name=login]").fill("finance")
    page.locator("[name=password]").fill("a long password")
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("button", name="Use a passkey").click()

    expect(page.get_by_text("Received").first).to_be_visible()
