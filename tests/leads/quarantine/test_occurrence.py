"""A quarantined item counts toward the month it occurred in, in its customer's time zone, or else was received in."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from leads.domain.body.decode import as_json
from leads.domain.intake.receive import receive
from leads.domain.quarantine.settle import StillRefused, repair
from leads.models import QuarantinedItem, Source
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory

pytestmark = pytest.mark.django_db
NOVEMBER_3 = datetime(2026, 11, 3, 9, tzinfo=UTC)
IN_OCTOBER = "2026-10-29T10:00:00Z"
LAST_HOURS = "2026-10-31T15:30:00Z"  # already November in Tokyo


@pytest.fixture
def source() -> Source:
    ActionTypeFactory.create(code="sample_order")
    return SourceFactory.create()


def action(occurred_at: Any = IN_OCTOBER, **facts: Any) -> dict[str, Any]:
    return {"id": f"A-{occurred_at}", "type": "sample_order", "occurred_at": occurred_at, **facts}


def send(source: Source, *actions: Any, sku: str = "GONE", **lead: Any) -> None:
    item = {"id": "L-1", "product": {"sku": sku}, "actions": list(actions), **lead}
    receive(source, body=as_json(item).encode(), content_type="application/json", received_at=NOVEMBER_3)


def kept() -> tuple[list[str], str, datetime | None]:
    item = QuarantinedItem.objects.get()
    return item.months, item.zone, item.occurred_at


def test_a_refused_lead_counts_to_the_month_of_its_action_in_utc_if_its_customer_is_unknown(source: Source):
    send(source, action())

    assert kept() == (["2026-10"], "", datetime(2026, 10, 29, 10, tzinfo=UTC))


def test_a_lead_with_actions_of_several_months_counts_to_each(source: Source):
    send(source, action("2026-11-02T10:00:00Z"), action("2026-09-02T10:00:00Z"), action("2026-11-01T10:00:00Z"))

    assert kept()[0] == ["2026-09", "2026-11"]


def test_months_begin_where_the_customer_is(source: Source):
    tokyo = CustomerFactory.create(time_zone="Asia/Tokyo", code="Hikari")
    ProductFactory.create(customer=tokyo, sku="LAMP")

    send(source, action(LAST_HOURS, quantity=-1), sku="LAMP")  # the lead is stored
    assert kept()[:2] == (["2026-11"], "Asia/Tokyo")
    QuarantinedItem.objects.update(state="repaired", settled_at=NOVEMBER_3)

    send(source, action(LAST_HOURS), id="L-2", product={"sku": "GONE", "customer": "hikari"})  # its customer is named

    item = QuarantinedItem.objects.waiting().get()
    assert (item.code, item.months, item.zone) == ("unknown_product", ["2026-11"], "Asia/Tokyo")


def test_a_source_of_one_customer_need_not_name_it(source: Source):
    source.customer = CustomerFactory.create(time_zone="Pacific/Honolulu")
    source.save()

    send(source, action("2026-11-01T09:30:00Z"))

    assert kept()[:2] == (["2026-10"], "Pacific/Honolulu")


@pytest.mark.parametrize(
    "unreadable",
    [
        "yesterday",
        "2026-10-29T10:00:00",
        1790000000,
        None,
        "2062-10-29T10:00:00Z",
        "1999-10-29T10:00:00Z",
        {},
        "\u0000",
    ],
    ids=str,
)
def test_what_has_no_time_to_be_believed_counts_to_the_month_it_was_received_in(source: Source, unreadable: Any):
    send(source, action(unreadable))

    assert kept() == (["2026-11"], "", None)


def test_the_leads_own_time_stands_in_where_no_action_has_one(source: Source):
    send(source, occurred_at=IN_OCTOBER)

    assert kept()[0] == ["2026-10"]


def test_the_same_refused_again_keeps_the_month_it_first_waited_for(source: Source):
    send(source, action("yesterday"))
    item = {"id": "L-1", "product": {"sku": "GONE"}, "actions": [action("yesterday")]}
    in_december = datetime(2026, 12, 3, tzinfo=UTC)
    receive(source, body=as_json(item).encode(), content_type="application/json", received_at=in_december)

    assert (kept()[0], QuarantinedItem.objects.get().times_sent) == (["2026-11"], 2)


def test_a_refused_retry_updates_the_months_by_what_is_known_then(source: Source, operator: User):
    product = {"sku": "LAMP", "customer": "HIKARI"}
    send(source, action(LAST_HOURS), product=product)
    assert kept()[:2] == (["2026-10"], "")
    CustomerFactory.create(time_zone="Asia/Tokyo", code="HIKARI")
    item = QuarantinedItem.objects.get()

    with pytest.raises(StillRefused):
        repair(item, content=item.content, by=operator, at=NOVEMBER_3)

    assert kept()[:2] == (["2026-11"], "Asia/Tokyo")
