"""One story of a customer, at a desk and on a phone: from the invitation to the statement that shows the credit note."""

from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import now
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from leads.domain.memberships.invitations import invite, send
from leads.models import Customer, MemberRole
from receivables.models import CreditNote, Dispute
from tests.e2e.conftest import log_in
from tests.e2e.portal.conftest import PROFILES, Window, code_of
from tests.portal.made import PASSWORD, an_invoice, link_in_the_mail
from tests.portal.test_joining import link_to

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("profile", PROFILES)
def test_an_invited_person_disputes_a_charge_and_finds_the_credit_on_the_statement(
    profile: str, window: Window, northlight: Customer, people: dict[str, User]
) -> None:
    invoice = an_invoice(northlight, 3, 4)
    page = window(**PROFILES[profile])
    _join(page, northlight, people["finance"])
    _log_in_with_a_code(page)

    _menu(page, profile, "Invoices")
    page.get_by_role("link", name="October 2026", exact=True).click()
    page.get_by_role("link", name="Oak veneer").click()
    page.get_by_role("link", name="Why $10.00, Oct 15").click()
    expect(page.get_by_role("heading", name="Why $10.00")).to_be_visible()
    expect(page.get_by_text("Your price for this action")).to_be_visible()
    page.get_by_role("link", name="Dispute this charge").click()
    page.get_by_role("radio", name="Duplicate").check()
    page.get_by_role("textbox", name="What happened").fill("The same order came twice.")
    page.get_by_label("Files").set_input_files({"name": "order.txt", "mimeType": "text/plain", "buffer": b"O-00017"})
    page.get_by_role("button", name="Send dispute of $10.00").click()
    expect(page.get_by_text("Dispute sent.")).to_be_visible()
    expect(page.get_by_role("link", name="order.txt")).to_be_visible()
    _fits(page)

    dispute = Dispute.objects.get()
    note = _decided(window(), dispute)

    page.reload()
    expect(page.get_by_role("link", name=str(note.number))).to_be_visible()
    expect(page.get_by_text("Sorry, it was sent twice.")).to_be_visible()
    _menu(page, profile, "Payments")
    expect(page.get_by_text(str(note.number)).first).to_be_visible()
    _fits(page)
    paper = _pdf(page, page.get_by_role("link", name="PDF").first.get_attribute("href"))
    assert (str(note.number) in paper, str(invoice.number) in paper, "$7.50 open" in paper) == (True, True, True)


def _join(page: Page, customer: Customer, by: User) -> None:
    """Open the link of the invitation and set a password."""
    invited = invite(
        customer, email="perrin@northlight.example", name="Perrin", role=MemberRole.BILLING, by=by, at=now()
    )
    send(invited, link=f"http://testserver{link_to(invited)}")
    page.goto(link_in_the_mail())
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=again]").fill(PASSWORD)
    page.get_by_role("button", name="Set password and log in").click()
    expect(page.get_by_role("heading", name="November so far")).to_be_visible()


def _log_in_with_a_code(page: Page) -> None:
    """Add an authenticator app, log out, and come back with the password and a code."""
    page.goto("/portal/log-in/second-factor/")
    page.get_by_role("link", name="Add a code app").click()
    secret = page.locator(".code").inner_text()
    page.locator("[name=code]").fill(code_of(secret))
    page.get_by_role("button", name="Add the app").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("/portal/log-out/")
    page.get_by_role("button", name="Log out").click()
    page.goto("/portal/")
    page.locator("[name=login]").fill("perrin@northlight.example")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
    page.locator("[name=code]").fill(code_of(secret))
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", name="November so far")).to_be_visible()


def _menu(page: Page, profile: str, item: str) -> None:
    if profile == "phone":
        page.locator("summary", has_text="Menu").tap()
    page.locator("nav:visible").get_by_role("link", name=item).click()
    expect(page.get_by_role("heading", level=1, name=item)).to_be_visible()


def _fits(page: Page) -> None:
    """Nothing is wider than the window."""
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def _decided(page: Page, dispute: Dispute) -> CreditNote:
    """Finance accepts the dispute in the admin, and issues its credit note."""
    log_in(page, "finance")
    page.goto(f"/admin/receivables/dispute/{dispute.pk}/change/")
    expect(page.get_by_role("link", name="order.txt")).to_be_visible()
    page.get_by_role("link", name="Accept").click()
    page.get_by_role("textbox", name="What the customer reads").fill("Sorry, it was sent twice.")
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("link", name="Credit note draft").click()
    for act in ("Approve", "Issue"):
        page.get_by_role("link", name=act).click()
        page.get_by_role("button", name=act).click()
        expect(page.get_by_role("button", name=act)).to_have_count(0)
    return CreditNote.objects.get()


def _pdf(page: Page, address: Any) -> str:
    return "\n".join(each.extract_text() for each in PdfReader(BytesIO(page.request.get(address).body())).pages)
