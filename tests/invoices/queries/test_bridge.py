"""The bridge from what a month received to what occurred in it and what its billing periods hold; quarantined items count
toward the month in which they occurred, and block its close."""

from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from billing_engine.core.calendar.spans import Month
from invoices.domain.month_close.close_month import ReasonRequired, close_cycle, create_missing_months, lock
from invoices.models import BillingCycle
from invoices.queries.bridge import Moved, bridge_of
from leads.domain.body.decode import as_json
from leads.domain.intake.receive import receive
from leads.models import BillingPeriod, Source
from tests.factories.leads import ActionTypeFactory, CustomerFactory, DeliveryFactory, ProductFactory, SourceFactory
from tests.factories.people import with_role
from tests.invoices.made import NOVEMBER_3, OCTOBER, a_draft, a_price, issued

pytestmark = pytest.mark.django_db
SEPTEMBER, NOVEMBER = Month(2026, 9), Month(2026, 11)
OCTOBER_20 = datetime(2026, 10, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _on_the_third_of_november() -> Iterator[None]:
    with time_machine.travel(NOVEMBER_3, tick=False):
        yield


@pytest.fixture
def source() -> Source:
    ActionTypeFactory.create(code="sample_order")
    ProductFactory.create(sku="TILE", customer=CustomerFactory.create(code="ACME"))
    ProductFactory.create(sku="LAMP", customer=CustomerFactory.create(code="HIKARI", time_zone="Asia/Tokyo"))
    return SourceFactory.create()


@pytest.fixture
def frank() -> User:
    return with_role("Finance")


sent = iter(range(10_000))


def send(source: Source, *occurred_at: str, at: datetime, sku: str = "TILE", **lead: Any) -> None:
    number = next(sent)
    actions = [
        {"id": f"A-{number}-{place}", "type": "sample_order", "occurred_at": instant}
        for place, instant in enumerate(occurred_at)
    ]
    item = {"id": f"L-{number}", "product": {"sku": sku}, "actions": actions, **lead}
    receive(source, body=as_json(item).encode(), content_type="application/json", received_at=at)


def october() -> BillingCycle:
    create_missing_months()
    return BillingCycle.objects.get(label="2026-10")


def text_of(browser: Client, name: str = "change") -> str:
    address = {
        "change": reverse("admin:invoices_billingcycle_change", args=[october().pk]),
        "bridge": reverse("admin:invoices_cycle_bridge", args=[october().pk]),
    }[name]
    return " ".join(unescape(browser.get(address).content.decode()).split())


def test_received_is_bridged_to_occurred_and_occurred_to_billed(source: Source) -> None:
    send(source, "2026-10-15T12:00:00Z", "2026-10-16T12:00:00Z", is_test=True, at=OCTOBER_20)
    send(source, "2026-09-30T12:00:00Z", at=OCTOBER_20)
    send(source, "2026-10-31T15:30:00Z", sku="LAMP", at=datetime(2026, 10, 31, 16, tzinfo=UTC))  # Tokyo's November
    send(source, "2026-10-31T15:30:00Z", at=NOVEMBER_3)
    BillingPeriod.objects.filter(label="2026-10", customer__code="ACME").update(state="closed", closed_at=NOVEMBER_3)
    send(
        source, "2026-10-17T12:00:00Z", "2026-10-18T12:00:00Z", at=NOVEMBER_3
    )  # late: billed with September's or later

    found = bridge_of(OCTOBER)

    assert found.actions == Moved(
        received=4, occurred_earlier=1, occurred_later=1, received_earlier=0, received_later=3, occurred=5
    )
    assert (found.reported, found.elsewhere, found.from_elsewhere, found.billed) == (4, 2, 0, 3)
    assert found.adds_up
    assert bridge_of(NOVEMBER).actions.occurred == 1
    assert all(bridge_of(month).adds_up for month in (SEPTEMBER, NOVEMBER))


def test_a_week_over_the_months_border_is_bridged_too(source: Source) -> None:
    weekly = CustomerFactory.create(code="WEEKLY", cycle="weekly")
    ProductFactory.create(sku="DESK", customer=weekly)
    send(source, "2026-10-31T12:00:00Z", "2026-11-01T12:00:00Z", sku="DESK", at=NOVEMBER_3)

    found = {month: bridge_of(month) for month in (OCTOBER, NOVEMBER)}

    assert [one.actions.occurred for one in found.values()] == [1, 1]
    assert sorted((one.elsewhere, one.from_elsewhere, one.billed) for one in found.values()) == [(0, 1, 2), (1, 0, 0)]
    assert all(one.adds_up for one in found.values())


def test_actions_that_a_delivery_reports_but_do_not_exist_are_shown(source: Source, finance: Client) -> None:
    send(source, "2026-10-15T12:00:00Z", at=OCTOBER_20)
    assert "The deliveries report" not in text_of(finance, "bridge")
    DeliveryFactory.create(received_at=OCTOBER_20, actions_received=1, actions_created=1)

    text = text_of(finance, "bridge")

    assert "The deliveries report 2 actions stored, but 1 exists." in text
    assert "does not add up" in text


def test_quarantine_of_october_received_in_november_blocks_october(
    source: Source, finance: Client, frank: User
) -> None:
    a_price()
    issued(a_draft(), frank)
    for _ in range(3):
        send(source, "2026-10-29T10:00:00Z", sku="GONE", at=NOVEMBER_3)
    send(source, "2026-11-02T10:00:00Z", sku="GONE", at=NOVEMBER_3)
    BillingPeriod.objects.open().update(state="closed", closed_at=NOVEMBER_3)

    text = text_of(finance)

    assert "<b>3</b> <strong>in quarantine</strong>" in text
    assert text.count("No product has the SKU 'GONE'.") == 3
    assert "Oct 29, 2026, 10:00" in text
    with pytest.raises(ReasonRequired, match=r"3 items in quarantine will be left behind\. Enter a reason"):
        lock(october(), by=frank, at=NOVEMBER_3)
    lock(october(), by=frank, at=NOVEMBER_3, reason="The customer knows")
    with pytest.raises(ReasonRequired, match=r"3 items in quarantine will be left behind\. Enter a reason"):
        close_cycle(october(), by=frank, at=NOVEMBER_3)
    assert close_cycle(october(), by=frank, at=NOVEMBER_3, reason="The customer knows").state == "closed"


def test_the_bridge_says_what_of_the_quarantine_occurred_and_was_received_when(source: Source, finance: Client) -> None:
    send(source, "2026-09-29T10:00:00Z", sku="GONE", at=OCTOBER_20)
    send(source, "2026-10-10T10:00:00Z", sku="GONE", at=OCTOBER_20)
    send(source, "2026-10-29T10:00:00Z", sku="GONE", at=NOVEMBER_3)

    assert bridge_of(OCTOBER).quarantined == Moved(
        received=2, occurred_earlier=1, occurred_later=0, received_earlier=0, received_later=1, occurred=2
    )
    a_price()
    a_draft()
    text = text_of(finance, "bridge")
    assert "occurred in an earlier month" in text
    assert "occurred in October 2026, received after" in text


def test_nothing_yet_does_not_add_up(finance: Client) -> None:
    a_draft()

    text = text_of(finance)

    assert "not complete yet" in text
    assert "Nothing yet." in text
