"""Finance closes a month in a real browser: run, approve, lock, issue, close; the PDF matches the page."""

import re
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Group, User
from django.utils.timezone import now
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from billing_engine.core.calendar.spans import Month
from billing_engine.core.models import Deed
from invoices.domain.life.adjustments import adjust
from invoices.domain.month_close.bulk_action import BULK_ACTIONS, start_bulk_action
from invoices.domain.month_close.close_month import create_missing_months
from invoices.domain.run.billing_run import bill
from invoices.domain.wording import month_in_words
from invoices.models import BillingCycle, BillingRun, Invoice, InvoiceMail
from leads.domain.body.decode import as_json
from leads.domain.intake.receive import receive
from leads.models import ActionType, Source
from pricing.domain.rule_book.rules import activate
from tests.e2e.clicks import counted
from tests.e2e.conftest import PASSWORD, log_in
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory
from tests.factories.pricing import PriceRuleFactory
from tests.processes import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LAST_MONTH = Month.containing(now(), ZoneInfo("UTC")).previous()
IN_IT = LAST_MONTH.span(ZoneInfo("UTC")).start + timedelta(days=10)
AMOUNT = re.compile(r"\$[\d,]+\.\d\d")


APPROVE = BillingCycle.BulkAction.APPROVE


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


@pytest.fixture
def clean_company(people: dict[str, User]) -> None:
    """Three brands with last month's actions, all with prices and contacts; and a second person in finance."""
    samples = ActionTypeFactory.create(code="sample_order", name="Sample order")
    PriceRuleFactory.create(name="Samples", unit_price=Decimal("2.50"), action_type=samples)
    source = SourceFactory.create(code="web")
    for place, (code, name) in enumerate((("ASH", "Ash Veneers"), ("BIRCH", "Birch & Sons"), ("CEDAR", "Cedar Mill"))):
        customer = CustomerFactory.create(code=code, name=name, billing_contacts=[f"books@{code.lower()}.example"])
        ProductFactory.create(customer=customer, sku=f"SKU-{code}", name=f"{name} sample box")
        _send(source, code, "sample_order", 10 + place)
    create_missing_months()  # as beat does every minute
    second = User.objects.create_user("second", password=PASSWORD, is_staff=True)
    second.groups.add(Group.objects.get(name="Finance"))


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

    page.get_by_role("button", name="Start billing run").click()
    expect(page.get_by_text("2 of 3 periods billed")).to_be_visible()
    expect(
        page.get_by_text("1 action is unrated. Operations must add a price rule for it, or waive it with a reason.")
    ).to_be_visible()

    _price_the_brochures(people["operations"])
    page.reload()
    page.get_by_role("button", name="Start billing run").click()
    expect(page.get_by_text("3 of 3 periods billed")).to_be_visible()
    expect(page.get_by_text("3 drafts to go")).to_be_visible()
    expect(page.get_by_text("does not add up")).to_have_count(0)

    _press(page, "Approve all", "Approve all")
    until(lambda: Invoice.objects.filter(state="approved").count() == 3)
    expect(page.get_by_text("3 approved invoices to go")).to_be_visible()
    _lock_with_a_reason(page)
    page.get_by_role("link", name="Issue all").click()
    page.get_by_label("Email the invoices when they are issued").uncheck()
    page.get_by_role("button", name="Issue all").click()
    until(lambda: Invoice.objects.filter(state="issued").count() == 3)
    _close_with_a_reason(page)
    expect(page.get_by_text(f"{month_in_words(str(LAST_MONTH))} is closed.")).to_be_visible()
    assert BillingCycle.objects.get().state == "closed"

    for invoice in Invoice.objects.all():
        _page_and_paper_agree(page, invoice)


def test_a_clean_month_takes_one_person_eight_clicks(page: Page, clean_company: None, workers: None):
    log_in(page, "finance")
    with counted(page) as clicks:
        _run_and_approve(page)
        _issue_and_close(page)

    assert clicks.count <= 8
    assert _deeds() == ["month_locked", "issue_all_started", "send_all_started", "month_closed"]


def test_a_month_closed_by_two_people(page: Page, clean_company: None, workers: None, people: dict[str, User]):
    """The first runs, adjusts a draft and approves the others; the second approves that one, issues and closes."""
    log_in(page, "finance")
    with counted(page) as first:
        page.get_by_role("link", name="Continue closing").click()
        page.get_by_role("button", name="Start billing run").click()
        expect(page.get_by_text("3 drafts to go")).to_be_visible()
        adjusted = Invoice.objects.get(customer__code="BIRCH")
        adjust(adjusted, amount=Decimal(-5), text="Two twice", reason="Sent twice", by=people["finance"], at=now())
        page.get_by_role("link", name="Approve all").click()
        page.get_by_role("button", name="Approve all").click()
        skipped = page.get_by_role("region", name="Skipped by “Approve all”, 1 of 3")
        expect(
            skipped.get_by_text("You worked on this adjusted invoice, so another person must approve it.")
        ).to_be_visible()

    log_in(page, "second")
    with counted(page) as second:
        page.get_by_role("link", name="Continue closing").click()
        page.get_by_role("link", name=f"Draft {adjusted.pk}").first.click()
        page.get_by_role("link", name="Approve").click()
        page.get_by_role("button", name="Approve").click()
        page.get_by_role("link", name="Month close").first.click()
        page.get_by_role("link", name=month_in_words(str(LAST_MONTH))).click()
        _issue_and_close(page)

    assert (first.count <= 4, second.count <= 10) == (True, True)
    done = Invoice.objects.order_by("customer__name").values_list("state", "total", "approved_by__username")
    assert list(done) == [
        ("issued", Decimal("25.00"), "finance"),
        ("issued", Decimal("22.50"), "second"),
        ("issued", Decimal("30.00"), "finance"),
    ]


def test_a_dialog_stays_open_when_the_work_that_its_page_follows_is_done(page: Page, clean_company: None):
    log_in(page, "finance")
    page.get_by_role("link", name="Continue closing").click()
    page.get_by_role("button", name="Start billing run").click()  # no worker is there
    for run in BillingRun.objects.all():
        bill(*run.items.values_list("pk", flat=True), at=now())
    expect(page.get_by_role("link", name="Approve all")).to_be_visible()
    start_bulk_action(BillingCycle.objects.get(), APPROVE, by=User.objects.get(username="finance"), at=now())
    page.reload()
    page.get_by_role("link", name="Stop").click()
    asks = page.get_by_text("Stop the bulk action?")
    expect(asks).to_be_visible()

    while BULK_ACTIONS.work(BillingCycle.objects.get().pk, at=now()):
        pass
    page.wait_for_timeout(5_000)  # the page asks every two seconds
    expect(asks).to_be_visible()
    page.get_by_role("link", name="Cancel").click()

    expect(page.get_by_text("3 approved invoices to go")).to_be_visible()


def _run_and_approve(page: Page) -> None:
    page.get_by_role("link", name="Continue closing").click()
    expect(page.get_by_text("0 of 3 periods billed")).to_be_visible()
    page.get_by_role("button", name="Start billing run").click()
    expect(page.get_by_text("3 drafts to go")).to_be_visible()
    page.get_by_role("link", name="Approve all").click()
    expect(page.get_by_role("row", name="USD 3 $82.50 $0.00 $82.50")).to_be_visible()
    page.get_by_role("button", name="Approve all").click()
    expect(page.get_by_text("3 approved invoices to go")).to_be_visible()


def _issue_and_close(page: Page) -> None:
    """Lock and Send stand inside Issue, already chosen."""
    page.get_by_role("link", name="Issue all").click()
    expect(page.get_by_label(f"Lock {month_in_words(str(LAST_MONTH))} first")).to_be_checked()
    expect(page.get_by_label("Email the invoices when they are issued")).to_be_checked()
    page.get_by_role("button", name="Issue all").click()
    until(lambda: Invoice.objects.filter(state="issued").count() == 3)
    until(lambda: InvoiceMail.objects.exclude(settled_at=None).count() == 3)  # recorded: there is no mail server here
    page.get_by_role("link", name="Close", exact=True).click()
    page.get_by_role("button", name="Close", exact=True).last.click()
    expect(page.get_by_text("for good")).to_be_visible()


def _deeds() -> list[str]:
    """What was done to the month from the lock on, each by a deed of its own."""
    found = Deed.objects.about(BillingCycle.objects.get()).order_by("pk").values_list("verb", flat=True)
    return [verb for verb in found if verb not in ("approve_all_started", "billing_run_started")]


def _price_the_brochures(by: User) -> None:
    kind = ActionType.objects.get(code="brochure")
    draft = PriceRuleFactory.create(draft=True, name="Brochures", unit_price=Decimal("0.40"), action_type=kind)
    activate(draft, by=by, at=now())


def _press(page: Page, opens: str, confirms: str) -> None:
    page.get_by_role("link", name=opens).click()
    page.get_by_role("button", name=confirms).click()
    expect(page.get_by_role("button", name=confirms)).to_have_count(0)


def _lock_with_a_reason(page: Page) -> None:
    page.get_by_role("link", name="Lock", exact=True).click()
    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_text("1 item in quarantine will be left behind. Enter a reason.")).to_be_visible()
    page.get_by_role("textbox", name="Reason").fill("The website sent an unknown action type; they are fixing it.")
    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_text("takes no new actions")).to_be_visible()


def _close_with_a_reason(page: Page) -> None:
    page.get_by_role("link", name="Close", exact=True).click()
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
