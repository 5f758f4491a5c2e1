"""Finance disputes a charge of an issued invoice, credits it, and sends a statement, in a real browser."""

from datetime import timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import now
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from billing_engine.core.calendar.spans import Month
from invoices.domain.life.close import close
from invoices.domain.life.transitions import approve, issue
from invoices.models import Invoice
from leads.models import Customer
from pricing.domain.rate.rate import rate
from receivables.models import CreditNote, Paper
from tests.e2e.conftest import log_in
from tests.factories.leads import BillingPeriodFactory, CustomerFactory
from tests.invoices.made import a_price, received
from tests.processes import until
from tests.receivables.disputes.made import a_reason

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LAST_MONTH = Month.containing(now(), ZoneInfo("UTC")).previous()


@pytest.fixture
def invoice(people: dict[str, User]) -> Invoice:
    """An issued invoice over two requests at $18.00, with tax."""
    a_reason()
    a_price("18.00")
    customer = CustomerFactory.create(
        code="ASH", name="Ash & Sons", taxes=[{"name": "Sales tax", "rate": "10", "category": ""}]
    )
    period = BillingPeriodFactory.create(customer=customer, month=LAST_MONTH)
    received(period, 1, 1, at=LAST_MONTH.span(ZoneInfo("UTC")).start + timedelta(days=10))
    rate(period, at=now())
    draft = close(period, at=now())
    assert draft is not None
    return issue(approve(draft, by=people["finance"], at=now()), by=people["finance"], at=now())


def test_a_disputed_charge_becomes_a_credit_note_that_the_statement_shows(page: Page, invoice: Invoice, workers: None):
    log_in(page, "finance")
    line = invoice.lines.get(actions=2)
    page.goto(f"/admin/invoices/invoiceline/{line.pk}/change/")
    page.get_by_role("link", name="Dispute this line").click()
    page.get_by_role("radio", name="Invalid contact").check()
    page.get_by_role("button", name="Open dispute").click()
    expect(page.get_by_text("To pay without what is disputed: $0.00")).to_be_visible()

    _press(page, "Ask for evidence", words="Please send the bounce messages.")
    page.get_by_role("link", name="Accept in part").click()
    page.get_by_role("checkbox").first.check()
    page.get_by_role("textbox", name="What the customer reads").fill("One address bounced, the other answered.")
    page.get_by_role("button", name="Accept in part").click()

    page.get_by_role("link", name="Credit note draft").click()
    _press(page, "Approve")
    _press(page, "Issue")
    until(lambda: Paper.objects.filter(state="kept").exists())
    note = CreditNote.objects.get()
    page.goto(f"/admin/receivables/creditnote/{note.pk}/change/")
    assert "$19.80 credited" in _pdf(page, "Download PDF")

    page.goto(f"/admin/receivables/account/{Customer.objects.get().pk}/")
    page.get_by_role("link", name="Statement", exact=True).click()
    expect(page.get_by_text("$19.80 open")).to_be_visible()
    expect(page.get_by_role("link", name=f"Credit note {note.number}")).to_be_visible()
    paper = _pdf(page, "PDF")
    assert note.number in paper
    assert "$19.80 open" in paper


def _press(page: Page, name: str, *, words: str = "") -> None:
    page.get_by_role("link", name=name).click()
    if words:
        page.get_by_role("textbox", name="What the customer reads").fill(words)
    page.get_by_role("button", name=name).click()
    expect(page.get_by_role("button", name=name)).to_have_count(0)


def _pdf(page: Page, name: str) -> str:
    address = page.get_by_role("link", name=name).last.get_attribute("href")
    assert address
    return "\n".join(each.extract_text() for each in PdfReader(BytesIO(page.request.get(address).body())).pages)
