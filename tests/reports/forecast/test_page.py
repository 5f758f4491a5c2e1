"""The forecast's page, and its figure on a customer's page, as each role sees them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from time_machine import travel

from leads.models import Customer
from reports.admin.forecast_words import range_in_words
from tests.factories.leads import CustomerFactory
from tests.factories.people import UserFactory, with_role
from tests.invoices.made import a_price
from tests.reports.forecast.made import charged

pytestmark = pytest.mark.django_db

PAGE = "admin:reports_forecast"
NOVEMBER_11 = datetime(2026, 11, 11, 12, tzinfo=UTC)
ROLES = pytest.mark.parametrize("role", ["Operations", "Finance", "Viewer"])


@pytest.fixture(autouse=True)
def _on_the_eleventh_of_november() -> object:
    with travel(NOVEMBER_11, tick=False):
        yield


@pytest.fixture
def acme() -> Customer:
    """A dollar a day from September on."""
    a_price("1")
    customer: Customer = CustomerFactory.create(name="Acme", code="ACME")
    charged(customer, date(2026, 9, 1), date(2026, 11, 10))
    return customer


def shown(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(unescape(answer.content.decode()).split())


@ROLES
def test_every_role_sees_the_forecast_of_each_customer(role: str, acme: Customer, client: Client) -> None:
    client.force_login(with_role(role))

    page = shown(client, reverse(PAGE))

    assert "November 2026" in page
    assert "$10.00" in page  # so far
    assert "$30.00" in page  # forecast
    assert "$31.00" in page  # October
    assert "No range yet: too few past weeks to test it on" in page


def test_a_figure_opens_its_days_in_the_explorer(acme: Customer, client: Client) -> None:
    client.force_login(with_role("Finance"))

    page = shown(client, reverse(PAGE))

    days = "show=amount,charged&group=day&days=2026-11-01..2026-11-30&customer=ACME"
    assert f'href="/admin/reports/explorer/?{days}"' in page


@pytest.mark.parametrize("missing", ["view_charge", "view_invoice"])
def test_the_page_needs_both_rights(missing: str, acme: Customer, client: Client) -> None:
    reader = UserFactory.create()
    granted = {"view_charge", "view_invoice", "view_customer"} - {missing}
    reader.user_permissions.set(Permission.objects.filter(codename__in=granted))
    client.force_login(reader)

    assert client.get(reverse(PAGE)).status_code == 403


def test_without_any_charges_the_page_says_so(client: Client) -> None:
    client.force_login(with_role("Finance"))

    assert "Nothing was charged in the last months" in shown(client, reverse(PAGE))


@ROLES
def test_the_page_of_a_customer_shows_its_month(role: str, acme: Customer, client: Client) -> None:
    client.force_login(with_role(role))

    page = shown(client, reverse("admin:leads_customer_change", args=[acme.pk]))

    figure = page.partition("<dt>November forecast</dt>")[2].partition("</small>")[0]
    assert "$30.00 <small>" in figure
    assert "October: $31.00." in figure


def test_the_page_of_a_customer_keeps_charges_from_who_may_not_see_them(acme: Customer, client: Client) -> None:
    reader = UserFactory.create()
    reader.user_permissions.set(Permission.objects.filter(codename="view_customer"))
    client.force_login(reader)

    page = shown(client, reverse("admin:leads_customer_change", args=[acme.pk]))

    assert "November forecast" not in page


def test_a_new_customer_has_no_forecast_yet_and_one_without_history_says_so(client: Client) -> None:
    a_price("1")
    fresh = CustomerFactory.create(name="Fresh")
    charged(fresh, date(2026, 10, 20), date(2026, 11, 10))
    client.force_login(with_role("Operations"))

    assert "November forecast" not in shown(client, reverse("admin:leads_customer_add"))
    page = shown(client, reverse("admin:leads_customer_change", args=[fresh.pk]))
    assert "Not enough history: 1 of 4 weeks before the month." in page


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [("7180.4", "8244", "$7,180 – $8,240"), ("10", "10.001", "$10.00"), ("0", "4.123456", "$0 – $4.12")],
)
def test_a_range_is_written_to_three_digits(low: str, high: str, words: str) -> None:
    assert range_in_words(Decimal(low), Decimal(high), "USD") == words
