"""What is owed to us on the front page: by age in each currency, each amount with its items."""

from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from receivables.models import LedgerDocument
from reports.admin.desk.due import owed
from tests.factories.leads import CustomerFactory
from tests.factories.people import with_role
from tests.receivables.made import AT, a_document

pytestmark = pytest.mark.django_db
TODAY = AT.date()
REFUND = LedgerDocument.Kind.REFUND  # owed to us, like an invoice, and without one


def test_what_is_owed_is_by_age_in_each_currency_and_only_lateness_is_red() -> None:
    dollars, euros = CustomerFactory.create(currency="USD"), CustomerFactory.create(currency="EUR")
    a_document(dollars, REFUND, 100, due=TODAY)
    a_document(dollars, REFUND, 20, due=TODAY - timedelta(days=1))
    a_document(dollars, REFUND, 3, due=TODAY - timedelta(days=91))
    a_document(euros, REFUND, "4.5", due=TODAY + timedelta(days=30))

    found = owed(TODAY)

    assert found["heads"] == ["Not due", "1–30 days late", "31–60 days late", "61–90 days late", "Over 90 days late"]
    assert {
        row.currency: ([(age.words, age.is_late) for age in row.ages], row.outstanding.words)
        for row in found["rows"]  # type: ignore[attr-defined]  # a template's context
    } == {
        "EUR": ([("€4.50", False), *[("€0.00", False)] * 4], "€4.50"),
        "USD": (
            [("$100.00", False), ("$20.00", True), ("$0.00", False), ("$0.00", False), ("$3.00", True)],
            "$123.00",
        ),
    }


def test_finance_sees_what_is_owed_and_each_amount_opens_its_items(client: Client) -> None:
    a_document(CustomerFactory.create(name="Ash", currency="USD"), REFUND, 20, due=date(2026, 11, 2))
    client.force_login(with_role("Finance"))

    with time_machine.travel(AT):
        page = client.get(reverse("admin:index"))
        late = page.context["finance"]["owed"]["rows"][0].ages[1]
        items = client.get(late.address).content.decode()

    assert (late.words, late.is_late) == ("$20.00", True)
    assert f'href="{late.address.replace("&", "&amp;")}"' in page.content.decode()
    assert ("Ash" in items, "$20.00" in items) == (True, True)
    client.force_login(with_role("Operations"))
    assert client.get(reverse("admin:index")).context["finance"] is None
