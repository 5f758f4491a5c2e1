"""A customer's page: everything of the customer, for each person what the person may see, in as many queries for any size."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from time_machine import travel

from invoices.models import Invoice
from leads.models import BillingPeriod, Customer
from pricing.domain.rate.rate import rate
from receivables.models import LedgerDocument
from reports.queries.prices.price_list import price_list
from tests.factories.invoices import InvoiceMailFactory
from tests.factories.leads import ActionTypeFactory, BillingPeriodFactory, CustomerFactory
from tests.factories.people import UserFactory, with_role
from tests.factories.pricing import PriceRuleFactory
from tests.factories.receivables import DisputeFactory
from tests.invoices.made import IN_SEPTEMBER, a_price, billed, issued, received
from tests.receivables.made import a_document

pytestmark = pytest.mark.django_db

NOVEMBER_11 = datetime(2026, 11, 11, 12, tzinfo=UTC)
WAYS = ["Activity", "Invoices", "Prices", "Terms", "Disputes", "Emails", "Account", "Deeds"]
FIGURES = ["Unbilled now", "Not issued yet", "Outstanding", "Overdue", "Unapplied", "November forecast"]
ROLES = pytest.mark.parametrize("role", ["Operations", "Finance", "Viewer"])
# What of the page each permission opens; of the rest nothing changes without it.
OPENS = {
    "pricing.view_charge": {"Activity", "Prices", "Unbilled now", "November forecast"},
    "pricing.view_pricerule": {"Prices"},
    "leads.view_billingperiod": {"Unbilled now"},
    "invoices.view_invoice": {"Invoices", "Emails", "Account", "Not issued yet", "Outstanding", "Overdue", "Unapplied"},
    "invoices.view_invoicemail": {"Emails"},
    "receivables.view_ledgerdocument": {"Invoices", "Account", "Outstanding", "Overdue", "Unapplied"},
    "receivables.view_dispute": {"Disputes"},
}


@pytest.fixture(autouse=True)
def _on_the_eleventh_of_november() -> Iterator[None]:
    with travel(NOVEMBER_11, tick=False):
        yield


def issued_of(customer: Customer, month: date, by: User) -> Invoice:
    period = BillingPeriodFactory.create(
        customer=customer, start_at=_at(month), end_at=_at(_next(month)), label=f"{month:%Y-%m}"
    )
    received(period, 100, at=_at(month) + timedelta(days=14))
    return issued(billed(period), by)


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


@pytest.fixture
def acme(accountant: User) -> Customer:
    """$250 issued for August and due, $7.50 of September a draft, $5 of November open, $40 paid on account, one dispute."""
    a_price("2.50", name="Sample price")
    customer: Customer = CustomerFactory.create(
        name="Acme", code="ACME", time_zone="UTC", billed_from=date(2025, 1, 1), payment_terms_days=0
    )
    invoice = issued_of(customer, date(2026, 8, 1), accountant)
    draft = period_of(customer, date(2026, 9, 1))
    received(draft, 3, at=IN_SEPTEMBER)
    billed(draft)
    now = period_of(customer, date(2026, 11, 1))
    received(now, 2, at=NOVEMBER_11 - timedelta(days=1))
    rate(now, at=NOVEMBER_11)
    a_document(customer, LedgerDocument.Kind.PAYMENT, 40, on=date(2026, 11, 9), reference="WIRE 7")
    InvoiceMailFactory.create(invoice=invoice, subject="Invoice of August")
    DisputeFactory.create(charge=now.actions.get().charge)
    return customer


def period_of(customer: Customer, month: date) -> BillingPeriod:
    made: BillingPeriod = BillingPeriodFactory.create(
        customer=customer, start_at=_at(month), end_at=_at(_next(month)), label=f"{month:%Y-%m}"
    )
    return made


def page_of(client: Client, customer: Customer) -> str:
    answer = client.get(reverse("admin:leads_customer_change", args=[customer.pk]))
    assert answer.status_code == 200
    return answer.content.decode().partition('id="overview"')[2].partition("<form")[0]


def ways(page: str) -> list[str]:
    return re.findall(r"<a href=\"[^#][^>]*>([A-Z]\w+)", page.partition("<nav")[2].partition("</nav>")[0]) + (
        ["Terms"] if 'href="#terms"' in page else []
    )


def figures(page: str) -> dict[str, str]:
    strip = page.partition('class="overview-figures"')[2].partition("</dl>")[0]
    found = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)<small>", strip, re.DOTALL)
    return {title: words(value) for title, value in found}


def words(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


@ROLES
def test_every_role_sees_everything_of_a_customer_on_one_page(role: str, acme: Customer, client: Client) -> None:
    client.force_login(with_role(role))

    page = page_of(client, acme)

    assert sorted(ways(page)) == sorted(WAYS)
    assert figures(page) == {
        "Unbilled now": "$5.00",
        "Not issued yet": "$7.50",
        "Outstanding": "$250.00",
        "Overdue": "$250.00",
        "Unapplied": "$40.00",
        "November forecast": figures(page)["November forecast"],
    }
    assert "Acme Active ACME · USD · monthly · billed in UTC · due at once" in words(page)


@pytest.mark.parametrize("missing", OPENS)
def test_a_part_is_not_there_for_who_may_not_see_it(missing: str, acme: Customer, client: Client) -> None:
    reader = UserFactory.create()
    granted = {each.partition(".")[2] for each in OPENS} - {missing.partition(".")[2]} | {"view_customer"}
    reader.user_permissions.set(Permission.objects.filter(codename__in=granted))
    client.force_login(reader)

    page = page_of(client, acme)

    assert {*WAYS, *FIGURES} - {*ways(page), *figures(page)} == OPENS[missing]


def test_who_may_see_customers_only_sees_their_terms_and_deeds(acme: Customer, client: Client) -> None:
    reader = UserFactory.create()
    reader.user_permissions.set(Permission.objects.filter(codename="view_customer"))
    client.force_login(reader)

    page = page_of(client, acme)

    assert (sorted(ways(page)), figures(page)) == (["Deeds", "Terms"], {})
    assert re.findall(r'<section class="overview-card" aria-label="([^"]+)"', page) == ["Terms in force"]


def test_every_way_opens(acme: Customer, client: Client) -> None:
    client.force_login(with_role("Operations"))
    page = page_of(client, acme)

    addresses = {unescape(each) for each in re.findall(r'href="(/[^"]+)"', page)}

    assert {each: client.get(each).status_code for each in addresses} == dict.fromkeys(addresses, 200)
    assert len(addresses) > 10


def test_prices_are_those_of_the_price_list_with_what_comes_and_what_they_came_to(
    acme: Customer, client: Client
) -> None:
    own = PriceRuleFactory.create(name="Acme by contract", customer=acme, unit_price="3.10")
    PriceRuleFactory.create(name="Acme next year", customer=acme, priority=1, wall_from=datetime(2027, 1, 1))  # noqa: DTZ001 -- a wall-clock time
    client.force_login(with_role("Finance"))

    card = page_of(client, acme).partition('aria-label="Prices in force"')[2].partition("</section>")[0]

    listed = [each.rule.name for each in price_list(acme, acme.today).in_force]
    assert re.findall(r'<a class="text-link" href="[^"]+">([^<]+)</a>\s*<small>', card) == listed
    assert listed[0] == own.name
    assert "Acme by contract this customer $3.10 each" in words(card)
    assert "Sample price any USD customer $2.50 each $5.00" in words(card)
    assert "From January 1, 2027: Acme next year" in words(card)


def test_a_new_customer_has_nothing_yet_and_its_page_says_so(client: Client) -> None:
    client.force_login(with_role("Finance"))

    page = words(page_of(client, CustomerFactory.create(name="Fresh")))

    for sentence in (
        "No actions in the last 30 days.",
        "No invoices yet. A billing run creates them.",
        "No price is in force for this customer.",
        "No disputes.",
        "No emails yet. They are sent when an invoice is issued.",
    ):
        assert sentence in page
    assert "Unbilled now $0.00 no open period" in page


def test_the_page_asks_no_more_often_for_a_customer_with_more(acme: Customer, accountant: User, client: Client) -> None:
    client.force_login(with_role("Finance"))

    def asked() -> int:
        page_of(client, acme)  # the rule book is read again after a change
        with CaptureQueriesContext(connection) as queries:
            page_of(client, acme)
        return len(queries)

    PriceRuleFactory.create(customer=acme, name="First", action_type=ActionTypeFactory.create(code="first"))
    few = asked()
    for number in range(4):
        invoice = issued_of(acme, date(2025, number + 1, 1), accountant)
        InvoiceMailFactory.create(invoice=invoice)
        PriceRuleFactory.create(
            customer=acme, name=f"Price {number}", action_type=ActionTypeFactory.create(code=f"kind_{number}")
        )
        charge = invoice.period.actions.get().charge
        DisputeFactory.create(charge=charge)
        a_document(acme, LedgerDocument.Kind.PAYMENT, 10, on=date(2026, 11, 9), reference=f"WIRE {number}")

    assert asked() == few
