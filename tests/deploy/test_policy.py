"""The content security policy, in a real browser: the admin works without violating it."""

import pytest
from playwright.sync_api import Browser

from tests.deploy.roles import PASSWORD, Deployed

pytestmark = [pytest.mark.processes, pytest.mark.browser]

PAGES = (
    "/admin/",
    "/admin/leads/customer/add/",
    "/admin/leads/source/add/",
    "/admin/leads/source/",
    "/admin/leads/quarantineditem/",
    "/admin/pricing/pricerule/",
    "/admin/pricing/pricerule/add/",
    "/admin/invoices/invoice/",
    "/admin/auth/user/",
    "/admin/accounts/invitation/add/",
    "/admin/password_change/",
    "/admin/account/sessions/",
    "/admin/account/second-factor/",
    "/admin/account/second-factor/app/add/",
    "/admin/account/second-factor/passkeys/add/",
    "/api/docs/",
)


def test_the_admin_and_the_api_page_work_under_the_policy(engine: Deployed, browser: Browser):
    assert _complaints(browser, engine.address) == []


def _complaints(browser: Browser, address: str) -> list[str]:
    page = browser.new_page(base_url=address, viewport={"width": 1440, "height": 900})
    heard: list[str] = []
    page.on("console", lambda message: heard.append(f"{page.url}: {message.text}") if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(f"{page.url}: {error}"))
    page.goto("/admin/login/")
    page.locator("[name=login]").fill("root")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_text("Received").first.wait_for()
    for path in PAGES:
        answer = page.goto(path, wait_until="networkidle")
        assert answer is not None
        assert answer.status == 200, path
        assert "script-src 'self' 'unsafe-eval';" in answer.headers["content-security-policy"]
    page.get_by_text("/api/v1/deliveries").first.wait_for()
    return heard
