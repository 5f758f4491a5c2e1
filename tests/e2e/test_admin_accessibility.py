"""Every page of the admin, light and dark: axe-core finds nothing serious on any of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT as AXE
from django.contrib import admin
from django.db import transaction
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.e2e.conftest import tab_of
from tests.factories.people import superuser
from tests.house.addresses import methods, pages, path
from tests.house.test_admin_queries import PARTS, ROWS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GRAVE = ["serious", "critical"]
# Pages with a script that makes or moves fields are opened; the others are drawn into a page that is open already,
# as a dialog is when its button is pressed: opening a page is most of the cost.
SCRIPTED = re.compile(r'<script src="/static/(?!unfold/|admin/|core/)|admin-autocomplete|unfold-admin-select2')
# What the colors of the other scheme can change.
OF_COLORS = ["color-contrast", "link-in-text-block"]
DRAW = """async (html) => {
    const read = new DOMParser().parseFromString(html, "text/html");
    const has = (sheet) => document.querySelector(`link[href="${sheet.getAttribute("href")}"]`);
    await Promise.all([...read.querySelectorAll("link[rel=stylesheet]")].filter((each) => !has(each)).map((each) => {
        const sheet = document.importNode(each);
        return new Promise((done) => { sheet.onload = sheet.onerror = done; document.head.append(sheet); });
    }));
    const main = read.querySelector("#dialog") ? null : read.querySelector("#main");
    if (main) document.querySelector("#main").replaceWith(main);
    else document.querySelector("#content").replaceChildren(read.querySelector("#dialog") ?? read.body);
}"""
FOUND = """async ([where, rules, grave]) => {
    const asked = {preload: false, resultTypes: ["violations"], rules: {"css-orientation-lock": {enabled: false}}};
    if (rules) asked.runOnly = rules;
    const {violations} = await axe.run(document.querySelector(where) ?? document, asked);
    return violations.filter((each) => grave.includes(each.impact)).map(
        ({id, impact, nodes}) => `${id} (${impact}) ${nodes.length} ×: ${nodes[0].html.slice(0, 200)}`
    );
}"""
# Colors on their way to others are not yet what they are to be.
STILL = """() => {
    const still = new CSSStyleSheet();
    still.replaceSync("*, *::before, *::after { transition: none !important; animation: none !important; }");
    document.adoptedStyleSheets.push(still);
}"""
DARK = "is_dark => document.documentElement.classList.toggle('dark', is_dark)"


@dataclass(frozen=True, slots=True)
class Shown:
    """A page with its address in the matrix, and what its browser gets."""

    name: str
    address: str
    html: str

    @property
    def is_opened(self) -> bool:
        """Pages of log-in are opened, too: they have another frame."""
        if 'id="dialog"' in self.html or "</html>" not in self.html:
            return False
        return 'id="content"' not in self.html or bool(SCRIPTED.search(self.html))


def test_axe_finds_nothing_serious_on_any_page_whether_light_or_dark(
    browser: Browser, live_server: LiveServer, request: pytest.FixtureRequest
) -> None:
    client = Client()
    client.force_login(superuser())
    with tab_of(browser, live_server, client) as page:
        _open(page, reverse("admin:index"))
        found = [*_findings(page, "body", "the menu")]
        request.getfixturevalue("short_menu")
        empty, full = list(_empty_lists(client)), list(_pages(client))
        _open(page, empty[0].address)
        for each in (*empty, *(each for each in full if not each.is_opened)):
            page.evaluate(DRAW, each.html)
            found += _findings(page, "#main", each.name)
        for each in full:
            if each.is_opened:
                _open(page, each.address)
                found += _findings(page, "body", each.name)

    assert "\n".join(found) == ""
    assert len(full) > 350


def _empty_lists(client: Client) -> Iterator[Shown]:
    for model in admin.site._registry:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        yield Shown(f"{address} without rows", address, client.get(address).content.decode())


def _pages(client: Client) -> Iterator[Shown]:
    """Each page that a superuser sees, of rows with all their parts."""
    rows = dict[str, Model]()
    for label, make in ROWS.items():
        with transaction.atomic():
            rows[label] = make()
            PARTS.get(label, id)(rows[label])
    for line in pages():
        if line.address.endswith("/columns/") and "invoiceline" not in line.address:
            continue  # one dialog, the same for all lists
        if "GET" in methods(line) and line.address.startswith("/admin/"):
            address = path(line.address, rows)
            answer = client.get(address)
            if answer.status_code in (200, 404, 410) and answer["Content-Type"].startswith("text/html"):
                yield Shown(line.address, address, answer.content.decode())


def _open(page: Page, address: str) -> None:
    page.goto(address)
    page.evaluate(STILL)
    page.evaluate(AXE)


def _findings(page: Page, where: str, name: str) -> list[str]:
    found: Any = page.evaluate(FOUND, [where, None, GRAVE])
    page.evaluate(DARK, True)
    dark: Any = page.evaluate(FOUND, [where, OF_COLORS, GRAVE])
    page.evaluate(DARK, False)
    return [f"{name}: {each}" for each in found] + [f"{name}, dark: {each}" for each in dark]
