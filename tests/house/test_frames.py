"""The frame of every page: breadcrumbs, back button, the message of an empty list, the icon in the browser's tab."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from tests.factories.invoices import BillingCycleFactory, InvoiceFactory, InvoiceLineFactory
from tests.factories.people import superuser, with_role
from tests.factories.pricing import PriceRuleFactory
from tests.house.test_admin_queries import EVERY_PAGE

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client) -> Client:
    client.force_login(superuser())
    return client


def crumbs(browser: Client, address: str) -> list[tuple[str, str]]:
    """The parts of the title at the top: text and address."""
    html = browser.get(address).content.decode()
    title = html.partition("<h1")[2].partition("</h1>")[0]
    return [
        (unescape(words.strip()), href)
        for href, words in re.findall(r'<a href="([^"?]+)"[^>]*title="[^"]*">([^<]*)</a>', title)
    ]


def page_of(name: str, row: Any) -> str:
    return reverse(f"admin:{name}_change", args=[row.pk])


def test_a_page_says_where_it_is_once_and_in_the_menus_words(browser: Client) -> None:
    invoice, cycle = InvoiceFactory.create(), BillingCycleFactory.create()
    invoices, cycles = (reverse(f"admin:invoices_{name}_changelist") for name in ("invoice", "billingcycle"))

    assert crumbs(browser, invoices) == [("Invoices", invoices)]
    page = page_of("invoices_invoice", invoice)
    assert crumbs(browser, page) == [("Invoices", invoices), (f"Draft {invoice.pk}", page)]
    page = page_of("invoices_billingcycle", cycle)
    assert crumbs(browser, page)[0] == ("Month close", cycles)


def test_a_rule_keeps_the_capitals_of_its_own_name(browser: Client) -> None:
    rule = PriceRuleFactory.create(name="imp ok", draft=True)

    assert crumbs(browser, page_of("pricing_pricerule", rule))[-1][0] == "imp ok"


def test_a_line_stands_below_its_invoice_and_leads_back_to_it(browser: Client) -> None:
    line = InvoiceLineFactory.create()
    above, page = page_of("invoices_invoice", line.invoice), page_of("invoices_invoiceline", line)

    assert crumbs(browser, page) == [
        ("Invoices", reverse("admin:invoices_invoice_changelist")),
        (str(line.invoice), above),
        (line.description, page),
    ]
    assert re.search(rf'<a href="{above}"[^>]*aria-label="Back"', browser.get(page).content.decode())


def test_menu_page_title_and_breadcrumb_call_one_thing_by_one_name(browser: Client) -> None:
    menu = admin.site.get_sidebar_list(browser.get(reverse("admin:index")).wsgi_request)
    named = {str(item["link"]): str(item["title"]) for section in menu for item in section["items"]}

    assert {address: names_of(browser, address) for address in named} == {
        address: (title, title) for address, title in named.items()
    }
    assert len(named) > 50


def names_of(browser: Client, address: str) -> tuple[str, str]:
    """How the browser's tab and the last breadcrumb call the page."""
    html = browser.get(address).content.decode()
    tab = unescape(html.partition("<title>")[2].partition("</title>")[0]).partition("|")[0].strip()
    title = re.sub(
        r"<span[^>]*material-symbols.*?</span>", "›", html.partition("<h1")[2].partition("</h1>")[0], flags=re.DOTALL
    )
    here, *_ = unescape(re.sub(r"<[^>]+>", "", f"<h1{title}")).rpartition("›")[2].strip().splitlines()
    return tab, here


@pytest.mark.parametrize("label", EVERY_PAGE)
def test_an_empty_list_says_so_and_offers_to_add_only_where_that_may_be_done(client: Client, label: str) -> None:
    model = apps.get_model(label)
    client.force_login(with_role("Viewer"))
    if not client.get(reverse("admin:index")).wsgi_request.user.has_perm(
        f"{model._meta.app_label}.view_{model._meta.model_name}"
    ):
        client.force_login(superuser())
    response = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
    html = response.content.decode()
    may_add = response.context["has_add_permission"]
    if response.context["cl"].result_count:  # there is always one of some
        assert 'class="lb-empty' not in html
        return

    empty = html.partition('class="lb-empty')[2].partition("</div>")[0]
    (words,) = re.findall(r"<p>(.*?)</p>", empty, re.DOTALL)

    said = getattr(admin.site.get_model_admin(model), "nothing_yet", "")
    assert unescape(words.strip()) == (said or f"There are no {model._meta.verbose_name_plural} yet.")
    assert (">Add " in empty) == may_add


def test_a_list_without_a_match_names_what_was_asked_and_shows_the_way_to_all(browser: Client) -> None:
    PriceRuleFactory.create()
    rules = reverse("admin:pricing_pricerule_changelist")

    def said(**asked: str) -> str:
        empty = browser.get(rules, asked).content.decode().partition('class="lb-empty')[2].partition("</div>")[0]
        assert '<a href="?"' in empty
        return unescape(re.findall(r"<p[^>]*>(.*?)</p>", empty, re.DOTALL)[0].strip())

    assert said(q="<zzz>") == "No price rules match “<zzz>”."
    assert said(state__exact="retired") == "No price rules match these filters."
    assert said(q="zzz", state__exact="retired") == "No price rules match “zzz” and these filters."


def test_the_browsers_mark_is_there_for_everybody(client: Client) -> None:
    response = client.get("/favicon.ico")

    assert (response.status_code, response["Location"]) == (302, "/static/core/favicon.svg")
    assert Path(str(finders.find("core/favicon.svg"))).read_text(encoding="utf-8").startswith("<svg")


def test_help_points_to_no_file_that_its_reader_cannot_open() -> None:
    texts = {
        f"{field.model._meta.label}.{field.name}": str(getattr(field, "help_text", ""))
        for model in apps.get_models()
        for field in model._meta.get_fields()
    } | {label: str(page.search_help_text or "") for label, page in _pages().items()}

    assert {name: text for name, text in texts.items() if re.search(r"\bdocs/|\.(md|py|txt)\b", text)} == {}


def _pages() -> dict[str, Any]:
    return {model._meta.label: page for model, page in admin.site._registry.items()}
