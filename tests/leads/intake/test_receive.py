"""Received once, never lost: what a delivery stores, and what its source gets back."""

import json
import zlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_engine.core.calendar.spans import Month
from leads.domain.body.decode import BodyNotReadable
from leads.domain.intake.receipt import Receipt
from leads.domain.intake.receive import receive
from leads.models import (
    Action,
    ActionType,
    BillingPeriod,
    Customer,
    Delivery,
    Lead,
    Product,
    QuarantinedItem,
    Source,
    UnratedMark,
)
from leads.models.delivery import OUTCOMES
from tests.factories.leads import ActionTypeFactory, BillingPeriodFactory, ProductFactory, SourceFactory

pytestmark = pytest.mark.django_db

RECEIVED_AT = datetime(2026, 10, 20, 9, tzinfo=UTC)


@pytest.fixture
def product() -> Product:
    ActionTypeFactory.create(code="sample_order")
    return ProductFactory.create(sku="TILE-9", customer__code="ACME")


def action(**facts: Any) -> dict[str, Any]:
    return {"id": "A-1", "type": "sample_order", "occurred_at": "2026-10-15T12:00:00Z", **facts}


def lead(*actions: Any, **facts: Any) -> dict[str, Any]:
    return {"id": "L-1", "product": {"sku": "TILE-9"}, "actions": list(actions), **facts}


def send(source: Source, *leads: Any) -> Receipt:
    return receive(source, body=json.dumps(leads).encode(), content_type="application/json", received_at=RECEIVED_AT)


def outcomes(receipt: Receipt) -> list[tuple[str, list[str]]]:
    return [(result.outcome, [action.outcome for action in result.actions]) for result in receipt.results]


def faults(receipt: Receipt) -> list[tuple[str, str]]:
    results = [result for lead in receipt.results for result in (lead, *lead.actions) if result.fault]
    return [(result.fault.code, result.pointer + result.fault.pointer) for result in results if result.fault]


def test_a_lead_its_product_and_its_actions_go_into_the_tables(source: Source, product: Product):
    contact = {"name": "Ann", "email": "Ann+tiles@Studio.example", "firm": "Studio", "country": "US"}
    sent = action(quantity=3, value="12.50", attributes={"order": "O-1", "weight": 0.1})

    receipt = send(source, lead(sent, contact=contact, campaign="Spring", attributes={"vip": True}))

    assert receipt.as_json() == {
        "receipt": receipt.delivery_id,
        "counts": {
            "leads_received": 1,
            "leads_created": 1,
            "leads_updated": 0,
            "leads_duplicate": 0,
            "leads_conflict": 0,
            "leads_quarantined": 0,
            "leads_test": 0,
            "actions_received": 1,
            "actions_created": 1,
            "actions_updated": 0,
            "actions_duplicate": 0,
            "actions_conflict": 0,
            "actions_quarantined": 0,
            "actions_test": 0,
        },
        "results": [{"id": "L-1", "outcome": "created", "actions": [{"id": "A-1", "outcome": "created"}]}],
    }
    stored = Lead.objects.get()
    assert (stored.source, stored.product, stored.external_id) == (source, product, "L-1")
    assert (stored.email, stored.person_key) == ("Ann+tiles@Studio.example", "ann@studio.example")
    assert (stored.name, stored.firm, stored.country, stored.campaign) == ("Ann", "Studio", "US", "Spring")
    assert (stored.attributes, stored.received_at, stored.is_test) == ({"vip": True}, RECEIVED_AT, False)
    did = Action.objects.get()
    assert (did.lead, did.external_id, did.action_type.code) == (stored, "A-1", "sample_order")
    assert (did.quantity, did.value) == (Decimal(3), Decimal("12.50"))
    assert did.attributes == {"order": "O-1", "weight": 0.1}
    assert did.occurred_at == datetime(2026, 10, 15, 12, tzinfo=UTC)
    assert (did.period.customer, did.period.label) == (product.customer, "2026-10")


def test_the_raw_body_is_kept_as_it_was_received_with_its_digest(source: Source, product: Product):
    body = b'  {"id": "L-1",   "product": {"sku": "TILE-9"}}'

    receipt = receive(source, body=body, content_type="application/json", received_at=RECEIVED_AT)

    kept = Delivery.objects.get(pk=receipt.delivery_id)
    assert zlib.decompress(kept.body) == body
    assert (kept.body_size, kept.received_at, kept.leads_created) == (len(body), RECEIVED_AT, 1)


def test_sending_the_same_again_changes_nothing_and_says_duplicate(source: Source, product: Product):
    send(source, lead(action()))
    before = list(Action.objects.values()), list(Lead.objects.values())
    UnratedMark.objects.all().delete()

    assert outcomes(send(source, lead(action()))) == [("duplicate", ["duplicate"])]
    assert (list(Action.objects.values()), list(Lead.objects.values())) == before
    assert not UnratedMark.objects.exists()


def test_a_lead_sent_again_with_new_actions_adds_those(source: Source, product: Product):
    send(source, lead(action()))

    assert outcomes(send(source, lead(action(), action(id="A-2")))) == [("updated", ["duplicate", "created"])]
    assert Action.objects.count() == 2


def test_actions_may_come_alone_for_a_lead_sent_earlier(source: Source, product: Product):
    send(source, lead())

    assert outcomes(send(source, {"id": "L-1", "actions": [action()]})) == [("updated", ["created"])]


def test_an_action_sent_again_with_other_content_is_a_conflict_that_changes_nothing(source: Source, product: Product):
    send(source, lead(action()))

    receipt = send(source, lead(action(quantity=20)))

    assert outcomes(receipt) == [("duplicate", ["conflict"])]
    assert Action.objects.get().quantity == 1
    item = QuarantinedItem.objects.get()
    assert (item.code, item.pointer, item.stored_action) == ("action_conflict", "/0/actions/0", Action.objects.get())
    assert item.content == lead(action(quantity=20))


def test_a_lead_sent_again_about_another_product_is_a_conflict_and_its_actions_wait_with_it(
    source: Source, product: Product
):
    send(source, lead(action()))
    ProductFactory.create(sku="STONE-1")

    receipt = send(source, lead(action(id="A-2"), product={"sku": "STONE-1"}))

    assert outcomes(receipt) == [("conflict", ["quarantined"])]
    assert (Lead.objects.get().product, Action.objects.count()) == (product, 1)


@pytest.mark.parametrize("other", [{"contact": {"email": "bob@studio.example"}}, {"is_test": True}])
def test_a_lead_sent_again_as_another_person_or_as_a_test_is_a_conflict(
    source: Source, product: Product, other: dict[str, Any]
):
    send(source, lead(contact={"email": "ann@studio.example"}))

    assert faults(send(source, lead(**other))) == [("lead_conflict", "/0")]


def test_within_one_delivery_the_first_of_duplicates_is_stored(source: Source, product: Product):
    receipt = send(source, lead(action(), action(), action(quantity=2)), lead(action(), action(id="A-2")))

    assert outcomes(receipt) == [
        ("created", ["created", "duplicate", "conflict"]),
        ("updated", ["duplicate", "created"]),
    ]
    assert list(Action.objects.order_by("pk").values_list("external_id", "quantity")) == [("A-1", 1), ("A-2", 1)]


def test_ids_are_the_same_as_numbers_and_as_text(source: Source, product: Product):
    send(source, lead(action(id=17), id=4))

    assert outcomes(send(source, lead(action(id="17"), id="4"))) == [("duplicate", ["duplicate"])]


def test_null_means_the_same_as_leaving_out(source: Source, product: Product):
    contact = dict.fromkeys(("name", "email", "phone", "firm", "country", "region"))
    optional = {"campaign": None, "occurred_at": None, "is_test": None, "attributes": None}
    sent = lead(action(quantity=None, value=None, attributes=None), contact=contact, **optional)

    assert outcomes(send(source, sent)) == [("created", ["created"])]
    assert outcomes(send(source, lead(action(), contact=None))) == [("duplicate", ["duplicate"])]
    assert faults(send(source, lead(id=None))) == [("member_missing", "/0")]


def test_one_bad_item_never_affects_others(source: Source, product: Product):
    bad = [
        "no lead at all",
        {"product": {"sku": "TILE-9"}},
        lead(id="L-2", product={"sku": "NOWHERE"}),
        lead(id="L-3", colour="red"),
        {"id": "L-4"},
        lead(action(type="dance"), action(id="A-2", occurred_at="2026-10-15T12:00:00"), action(id="A-3"), id="L-5"),
        lead(action(quantity=-1), action(id="A-2", value="NaN"), action(id="A-3", quantity="0.0000001"), id="L-6"),
        lead(action(occurred_at="2026-10-20T09:06:00Z"), action(id="", occurred_at="2026-10-15T12:00:00Z"), id="L-7"),
    ]

    receipt = send(source, *bad)

    assert faults(receipt) == [
        ("not_an_object", "/0"),
        ("member_missing", "/1"),
        ("unknown_product", "/2/product/sku"),
        ("member_unknown", "/3"),
        ("product_missing", "/4/product"),
        ("unknown_action_type", "/5/actions/0/type"),
        ("time_without_offset", "/5/actions/1/occurred_at"),
        ("quantity_invalid", "/6/actions/0/quantity"),
        ("value_invalid", "/6/actions/1/value"),
        ("quantity_invalid", "/6/actions/2/quantity"),
        ("occurred_in_the_future", "/7/actions/0/occurred_at"),
        ("member_invalid", "/7/actions/1/id"),
    ]
    assert [item.pointer for item in QuarantinedItem.objects.order_by("pk")] == [place for _, place in faults(receipt)]
    assert list(Action.objects.values_list("lead__external_id", "external_id")) == [("L-5", "A-3")]


def test_what_postgresql_cannot_store_as_text_waits_in_quarantine_and_stays_whole_in_the_delivery(
    source: Source, product: Product
):
    receipt = send(source, lead(id="L\0"))

    assert faults(receipt) == [("nul_character", "/0")]
    assert QuarantinedItem.objects.get().content["id"] == "L�"
    assert json.loads(zlib.decompress(Delivery.objects.get().body))[0]["id"] == "L\0"


def test_a_number_beyond_what_postgresql_holds_waits_in_quarantine(source: Source, product: Product):
    body = b'{"id": 1, "product": {"sku": "TILE-9"}, "attributes": {"n": 1e999999}, "actions": [{"id": 1, "n": 1e-999999}]}'

    receipt = receive(source, body=body, content_type="application/json", received_at=RECEIVED_AT)

    assert faults(receipt)[0] == ("number_too_large", "")
    assert QuarantinedItem.objects.get().content["attributes"] == {"n": "1E+999999"}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"9" * 100_000, b"7", b'"lead"', b"null", b"\xff", b'{"a": NaN}', b"[" * 100_000]
)
def test_a_body_without_items_is_refused_as_a_whole(source: Source, body: bytes):
    with pytest.raises(BodyNotReadable):
        receive(source, body=body, content_type="application/json", received_at=RECEIVED_AT)

    assert not Delivery.objects.exists()


def test_a_sku_that_several_customers_have_needs_the_customer(source: Source, product: Product):
    other = ProductFactory.create(sku="TILE-9")

    assert faults(send(source, lead())) == [("ambiguous_product", "/0/product")]
    named = {"sku": "TILE-9", "customer": other.customer.code.lower()}
    assert outcomes(send(source, lead(product=named))) == [("created", [])]
    assert Lead.objects.get().product == other
    unknown = {"sku": "TILE-9", "customer": "NOBODY"}
    assert faults(send(source, lead(product=unknown, id="L-2"))) == [("unknown_customer", "/0/product/customer")]


def test_a_source_of_one_customer_means_that_customers_products(product: Product):
    other = ProductFactory.create(sku="TILE-9")
    source = SourceFactory.create(customer=other.customer)

    send(source, lead())

    assert Lead.objects.get().product == other


def test_a_source_that_may_add_products_does(product: Product):
    source = SourceFactory.create(new_products=Source.NewProducts.CREATE)
    new = {"sku": 4711, "customer": "acme", "name": "Hex", "category": "tiles"}

    assert outcomes(send(source, lead(product=new), lead(product=new, id="L-2"))) == [("created", []), ("created", [])]
    added = Product.objects.get(sku="4711")
    assert (added.customer.code, added.name, added.revisions.get().category) == ("ACME", "Hex", "tiles")


def test_an_action_belongs_to_the_month_of_its_customers_own_time_zone(source: Source, product: Product):
    Customer.objects.update(time_zone="America/Chicago")

    send(
        source,
        lead(
            action(id="last second of September", occurred_at="2026-10-01T04:59:59.999999Z"),
            action(id="first of October", occurred_at="2026-10-01T05:00:00Z"),
        ),
    )

    assert dict(Action.objects.values_list("external_id", "period__label")) == {
        "last second of September": "2026-09",
        "first of October": "2026-10",
    }


def test_an_action_of_a_closed_period_goes_to_the_earliest_open_one(source: Source, product: Product):
    _ = [BillingPeriodFactory.create(customer=product.customer, month=Month(2026, month)) for month in (8, 9, 10)]
    BillingPeriod.objects.filter(label__in=["2026-08", "2026-09"]).update(state="closed", closed_at=RECEIVED_AT)

    send(source, lead(action(occurred_at="2026-08-01T12:00:00Z"), action(id="A-2", occurred_at="2026-09-01T12:00:00Z")))

    assert set(Action.objects.values_list("period__label", flat=True)) == {"2026-10"}


def test_when_every_period_is_closed_a_late_action_opens_the_next(source: Source, product: Product):
    BillingPeriodFactory.create(customer=product.customer, month=Month(2026, 9))
    BillingPeriod.objects.update(state="closed", closed_at=RECEIVED_AT)

    send(source, lead(action(occurred_at="2026-09-01T12:00:00Z")))

    assert Action.objects.get().period.label == "2026-10"


def test_a_period_with_new_actions_is_marked_as_unrated(source: Source, product: Product):
    send(source, lead(action(), action(id="A-2", occurred_at="2026-09-15T12:00:00Z")))

    assert sorted(UnratedMark.objects.values_list("period__label", "reason")) == [
        ("2026-09", "intake"),
        ("2026-10", "intake"),
    ]


def test_a_delivery_costs_the_same_number_of_queries_however_many_leads_it_holds(source: Source, product: Product):
    def queries(count: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            send(source, *(lead(action(), action(id="A-2"), id=f"{count}-{number}") for number in range(count)))
        return len(captured)

    queries(2)  # opens the period
    assert queries(1) == queries(3) == 4  # two, and a savepoint
    assert queries(100) == queries(200) == 6  # and two COPY statements for the rows
    assert queries(1) == queries(3) == queries(100) == 5  # known ones are compared


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
near_leads = st.fixed_dictionaries(
    {"id": json_values},
    optional={
        "product": st.just({"sku": "TILE-9"}) | json_values,
        "contact": json_values,
        "occurred_at": json_values | st.datetimes().map(lambda at: at.isoformat() + "Z"),
        "attributes": json_values,
        "actions": st.lists(
            json_values
            | st.fixed_dictionaries(
                {
                    "id": st.integers() | st.text(max_size=3),
                    "type": st.just("sample_order"),
                    "occurred_at": st.datetimes().map(lambda at: at.isoformat() + "+14:00"),
                },
                optional={"quantity": json_values, "value": json_values, "attributes": json_values},
            ),
            max_size=3,
        ),
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(json_values | near_leads, max_size=4))
def test_whatever_json_is_sent_every_item_is_accounted_for(source: Source, product: Product, items: list[Any]):
    body = json.dumps(items).encode("utf-8", "surrogatepass")
    try:
        receipt = receive(source, body=body, content_type="application/json", received_at=RECEIVED_AT)
    except BodyNotReadable:
        return  # a lone surrogate: not JSON in UTF-8
    counts = receipt.counts()

    assert len(receipt.results) == counts["leads_received"] == len(items)
    for kind in ("leads", "actions"):
        settled = sum(counts[f"{kind}_{outcome}"] for outcome in OUTCOMES)
        assert counts[f"{kind}_received"] == settled
    assert ActionType.objects.count() == 1
