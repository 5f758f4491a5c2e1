"""The menu: a person's own work first, badges for what the person can act on, and the command box's acts."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import reverse

from tests.factories.leads import CustomerFactory, QuarantinedItemFactory
from tests.factories.people import superuser, with_role
from tests.factories.pricing import PriceRuleFactory, UnratedActionFactory

pytestmark = pytest.mark.django_db


def menu_of(user: User) -> list[dict[str, Any]]:
    request = RequestFactory().get("/admin/")
    request.user = user
    sections: list[dict[str, Any]] = admin.site.get_sidebar_list(request)
    return [section for section in sections if any(item["has_permission"] for item in section["items"])]


def folds(user: User) -> list[str]:
    """The titles of the sections, those that are folded in parentheses."""
    titled = [section for section in menu_of(user) if section.get("title")]
    return [f"({each['title']})" if each["collapsible"] else each["title"] for each in titled]


def badges(user: User) -> dict[str, str]:
    items = (item for section in menu_of(user) for item in section["items"])
    return {item["title"]: item["waiting"] for item in items if item.get("waiting")}


def test_a_role_finds_its_own_work_first_and_the_rest_folded() -> None:
    assert folds(with_role("Operations")) == [
        *("Waiting", "Prices", "Leads", "Catalog", "Reports", "(Billing)", "(Receivables)", "(Administration)")
    ]
    assert folds(with_role("Finance")) == [
        *("Waiting", "Billing", "Receivables", "Reports", "(Prices)", "(Leads)", "(Catalog)", "(Administration)")
    ]
    assert folds(superuser()) == [
        *("Waiting", "Billing", "(Receivables)", "Reports", "Prices", "Leads", "Catalog", "(Administration)")
    ]


def test_a_badge_counts_only_what_the_person_can_act_on() -> None:
    QuarantinedItemFactory.create_batch(2)
    UnratedActionFactory.create()

    assert badges(with_role("Operations")) == {"Quarantine": "2", "Unrated actions": "1"}
    assert badges(with_role("Viewer")) == {}


def test_a_badge_counts_to_99() -> None:
    QuarantinedItemFactory.create_batch(100)

    assert badges(with_role("Operations")) == {"Quarantine": "99+"}


def test_the_command_box_offers_what_can_be_done_with_the_first_record_and_what_can_be_added(client: Client) -> None:
    rule = PriceRuleFactory.create(name="Terrazza by contract", draft=True)
    client.force_login(superuser())

    assert done(client, "Terrazza by") == {
        title: reverse(f"admin:{name}", args=[rule.pk]) for title, name in buttons_of(client, rule.pk)
    }
    assert done(client, "add price rule") == {"Add price rule": reverse("admin:pricing_pricerule_add")}


def test_the_command_box_offers_nothing_that_would_be_refused(client: Client) -> None:
    CustomerFactory.create(name="Terrazza Stoneworks")
    client.force_login(with_role("Viewer"))

    assert done(client, "terrazza") == {}
    assert done(client, "add") == {}


def done(client: Client, term: str) -> dict[str, str]:
    html = client.get(reverse("admin:search"), {"s": term}).content.decode()
    section = html.partition('<section aria-label="Do">')[2].partition("</section>")[0]
    return {
        unescape(title): address
        for address, title in re.findall(r'<a href="([^"]+)".*?<b>(.*?)</b>', section, re.DOTALL)
    }


def buttons_of(client: Client, pk: int) -> list[tuple[str, str]]:
    request = client.get(reverse("admin:index")).wsgi_request
    page: Any = admin.site._registry[PriceRuleFactory._meta.model]
    return [
        (str(each.description), each.action_name)
        for each in page.get_actions_detail(request, pk)
        if not (each.dialog or {}).get("why_not")
    ][:5]
