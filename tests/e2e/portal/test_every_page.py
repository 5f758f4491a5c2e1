"""Every page of the portal: nothing for axe-core to find, and readable on a small phone without JavaScript."""

from itertools import groupby
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT as AXE
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from leads.models import Customer
from tests.e2e.portal.conftest import DESKTOP, PHONE, Window
from tests.portal.all_pages import Shown, all_pages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Both color schemes and both layouts; each layout takes its colors from the same few variables.
SHOWN: tuple[tuple[Any, Any], ...] = (("light", DESKTOP["viewport"]), ("dark", PHONE["viewport"]))
GRAVE = {"serious", "critical"}
SMALL: dict[str, Any] = PHONE | {"viewport": {"width": 360, "height": 740}, "java_script_enabled": False}
WIDE = "() => document.documentElement.scrollWidth > innerWidth"
WORDS = "() => document.querySelector('h1').getClientRects().length && document.querySelector('main').innerText.trim()"


def test_axe_finds_nothing_serious_on_any_page_whether_light_or_dark(window: Window, northlight: Customer) -> None:
    found = list[str]()
    for shown, page in _opened(window, northlight, DESKTOP):
        page.evaluate(AXE)
        for scheme, size in SHOWN:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size(size)
            found += _findings(page, f"{shown.name}, {scheme}")

    assert found == []


def test_each_page_can_be_read_on_a_small_phone_without_javascript_and_without_scrolling_sideways(
    window: Window, northlight: Customer
) -> None:
    wide, unreadable = list[str](), list[str]()
    for shown, page in _opened(window, northlight, SMALL):
        if page.evaluate(WIDE):
            wide.append(shown.name)
        if not page.evaluate(WORDS):
            unreadable.append(shown.name)

    assert (wide, unreadable) == ([], [])


def _opened(window: Window, customer: Customer, profile: dict[str, Any]) -> Any:
    """Each page in turn, in one window for each session."""
    pages = sorted(all_pages(customer), key=lambda each: id(each.client))
    for _, of_one in groupby(pages, key=lambda each: id(each.client)):
        shown = list[Shown](of_one)
        page = window(shown[0].client, **profile)
        for each in shown:
            answer = page.goto(each.address)
            assert answer is not None
            assert answer.status in (200, 404), each
            yield each, page


def _findings(page: Page, where: str) -> list[str]:
    found = Axe("0").run(page).response["violations"]  # with the script that is there already
    return [
        f"{where}: {each['id']} ({each['impact']}): {each['nodes'][0]['html'][:200]}"
        for each in found
        if each["impact"] in GRAVE
    ]
