"""What people and sources do in intake, catalog and quarantine is on record once, with the values and never a secret."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from billing_engine.core.deeds.record import deed_of
from billing_engine.core.models import Deed
from leads.domain.catalog.sources import save_source
from leads.domain.catalog.subjects import save_action_type, save_product
from leads.domain.companies import save_company
from leads.domain.credentials.api_keys import create_key, revoke_key, rotate_key
from leads.domain.credentials.signatures import create_secret, rotate_secret
from leads.domain.intake.receive import DELIVERY_RECEIVED, receive
from leads.domain.quarantine.bulk_retry import retry_next, start_retry
from leads.domain.quarantine.conflicts import take_new
from leads.domain.quarantine.settle import StillRefused, discard, repair
from leads.domain.terms.customer_terms import write_terms
from leads.domain.voiding import void, voided_by
from leads.models import Action, Delivery, Product, QuarantinedItem, Source
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    CompanyFactory,
    CustomerFactory,
    ProductFactory,
    SourceFactory,
)
from tests.factories.people import with_role

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


@pytest.fixture
def operator(db: None) -> User:
    """She may change every term, which no role may."""
    return User.objects.create_superuser("olga")


@pytest.fixture
def source() -> Source:
    ActionTypeFactory.create(code="sample_order")
    ProductFactory.create(sku="TILE", customer=CustomerFactory.create(code="ACME"))
    return SourceFactory.create(code="web", name="Web shop")


def action(name: str = "A-1", **members: Any) -> dict[str, Any]:
    return {"id": name, "type": "sample_order", "occurred_at": "2026-10-05T10:00:00Z"} | members


def lead(*actions: dict[str, Any], name: str = "L-1", sku: str = "TILE", **members: Any) -> dict[str, Any]:
    return {"id": name, "product": {"sku": sku, "customer": "ACME"}, "actions": list(actions)} | members


def send(source: Source, *leads: Any, key: str | None = None) -> int:
    body = json.dumps(leads).encode()
    receipt = receive(source, body=body, content_type="application/json", received_at=NOW, idempotency_key=key)
    return receipt.delivery_id


def told() -> list[tuple[str, str, str, dict[str, Any], dict[str, Any]]]:
    """Verb, who, reason, before and after of each deed, in order."""
    found = Deed.objects.order_by("pk")
    return [(deed.verb, deed.actor_name, deed.reason, deed.before, deed.after) for deed in found]


def test_a_delivery_is_one_deed_of_its_source_with_what_became_of_it(source: Source) -> None:
    delivery = send(source, lead(action()), lead(name="L-2", sku="UNKNOWN"))

    [deed] = Deed.objects.all()
    assert (deed.verb, deed.actor, deed.actor_name, deed.person) == ("delivery_received", "source", "Web shop", None)
    assert deed.objects_touched == [f"leads.delivery:{delivery}", f"leads.source:{source.pk}"]
    assert deed.after == {
        "leads_received": 2,
        "leads_created": 1,
        "leads_quarantined": 1,
        "actions_received": 1,
        "actions_created": 1,
    }


def test_the_deed_of_a_delivery_is_made_without_its_rows_and_says_the_same_as_one_made_with_them(
    source: Source,
) -> None:
    send(source, lead(action()))
    delivery = send(source, lead({"id": "A-1", "void": {"reason": "Canceled"}}))

    stored = Deed.objects.latest("pk")
    on, voided = Delivery.objects.get(pk=delivery), Action.objects.get()
    made = deed_of(DELIVERY_RECEIVED, on=on, by=source, after=stored.after, also=[voided])
    told = [
        field.attname for field in Deed._meta.concrete_fields if field.name not in ("id", "at", "position", "digest")
    ]
    assert [getattr(stored, name) for name in told] == [getattr(made, name) for name in told]


def test_a_request_that_is_repeated_with_its_key_is_no_second_deed(source: Source) -> None:
    assert send(source, lead(action()), key="once") == send(source, lead(action()), key="once")

    assert Deed.objects.count() == Delivery.objects.count() == 1


def test_products_that_a_source_may_add_are_named_by_the_deed_of_its_delivery(source: Source) -> None:
    source.new_products = Source.NewProducts.CREATE
    source.save()

    send(source, lead(action(), sku="NEW"))

    [deed] = Deed.objects.all()
    assert (deed.after["products_added"], Product.objects.filter(sku="NEW").count()) == (["NEW"], 1)


def test_what_a_source_voids_is_touched_by_the_deed_of_its_delivery(source: Source) -> None:
    send(source, lead(action()))

    delivery = send(source, lead({"id": "A-1", "void": {"reason": "Canceled"}}))

    voided = Action.objects.get()
    [deed] = Deed.objects.about(voided)
    assert (deed.verb, deed.actor, deed.objects_touched) == (
        "delivery_received",
        "source",
        [f"leads.delivery:{delivery}", f"leads.action:{voided.pk}", f"leads.source:{source.pk}"],
    )
    assert voided_by(voided) == ""


def test_what_a_person_voids_is_the_persons_deed(operator: User) -> None:
    voided = ActionFactory.create()

    void(voided, reason="A favor for a friend", by=operator, at=NOW)

    [deed] = Deed.objects.on(voided)
    assert (deed.verb, deed.person, deed.reason) == ("action_voided", operator, "A favor for a friend")
    assert deed.objects_touched[1:] == [
        f"leads.billingperiod:{voided.period_id}",
        f"leads.customer:{voided.period.customer_id}",
    ]
    assert voided_by(voided) == "olga"


def test_a_saved_form_keeps_the_values_before_and_after_and_a_save_without_a_change_is_no_deed(operator: User) -> None:
    kind, product = ActionTypeFactory.create(name="View"), ProductFactory.create(name="Tile")
    company, source = CompanyFactory.create(name="Good, Inc."), SourceFactory.create(name="Web")
    kind.name, product.name, company.name, source.name = "Look", "Slab", "Evil, Inc.", "Site"

    for _ in range(2):
        save_action_type(kind, by=operator, at=NOW)
        save_product(product, by=operator, at=NOW)
        save_company(company, by=operator)
        save_source(source, by=operator, at=NOW)

    assert told() == [
        ("action_type_saved", "olga", "", {"name": "View"}, {"name": "Look"}),
        ("product_saved", "olga", "", {"name": "Tile"}, {"name": "Slab"}),
        ("company_saved", "olga", "", {"name": "Good, Inc."}, {"name": "Evil, Inc."}),
        ("source_saved", "olga", "", {"name": "Web"}, {"name": "Site"}),
    ]


def test_a_customers_terms_and_taxes_are_one_deed() -> None:
    customer, finance = CustomerFactory.create(), with_role("Finance")
    changes = {"taxes": [{"name": "VAT", "rate": "19", "category": ""}], "payment_terms_days": 45}

    write_terms(customer, changes=changes, first_day=NOW.date(), reason="Agreed", by=finance, at=NOW)

    assert told() == [
        ("customer_terms_written", finance.username, "Agreed", {"taxes": [], "payment_terms_days": 30}, changes)
    ]


def test_keys_and_secrets_are_on_record_without_what_they_open(operator: User) -> None:
    source = SourceFactory.create()
    key, first = create_key(source, by=operator, at=NOW)
    new, second = rotate_key(key, until=LATER, by=operator, at=NOW)
    revoke_key(new, by=operator, at=NOW)
    secret, third = create_secret(source, by=operator)
    _, fourth = rotate_secret(secret, until=LATER, by=operator, at=NOW)

    assert [verb for verb, *_ in told()] == [
        "api_key_created",
        "api_key_rotated",
        "api_key_revoked",
        "signing_secret_created",
        "signing_secret_rotated",
    ]
    kept = json.dumps(told())
    hidden = [first, second, third, fourth, key.digest, new.digest]
    assert [each for each in hidden if each in kept] == []
    assert Deed.objects.about(source).count() == 5


def test_each_thing_done_about_a_quarantined_item_is_one_deed(source: Source, operator: User) -> None:
    send(source, lead(action()), lead(name="L-2", sku="NONE"), lead(name="L-3", sku="NONE"))
    send(source, lead(action(quantity=3)))
    before = Deed.objects.count()
    wrong, dropped, conflict = QuarantinedItem.objects.order_by("pk")

    with pytest.raises(StillRefused):
        repair(wrong, content=wrong.content, by=operator, at=NOW)
    repair(wrong, content=lead(name="L-2"), by=operator, at=NOW)
    discard(dropped, note="Not ours", by=operator, at=NOW)
    take_new(conflict, note="Counted again", by=operator, at=NOW)

    done = Deed.objects.filter(pk__gt=Deed.objects.order_by("pk")[before - 1].pk).order_by("pk")
    assert [(deed.verb, deed.person, deed.reason) for deed in done] == [
        ("quarantined_item_refused_again", operator, ""),
        ("quarantined_item_repaired", operator, ""),
        ("quarantined_item_discarded", operator, "Not ours"),
        ("quarantined_item_replaced", operator, "Counted again"),
    ]
    assert (done[3].before, done[3].after) == ({}, {"changed": ["quantity"]})
    assert f"leads.action:{Action.objects.get(external_id='A-1').pk}" in done[3].objects_touched


def test_what_the_workers_retry_for_a_person_is_the_persons_deed(source: Source, operator: User) -> None:
    send(source, lead(name="L-2", sku="LATE"))
    ProductFactory.create(sku="LATE", customer=Product.objects.get(sku="TILE").customer)

    retry = start_retry(source, code="unknown_product", by=operator, at=NOW)
    while retry_next(retry.pk, at=NOW):
        pass

    done = Deed.objects.order_by("pk")[1:]
    assert [(deed.verb, deed.person) for deed in done] == [
        ("bulk_retry_started", operator),
        ("quarantined_item_repaired", operator),
    ]
