"""The page of an invoice's line: its charges page by page, by key, and their shares add up however one gets there."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from invoices.models import InvoiceLine
from leads.domain.memberships.portal import portal_of
from leads.domain.memberships.public_ids import public_id
from leads.models import Customer
from portal.pages.invoices import charge_pages
from tests.factories.leads import BillingPeriodFactory
from tests.factories.people import superuser
from tests.invoices.made import IN_OCTOBER, a_price, billed, issued, received
from tests.portal.made import a_person, home, logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(northlight: Customer, monkeypatch: pytest.MonkeyPatch) -> InvoiceLine:
    """Seven charges of $0.335, which round to $2.35: shown three at a time."""
    monkeypatch.setattr(charge_pages, "ROWS", 3)
    a_price("0.335", currency=northlight.currency)
    period = BillingPeriodFactory.create(customer=northlight)
    for number in range(7):
        received(period, 1, at=IN_OCTOBER + timedelta(hours=number // 2))
    return issued(billed(period), superuser()).lines.get(kind=InvoiceLine.Kind.CHARGES)


def address_of(line: InvoiceLine) -> str:
    customer = line.invoice.customer
    return f"{home(customer)}lines/{public_id(portal_of(customer), line)}/"


def opened(client: Client, address: str) -> tuple[list[str], str, str]:
    """The shares on the page, and where Earlier and Later lead to."""
    body = client.get(address).content.decode()
    shares = re.findall(r'<td class="number strong">(\$0\.3[34])<', body)
    links = {words: there.replace("&amp;", "&") for there, words in re.findall(r'href="([^"]*)" rel="(\w+)"', body)}
    return shares, links.get("prev", ""), links.get("next", "")


def test_pages_lead_forth_and_back_over_the_same_shares(line: InvoiceLine) -> None:
    client = logged_in(a_person(line.invoice.customer))
    forth, back, later = [], [], address_of(line)
    while later:
        shares, earlier, later = opened(client, later)
        forth.append(shares)
    while earlier:
        shares, earlier, _ = opened(client, earlier)
        back.append(shares)

    assert [len(shares) for shares in forth] == [3, 3, 1]
    assert forth[1::-1] == back
    amounts = [share for shares in forth for share in shares]
    assert (amounts.count("$0.34"), amounts.count("$0.33")) == (4, 3)  # $2.35


def test_a_page_that_is_opened_by_its_address_has_the_same_shares(line: InvoiceLine) -> None:
    client = logged_in(a_person(line.invoice.customer))
    _, _, second = opened(client, address_of(line))
    _, _, third = opened(client, second)
    pages = [opened(client, address) for address in (second, third)]

    cache.clear()

    client = logged_in(a_person(line.invoice.customer, email="other@northlight.example"))
    assert [opened(client, address) for address in (third, second)] == pages[::-1]


def test_a_page_whose_shares_are_known_counts_no_charges_again(
    line: InvoiceLine, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = logged_in(a_person(line.invoice.customer))
    _, _, second = opened(client, address_of(line))

    with django_assert_max_num_queries(60) as asked:
        opened(client, second)

    assert not [each["sql"] for each in asked.captured_queries if "count(*) FILTER" in each["sql"]]
