"""A month in a real browser: change a price, view charges, bill the month, issue an invoice."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from pytest_django.live_server_helper import LiveServer

from billing_engine.core.calendar.spans import Month
from invoices.models import Invoice, InvoiceDocument
from leads.domain.credentials.api_keys import create_key
from leads.models import Action
from pricing.models import Charge, PriceRule
from tests.e2e.conftest import log_in
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory
from tests.factories.pricing import PriceRuleFactory
from tests.processes import until

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.django_db(transaction=True)]

UTC_ZONE = ZoneInfo("UTC")
LAST_MONTH = Month.containing(datetime.now(tz=UTC) - timedelta(hours=15), UTC_ZONE).previous()
IN_IT = LAST_MONTH.span(UTC_ZONE).start + timedelta(days=10)


@pytest.fixture
def company(people: dict[str, User], live_server: LiveServer) -> None:
    """A brand, a price of $2.50 per sample, and four samples ordered last month, sent over HTTP."""
    ProductFactory.create(sku="TILE-9", name="Zellige", customer__code="ACME", customer__name="Acme Tile")
    kind = ActionTypeFactory.create(code="sample_order", name="Sample order")
    PriceRuleFactory.create(name="Samples", unit_price=Decimal("2.50"), action_type=kind)
    _, key = create_key(SourceFactory.create(code="web"))
    orders = [{"id": n, "type": "sample_order", "quantity": 2, "occurred_at": IN_IT.isoformat()} for n in range(2)]
    lead = {"id": "L-1", "product": {"sku": "TILE-9"}, "contact": {"email": "ann@studio.example"}, "actions": orders}
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = Request(f"{live_server.url}/api/v1/deliveries", json.dumps(lead).encode(), headers)
    with urlopen(request) as response:
        assert response.status == 202


def amounts() -> list[Decimal]:
    return list(Charge.objects.order_by("pk").values_list("amount", flat=True))


def test_a_price_is_changed_the_month_is_billed_and_its_invoice_issued(page: Page, company: None, workers: None):
    until(lambda: amounts() == [5, 5])

    log_in(page, "operations")
    _draft_a_price(page)
    log_in(page, "colleague")
    _activate_it(page)
    until(lambda: amounts() == [6, 6])
    _see_why(page)

    log_in(page, "finance")
    _bill_the_month(page)
    _approve_and_issue(page)
    _open_the_pdf(page)


def _draft_a_price(page: Page) -> None:
    page.get_by_role("link", name="Price rules").first.click()
    page.get_by_role("link", name="Samples", exact=True).click()
    page.get_by_role("link", name="Revise").click()
    page.get_by_role("button", name="Create draft").click()
    page.get_by_label("Unit price", exact=True).fill("3")
    page.locator("input[name=wall_from_0]").fill(LAST_MONTH.span(UTC_ZONE).start.date().isoformat())
    page.locator("input[name=wall_from_1]").fill("00:00")
    page.get_by_role("button", name="Save draft").click()
    # of a second person, who may also activate it
    expect(page.get_by_role("button", name="Save and ask for approval")).to_be_visible()


def _activate_it(page: Page) -> None:
    page.goto(f"/admin/pricing/pricerule/{PriceRule.objects.get(unit_price=3).pk}/change/")
    page.get_by_role("button", name="Save and activate").click()
    page.get_by_label("Reason").fill("The contract says so")
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_role("link", name="Revise")).to_be_visible()
    revision = PriceRule.objects.get(unit_price=3)
    assert (revision.state, revision.activated_by.username if revision.activated_by else "") == ("active", "colleague")


def _see_why(page: Page) -> None:
    page.goto(f"/admin/pricing/charge/{Action.objects.order_by('pk')[0].pk}/change/")
    expect(page.get_by_text("Priced by “Samples”")).to_be_visible()
    expect(page.get_by_text("2 × $3.00 = $6.00.")).to_be_visible()


def _bill_the_month(page: Page) -> None:
    page.get_by_role("link", name="Billing runs").click()
    page.get_by_role("link", name="Start billing run").click()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "100")
    until(Invoice.objects.exists)


def _approve_and_issue(page: Page) -> None:
    invoice = Invoice.objects.get()
    page.goto(f"/admin/invoices/invoice/{invoice.pk}/change/")
    expect(page.get_by_text("$12.00 due")).to_be_visible()
    page.get_by_role("link", name="Approve").click()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("link", name="Issue").click()
    page.get_by_role("button", name="Issue").click()
    number = f"INV-{datetime.now(tz=UTC).year}-000001"
    expect(page.get_by_text(number).first).to_be_visible()
    invoice.refresh_from_db()
    assert (invoice.state, invoice.number, invoice.total) == ("issued", number, 12)


def _open_the_pdf(page: Page) -> None:
    until(lambda: InvoiceDocument.objects.get().is_kept)
    address = page.get_by_role("link", name="PDF").first.get_attribute("href")
    assert address
    answer = page.request.get(address)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    text = "\n".join(part.extract_text() for part in PdfReader(BytesIO(answer.body())).pages)
    assert Invoice.objects.get().number in text
    assert "Sample order" in text
    assert "Zellige" in text
    assert "$12.00" in text


def test_a_viewer_sees_everything_and_changes_nothing(page: Page, company: None):
    log_in(page, "viewer")

    page.goto(f"/admin/pricing/pricerule/{PriceRule.objects.get().pk}/change/")
    expect(page.get_by_text("$2.50 each", exact=True)).to_be_visible()
    assert page.get_by_role("link", name="Revise").count() == 0
    assert page.get_by_role("link", name="Users").count() == 0
    assert page.request.get("/admin/invoices/billingrun/").status == 200
    assert page.request.get("/admin/pricing/pricerule/add/").status == 403
