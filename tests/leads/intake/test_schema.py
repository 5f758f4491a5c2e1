"""A number that can't be stored affects only its own item; an item that looks like an envelope is one item."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from leads.domain.intake.receive import receive
from leads.domain.quarantine.bulk_retry import retry_next, start_retry
from leads.domain.quarantine.settle import StillRefused, repair
from leads.models import BulkRetry, Lead, Product, QuarantinedItem, Source
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory

pytestmark = pytest.mark.django_db

AT = datetime(2026, 10, 20, 9, tzinfo=UTC)
GOOD = '{"id": "L-1", "product": {"sku": "TILE-9"}}'


@pytest.fixture
def source() -> Source:
    ActionTypeFactory.create()
    return SourceFactory.create(customer=ProductFactory.create(sku="TILE-9").customer, new_products="create")


def outcomes(source: Source, *items: str) -> list[Any]:
    receipt = receive(source, body=f"[{', '.join(items)}]".encode(), content_type="application/json", received_at=AT)
    return [result.fault and result.fault.code for lead in receipt.results for result in (lead, *lead.actions)]


def with_amount(amount: str) -> str:
    action = f'{{"id": "A-1", "type": "sample_order", "occurred_at": "2026-10-15T12:00:00Z", "quantity": {amount}}}'
    return f'{{"id": "L-2", "product": {{"sku": "TILE-9"}}, "actions": [{action}]}}'


@pytest.mark.parametrize(
    "amount", ['"0e-99999"', "0e-99999", '"0e99999"', "1." + 20_000 * "0", '"1e99999999999999999999"']
)
def test_an_amount_that_cannot_be_stored_waits_and_others_are_stored(source: Source, amount: str):
    found = outcomes(source, GOOD, with_amount(amount))

    assert found[:2] == [None, None]
    assert found[2] in ("quantity_invalid", "number_too_large", "member_invalid")
    assert sorted(Lead.objects.values_list("external_id", flat=True)) == ["L-1", "L-2"]


@pytest.mark.parametrize("number", ["0." + 20_000 * "1", "1e99999999999999999999999", "0e-99999"])
def test_an_attribute_that_cannot_be_stored_waits_and_others_are_stored(source: Source, number: str):
    found = outcomes(source, GOOD, f'{{"id": "L-2", "product": {{"sku": "TILE-9"}}, "attributes": {{"a": {number}}}}}')

    assert found == [None, "number_too_large"]


@pytest.mark.parametrize("sku", [json.dumps("   "), "1" * 120])
def test_an_invalid_sku_waits_and_adds_no_product(source: Source, sku: str):
    assert outcomes(source, GOOD, f'{{"id": "L-2", "product": {{"sku": {sku}}}}}') == [None, "member_invalid"]
    assert Product.objects.count() == 1


@pytest.mark.parametrize("item", ['{"leads": []}', "[]", '{"leads": [{"id": "L-3", "product": {"sku": "TILE-9"}}]}'])
def test_what_looks_like_many_items_is_one_when_it_is_retried(source: Source, item: str):
    outcomes(source, item)
    waiting = QuarantinedItem.objects.get()

    with pytest.raises(StillRefused):
        repair(waiting, content=waiting.content, by=None, at=AT)

    assert (QuarantinedItem.objects.waiting().count(), Lead.objects.count()) == (1, 0)


def test_a_bulk_retry_goes_on_when_more_comes_to_wait_with_its_code(source: Source):
    outcomes(source, *(f'{{"id": "L-{n}", "colour": "red"}}' for n in range(3)))
    last = QuarantinedItem.objects.latest("pk")
    QuarantinedItem.objects.filter(pk=last.pk - 1).update(code="something_else")
    retry = start_retry(source, code="member_unknown", by=None, at=AT)
    QuarantinedItem.objects.update(code="member_unknown")

    while retry_next(retry.pk, at=AT):
        pass

    done = BulkRetry.objects.get()
    assert (done.total, done.stored, done.refused, done.finished_at) == (3, 0, 3, AT)
