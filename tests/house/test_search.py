"""One search finds everything a user may see: by number, name, id, code and email address, and by how these start."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from invoices.models import NumberSeries
from tests.factories.invoices import InvoiceFactory
from tests.factories.leads import ActionFactory, CustomerFactory, LeadFactory, ProductFactory, SourceFactory
from tests.factories.people import UserFactory, superuser, with_role
from tests.factories.pricing import PriceRuleFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client) -> Client:
    client.force_login(superuser())
    return client


def search(browser: Client, term: str) -> dict[str, list[str]]:
    """The names found, by kind."""
    response = browser.get(reverse("admin:search"), {"s": term})
    assert response.status_code == 200
    groups = re.findall(r'<section aria-label="([^"]+)">(.*?)</section>', response.content.decode(), re.DOTALL)
    found = {kind: [unescape(name) for name in re.findall(r"<b>(.*?)</b>", words)] for kind, words in groups}
    return {kind: names for kind, names in found.items() if kind != "Do"}


def an_invoice(number: str, **facts: Any) -> Any:
    at = datetime(2026, 11, 3, tzinfo=UTC)
    known = {"state": "issued", "number": number, "approved_at": at, "issued_at": at, "due_on": at.date()}
    known["series"], _ = NumberSeries.objects.get_or_create(seller=None, year=2026)
    known["serial"] = int(number.rpartition("-")[2])
    return InvoiceFactory.create(**known, period__customer__code="ACME", period__customer__name="Acme", **facts)


def test_a_customer_is_found_by_its_code_or_any_part_of_its_name_and_with_it_its_invoices(browser: Client) -> None:
    customer = CustomerFactory.create(code="TERRAZZA", name="Terrazza Stoneworks")
    CustomerFactory.create(name="Another")
    draft = InvoiceFactory.create(period__customer=customer)

    for term in ("terr", "TERRAZZA", "stonew", " Stoneworks "):
        assert search(browser, term) == {"Customers": ["Terrazza Stoneworks"], "Invoices": [f"Draft {draft.pk}"]}
    assert search(browser, f"draft {draft.pk}") == {"Invoices": [f"Draft {draft.pk}"]}


@pytest.mark.parametrize("term", ["INV-2026-000008", "inv-2026-000008", "INV-2026-00000", "000008", "8"])
def test_an_invoice_is_found_by_its_number_its_beginning_or_its_end(browser: Client, term: str) -> None:
    an_invoice("INV-2026-000008")

    assert search(browser, term) == {"Invoices": ["INV-2026-000008"]}


@pytest.mark.parametrize(
    "term",
    [
        "june.ito@atelier.example",
        "June.Ito@Atelier.example",
        "june.ito@atelier",
        "june.ito",
        "june",
        "L-2026-7",
        "L-2026",
    ],
)
def test_a_lead_is_found_by_its_id_or_its_e_mail_address_or_their_beginning(browser: Client, term: str) -> None:
    LeadFactory.create(external_id="L-2026-7", email="june.ito@atelier.example")
    LeadFactory.create(external_id="X-1", email="ben.abe@rue.example")

    assert search(browser, term) == {"Leads": ["L-2026-7"]}


def test_a_whole_id_is_not_taken_for_the_beginning_of_others(browser: Client) -> None:
    for name in ("L-1", "L-10", "L-11"):
        LeadFactory.create(external_id=name)

    assert search(browser, "L-1") == {"Leads": ["L-1"]}
    assert sorted(search(browser, "L-")["Leads"]) == ["L-1", "L-10", "L-11"]


def test_a_phone_number_finds_whom_it_belongs_to(browser: Client) -> None:
    LeadFactory.create(external_id="L-5", email="", person_key="+12127365000")

    assert search(browser, "+1 (212) 736-5000") == {"Leads": ["L-5"]}


def test_an_action_is_found_by_its_whole_id(browser: Client) -> None:
    ActionFactory.create(external_id="act_9f8e7d")
    ActionFactory.create(external_id="act_9f8e7")

    assert search(browser, "act_9f8e7d") == {"Actions": ["act_9f8e7d"]}


def test_rules_products_sources_and_pages_are_found_by_name_sku_and_code(browser: Client) -> None:
    PriceRuleFactory.create(name="Terrazzo by volume")
    ProductFactory.create(sku="TZ-140", name="Micro Terrazzo Ash")
    SourceFactory.create(code="terra_web", name="Website")

    assert search(browser, "terra") == {
        "Price rules": ["Terrazzo by volume"],
        "Products": ["Micro Terrazzo Ash"],
        "Sources": ["Website"],
    }
    assert search(browser, "tz-1") == {"Products": ["Micro Terrazzo Ash"]}
    assert search(browser, "month") == {"Pages": ["Month close"]}


def test_of_many_the_first_are_shown_and_the_list_of_all(browser: Client) -> None:
    for number in range(7):
        ProductFactory.create(sku=f"OAK-{number}", name=f"Oak {number}")

    html = browser.get(reverse("admin:search"), {"s": "OAK-"}).content.decode()

    assert search(browser, "OAK-") == {"Products": [f"Oak {number}" for number in range(5)]}
    (every,) = re.findall(r'class="lb-more" href="([^"]+)"', html)
    assert every == f"{reverse('admin:leads_product_changelist')}?q=OAK-"
    assert browser.get(every).context["cl"].result_count == 7


@pytest.mark.parametrize(
    "term", ["zzz", "<b>zzz</b>", "%", "_", "\\", "x" * 300, "draft 99999999999999999999", "draft 7"]
)
def test_what_is_nowhere_is_said_to_be_nowhere(browser: Client, term: str) -> None:
    an_invoice("INV-2026-000001")
    ActionFactory.create(
        external_id="A-1", lead__external_id="L-1", lead__product__name="Oak", lead__product__sku="T-1"
    )

    response = browser.get(reverse("admin:search"), {"s": term})

    assert (response.status_code, search(browser, term)) == (200, {})
    assert f"Nothing found for “{term}”." in unescape(response.content.decode())


def test_no_term_finds_nothing_and_says_nothing(browser: Client) -> None:
    assert [browser.get(reverse("admin:search"), asked).content for asked in ({}, {"s": ""}, {"s": "  "})] == [b""] * 3


def test_nobody_finds_what_they_may_not_see(client: Client) -> None:
    ProductFactory.create(sku="OAK", name="Oak", customer__name="Oak & Co", customer__code="OAKS")
    PriceRuleFactory.create(name="Oak samples")
    user = UserFactory.create()
    user.user_permissions.add(Permission.objects.get(codename="view_product"))
    client.force_login(user)

    assert search(client, "oak") == {"Products": ["Oak"]}
    assert search(client, "customers") == {}


def test_everybody_with_a_role_finds_what_is_everybodys(client: Client) -> None:
    CustomerFactory.create(name="Oak & Co")
    client.force_login(with_role("Viewer"))

    assert search(client, "oak") == {"Customers": ["Oak & Co"]}


def test_strangers_search_nothing(client: Client) -> None:
    response = client.get(reverse("admin:search"), {"s": "oak"})

    assert (response.status_code, response["Location"].split("?")[0]) == (302, reverse("admin:login"))


@pytest.mark.parametrize("term", ["june.ito@atelier", "june", "L-2026", "act_9f8e7d"])
def test_the_lists_are_searched_as_their_help_promises(browser: Client, term: str) -> None:
    lead = LeadFactory.create(external_id="L-2026-7", email="june.ito@atelier.example")
    charged = ActionFactory.create(lead=lead, external_id="act_9f8e7d")
    ActionFactory.create(lead__email="ben@rue.example", lead__external_id="X-1", external_id="act_9")

    found = browser.get(reverse("admin:leads_action_changelist"), {"q": term}).context["cl"].result_list

    assert [action.pk for action in found] == [charged.pk]


def test_more_than_can_be_handed_on_as_numbers_are_found_all_the_same(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leads.queries.search.AS_NUMBERS", 2)
    for number in range(4):
        ActionFactory.create(lead__external_id=f"L-{number}", external_id="A-1")

    counts = [
        browser.get(reverse(f"admin:leads_{name}_changelist"), {"q": term}).context["cl"].result_count
        for name, term in (("lead", "L-"), ("action", "A-1"))
    ]

    assert counts == [4, 4]


def test_a_list_of_actions_asks_for_more_than_a_beginning_that_too_many_leads_share(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leads.queries.search.AS_NUMBERS", 2)
    for number in range(3):
        ActionFactory.create(lead__external_id=f"L-{number}", lead__email="june@atelier.example", external_id="A-1")

    listed = {
        term: browser.get(reverse("admin:leads_action_changelist"), {"q": term})
        for term in ("L-", "june@atelier.example")
    }

    assert {term: page.context["cl"].result_count for term, page in listed.items()} == {
        "L-": 0,
        "june@atelier.example": 3,
    }
    assert "More than 2 leads begin with “L-”. Enter more of it." in listed["L-"].content.decode()
