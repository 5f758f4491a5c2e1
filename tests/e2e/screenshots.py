"""The pictures in docs/, of the real pages: `make run` in one terminal, `make screenshots` in another."""

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.e2e import chromium

PICTURES = Path(__file__).resolve().parent.parent.parent / "docs" / "pictures"
# (picture, whose log-in, page, and what to open on it)
PAGES = (
    ("front-page", "finance", "/admin/", ""),
    ("price-rules", "operations", "/admin/pricing/pricerule/", ""),
    ("charge", "operations", "/admin/pricing/charge/", "#result_list tbody a"),
    ("quarantine", "operations", "/admin/leads/quarantineditem/", ""),
    ("unrated", "operations", "/admin/pricing/unratedaction/", ""),
    ("month-close", "finance", "/admin/invoices/billingcycle/", "#result_list tbody tr:nth-child(2) a"),
    ("billing-run", "finance", "/admin/invoices/billingrun/", "#result_list tbody a"),
    ("invoice", "finance", "/admin/invoices/invoice/?q=Northlight", "#result_list tbody a"),
    ("billing-activity", "finance", "/admin/reports/activity/", ""),
)


def main(address: str) -> None:
    """Take every picture from the engine at `address`."""
    program = chromium.found() or sys.exit(chromium.HOW_TO_GET_ONE)
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=["--no-sandbox"])
        for name, person, path, link in PAGES:
            page = browser.new_page(base_url=address, viewport={"width": 1280, "height": 800})
            _log_in(page, person)
            page.goto(path)
            if link:
                page.locator(link).first.click()
            page.wait_for_load_state("networkidle")
            page.screenshot(path=PICTURES / f"{name}.png")
            print(f"docs/pictures/{name}.png")
            page.close()
        browser.close()


def _log_in(page: Page, person: str) -> None:
    page.goto("/admin/login/")
    page.locator("[name=username]").fill(person)
    page.locator("[name=password]").fill(f"sample-{person}")
    page.locator("[name=password]").press("Enter")
    page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
