"""Finance closes a month in a real browser: run, approve, lock, issue, close; the PDF matches the page."""

import re
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import now
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from billing_engine.core.calendar.spans import Month
from invoices.domain.wording import month_in_words
from invoices.models import BillingCycle, Invoice
from leads.domain.body.decode import as_json
from leads.domain.intake.receive import receive
from leads.models import ActionType, Source
from pricing.domain.rule_book.rules import activate
from tests.e2e.conftest import log_in
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory
from tests.factories.pricing import PriceRuleFactory
from tests.processes import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LAST_MONTH = Month.containing(now(), ZoneInfo("UTC")).previous()
IN_IT = LAST_MONTH.span(ZoneInfo("UTC")).start + timedelta(days=10)
AMOUNT = re.compile(r"\$[\d,]+\.\d\d")


@pytest.fixture
def company(people: dict[str, User]) -> None:
    """Three brands with last month's actions; the brochures of one have no price yet."""
    for code, name in (("ASH", "Ash Veneers"), ("BIRCH", "Birch & Sons"), ("CEDAR", "Cedar Mill")):
        # Without the annex, whose amounts are on the pages of the lines.
        customer = CustomerFactory.create(code=code, name=name, tax_rate=Decimal("8.875"), detail_annex=False)
        ProductFactory.create(customer=customer, sku=f"SKU-{code}", name=f"{name} sample box")
    samples = ActionTypeFactory.create(code="sample_order", name="Sample order")
    ActionTypeFactory.create(code="brochure", name="Brochure")
    PriceRuleFactory.create(name="Samples", unit_price=Decimal("2.333333"), action_type=samples)
    source = SourceFactory.create(code="web")
    for place, code in enumerate(("ASH", "BIRCH", "CEDAR"), start=1):
        _send(source, code, "sample_order", 3 * place)
    _send(source, "CEDAR", "brochure", 1)
    _send(source, "CEDAR", "nobody_knows", 1)


def _send(source: Source, code: str, kind: str, count: int) -> None:
    actions = [{"id": f"{kind}-{n}", "type": kind, "occurred_at": IN_IT.isoformat()} for n in range(count)]
    lead = {"id": f"L-{code}", "product": {"sku": f"SKU-{code}"}, "actions": actions}
    receive(source, body=as_json(lead).encode(), content_type="application/json", received_at=IN_IT)


def test_finance_closes_a_month_and_the_pdf_says_to_the_cent_what_the_page_says(
    page: Page, company: None, workers: None, people: dict[str, User]
):
    log_in(page, "finance")
    page.get_by_role("link", name="Month close").first.click()
    page.get_by_role("link", name=month_in_words(str(LAST_MONTH))).click()
    expect(page.get_by_text("0 of 3 periods billed")).to_be_visible()
    expect(page.get_by_role("link", name="1 in quarantine")).to_be_visible()

    _press(page, "Start billing run", "Start billing run")
    expect(page.get_by_text("2 of 3 periods billed")).to_be_visible()
    expect(
        page.get_by_text("1 action is unrated. Operations must add a price rule for it, or waive it with a reason.")
    ).to_be_visible()

    _price_the_brochures(people["operations"])
    page.reload()
    _press(page, "Start billing run", "Start billing run")
    expect(page.get_by_text("3 of 3 periods billed")).to_be_visible()
    expect(page.get_by_text("3 drafts to go")).to_be_visible()
    expect(page.get_by_text("does not add up")).to_have_count(0)

    _press(page, "Approve all", "Approve all")
    until(lambda: Invoice.objects.filter(state="approved").count() == 3)
    expect(page.get_by_text("3 approved invoices to go")).to_be_visible()
    _lock_with_a_reason(page)
    _press(page, "Issue all", "Issue all")
    until(lambda: Invoice.objects.filter(state="issued").count() == 3)
    _close_with_a_reason(page)
    expect(page.get_by_text(f"{month_in_words(str(LAST_MONTH))} is closed.")).to_be_visible()
    assert BillingCycle.objects.get().state == "closed"

    for invoice in Invoice.objects.all():
        _page_and_paper_agree(page, invoice)


def _price_the_brochures(by: User) -> None:
    kind = ActionType.objects.get(code="brochure")
    draft = PriceRuleFactory.create(draft=True, name="Brochures", unit_price=Decimal("0.40"), action_type=kind)
    activate(draft, by=by, at=now())


def _press(page: Page, opens: str, confirms: str) -> None:
    page.get_by_role("link", name=opens).click()
    page.get_by_role("button", name=confirms).click()
    expect(page.get_by_role("button", name=confirms)).to_have_count(0)


def _lock_with_a_reason(page: Page) -> None:
    page.get_by_role("link", name="Lock").click()
    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_text("1 item in quarantine will be left behind. Enter a reason.")).to_be_visible()
    page.get_by_role("textbox", name="Reason").fill("The website sent an unknown action type; they are fixing it.")
    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_text("takes no new actions")).to_be_visible()


def _close_with_a_reason(page: Page) -> None:
    page.get_by_role("link", name="task_alt Close").click()
    page.get_by_role("textbox", name="Reason").fill("As when it was locked.")
    page.get_by_role("button", name="Close", exact=True).last.click()


def _page_and_paper_agree(page: Page, invoice: Invoice) -> None:
    """Check that every amount on the page is on the PDF, as often and in the same order."""
    page.goto(f"/admin/invoices/invoice/{invoice.pk}/change/")
    shown = AMOUNT.findall(page.locator(".paper").first.inner_text())
    address = page.get_by_role("link", name="PDF").first.get_attribute("href")
    assert address
    content = page.request.get(address).body()
    paper = "\n".join(part.extract_text() for part in PdfReader(BytesIO(content)).pages)
    assert sorted(AMOUNT.findall(paper)) == sorted(shown)
    assert invoice.number in paper
    assert shown
