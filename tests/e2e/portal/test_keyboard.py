"""By keyboard alone: Tab, Enter and Space open a dispute; the focus is seen, and no page holds it."""

import pytest
from playwright.sync_api import Page, expect

from leads.domain.memberships.portal import portal_of
from leads.domain.memberships.public_ids import public_id
from leads.models import Customer, MemberRole
from pricing.models import Charge
from receivables.models import Dispute
from tests.e2e.portal.conftest import DESKTOP, Window
from tests.portal.made import a_person, an_invoice, home, logged_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What has the focus: its name, and whether it can be told from what has none.
FOCUS = """() => {
    const it = document.activeElement, style = getComputedStyle(it), box = it.getBoundingClientRect();
    const name = it.labels?.[0]?.innerText || it.getAttribute("aria-label") || it.innerText || it.name || it.tagName;
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    const inside = box.width > 0 && box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight;
    return [name.trim().split("\\n")[0], outlined && inside];
}"""
# Radios of one group are one stop.
STOPS = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
    .filter(it => !it.disabled && it.type !== "hidden" && it.type !== "radio" && it.getClientRects().length).length"""

# Whether it had the focus before: after the last one, a browser without its own bar begins again.
SEEN = """() => {
    const seen = window.seen ??= new Set(), it = document.activeElement, again = it === document.body || seen.has(it);
    seen.add(it);
    return again;
}"""


@pytest.fixture
def page(window: Window, northlight: Customer) -> Page:
    """A charge that can be disputed, as a billing contact sees it."""
    invoice = an_invoice(northlight, 3, 4)
    charge = Charge.objects.get(period=invoice.period, amount=10)
    page = window(logged_in(a_person(northlight, role=MemberRole.BILLING)), **DESKTOP)
    page.goto(f"{home(northlight)}charges/{public_id(portal_of(northlight), charge)}/")
    return page


def test_a_dispute_is_opened_by_keyboard_alone_and_the_focus_is_always_seen(page: Page) -> None:
    page.keyboard.press("Tab")
    assert _focus(page) == "Skip to the page"
    page.keyboard.press("Enter")  # past the menu
    _tab_to(page, "Dispute this charge", within=4)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Dispute 1 charge")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    _tab_to(page, "Denies request", within=2)
    page.keyboard.press("Space")
    _tab_to(page, "What happened", within=1)
    page.keyboard.type("They never asked.")
    _tab_to(page, "Send dispute of $10.00", within=3)
    page.keyboard.press("Enter")

    expect(page.get_by_text("Dispute sent.")).to_be_visible()
    assert [str(each) for each in Dispute.objects.all()]


def test_nothing_holds_the_focus(page: Page) -> None:
    """Tab comes to everything once before it begins again, and Shift and Tab back to it."""
    for keys in ("Tab", "Shift+Tab"):
        stops, every = 0, page.evaluate(STOPS)
        page.keyboard.press(keys)
        while not page.evaluate(SEEN):
            stops += 1
            _focus(page)
            page.keyboard.press(keys)
        assert stops == every
        page.reload()


def _tab_to(page: Page, name: str, *, within: int) -> None:
    passed = list[str]()
    while not passed or not passed[-1].startswith(name):
        assert len(passed) < within, passed
        page.keyboard.press("Tab")
        passed.append(_focus(page))


def _focus(page: Page) -> str:
    """The name of what has the focus, which can be seen."""
    name, is_seen = page.evaluate(FOCUS)
    assert is_seen, name
    return str(name)
