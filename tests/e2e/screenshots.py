"""Take the pictures in docs/ from the real pages: `make run` in one terminal, `make screenshots` in another."""

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from pypdfium2 import PdfDocument

from tests.e2e import chromium

PICTURES = Path(__file__).resolve().parent.parent.parent / "docs" / "pictures"
FIRST = "#result_list tbody a"
REVISED = "Quote request"
DRAFTS = f"/admin/pricing/pricerule/?state__exact=draft&q={REVISED}"
EXPLORED = "/admin/reports/explorer/?show=amount,actions,average&group=source,product&columns=month&days=last_quarter"
# (picture, user, page, what to open on it, what to scroll to)
PAGES = (
    ("front-page", "finance", "/admin/", "", ""),
    ("front-page-operations", "operations", "/admin/", "", ""),
    ("invoices", "finance", "/admin/invoices/invoice/", "", ""),
    ("columns", "finance", "/admin/invoices/invoice/", "text=Columns", ""),
    ("price-rules", "operations", "/admin/pricing/pricerule/", "", ""),
    ("rule-editor", "operations", DRAFTS, FIRST, ""),
    ("simulation", "operations", "/admin/pricing/simulation/", FIRST, ""),
    ("charge", "operations", "/admin/pricing/charge/", FIRST, ""),
    ("quarantine", "operations", "/admin/leads/quarantineditem/", "", ""),
    ("unrated", "operations", "/admin/pricing/unratedaction/", "", ""),
    ("month-close", "finance", "/admin/invoices/billingcycle/", ":nth-match(#result_list tbody a, 2)", ""),
    ("billing-run", "finance", "/admin/invoices/billingrun/", FIRST, ""),
    ("invoice", "finance", "/admin/invoices/invoice/?q=Northlight", FIRST, ""),
    ("explorer", "finance", EXPLORED, "", ""),
)


def main(address: str) -> None:
    """Take every picture from the engine at `address`."""
    program = chromium.found() or sys.exit(chromium.HOW_TO_GET_ONE)
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=["--no-sandbox"])
        _draft_and_simulate(browser.new_page(base_url=address))
        for name, person, path, link, top in PAGES:
            page = browser.new_page(base_url=address, viewport={"width": 1280, "height": 800})
            _log_in(page, person)
            page.goto(path)
            if link:
                page.locator(link).first.click()
            page.wait_for_load_state("networkidle")
            if top:
                page.locator(top).evaluate("each => each.scrollIntoView()")
                page.mouse.wheel(0, -80)  # the bar at the top covers it
                page.wait_for_timeout(500)
            page.screenshot(path=PICTURES / f"{name}.png")
            print(f"docs/pictures/{name}.png")
            if name == "invoice":
                _draw_the_pdf(page)
            page.close()
        browser.close()


def _draft_and_simulate(page: Page) -> None:
    """Draft and simulate a price for next month, if there is none yet."""
    _log_in(page, "operations")
    page.goto(DRAFTS)
    if page.locator(FIRST).count():
        return
    page.goto("/admin/pricing/pricerule/")
    page.get_by_role("link", name=REVISED, exact=True).click()
    page.get_by_role("link", name="Revise").click()
    page.get_by_role("button", name="Create draft").click()
    page.get_by_label("Unit price", exact=True).fill("19.50")
    page.get_by_role("button", name="Save and simulate").click()
    page.locator(".sim-total").wait_for()
    page.close()


def _draw_the_pdf(page: Page) -> None:
    """Render the first page of the PDF of the invoice on the page."""
    address = page.get_by_role("link", name="PDF").first.get_attribute("href") or sys.exit("The invoice has no PDF.")
    with PdfDocument(page.request.get(address).body()) as paper:
        paper[0].render(scale=1.5).to_pil().save(PICTURES / "invoice-pdf.png")
    print("docs/pictures/invoice-pdf.png")


def _log_in(page: Page, person: str) -> None:
    page.goto("/admin/login/")
    page.locator("[name=login]").fill(person)
    page.locator("[name=password]").fill(f"sample-{person}")
    page.locator("[name=password]").press("Enter")
    page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
