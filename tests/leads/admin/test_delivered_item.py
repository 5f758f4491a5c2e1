"""An action links to its item within the delivery, with the action highlighted."""

import json
import re
import zlib
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.domain.intake.receive import receive
from leads.models import Action, Lead
from tests.factories.leads import ActionTypeFactory, CustomerFactory, DeliveryFactory, ProductFactory, SourceFactory

pytestmark = pytest.mark.django_db

RECEIVED = datetime(2026, 10, 15, 12, tzinfo=UTC)


def a_lead(number: int, *actions: str) -> dict[str, Any]:
    return {
        "id": f"L-{number}",
        "product": {"sku": "OAK"},
        "contact": {"email": "ann@studio.example"},
        "actions": [
            {"id": each, "type": "sample_order", "occurred_at": "2026-10-14T10:00:00Z", "quantity": 2}
            for each in actions
        ],
    }


def stored(content: Any, content_type: str = "application/json") -> None:
    product = ProductFactory.create(sku="OAK", customer=CustomerFactory.create())
    ActionTypeFactory.create()
    source = SourceFactory.create(customer=product.customer)
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    receive(source=source, body=body, content_type=content_type, received_at=RECEIVED)


def item_of(browser: Client, row: Action | Lead) -> tuple[str, list[str]]:
    """Return where the page of the row links to, and the highlighted lines there."""
    name = row._meta.model_name
    page = browser.get(reverse(f"admin:leads_{name}_change", args=[row.pk])).content.decode()
    (address,) = set(re.findall(rf'href="(/admin/leads/delivery/\d+/change/\?{name}={row.pk}#item)"', page))
    html = browser.get(address).content.decode()
    item = html.partition('class="lb-wide lb-delivered"')[2].partition("</section>")[0]
    (place,) = re.findall(r'<p class="lb-quiet">(.*?)</p>', item)
    assert item.count('class="lb-found" id="item"') == 1  # the target of the link
    return unescape(place), [unescape(each).strip() for each in re.findall(r'class="lb-found"[^>]*>(.*?)</span>', item)]


@pytest.mark.parametrize(
    ("wrap", "content_type", "place"),
    [
        (lambda leads: leads, "application/json", "/1"),
        (lambda leads: {"leads": leads}, "application/json", "/leads/1"),
        (lambda leads: "\n".join(map(json.dumps, leads)).encode(), "application/x-ndjson", "/2"),
    ],
)
def test_the_delivery_of_an_action_shows_where_in_it_the_action_is(
    operations: Client, wrap: Any, content_type: str, place: str
) -> None:
    stored(wrap([a_lead(1, "A-1"), a_lead(2, "A-1", "A-2"), a_lead(3, "A-1")]), content_type)

    action = Action.objects.get(lead__external_id="L-2", external_id="A-2")

    words, marked = item_of(operations, action)
    assert words == f"Action A-2 of lead L-2, at {place}/actions/1"
    assert (marked[0], marked[-1], '"id": "A-2",' in marked, '"id": "A-1",' in marked) == ("{", "}", True, False)


def test_the_delivery_of_a_lead_shows_the_lead(operations: Client) -> None:
    stored(a_lead(7, "A-1"))

    words, marked = item_of(operations, Lead.objects.get())

    assert (words, marked[0], marked[-1], '"id": "L-7",' in marked) == ("Lead L-7, at /", "{", "}", True)


def test_in_a_file_the_row_is_marked(operations: Client) -> None:
    rows = ["lead,action", *(f"L-{number},A-{number}" for number in range(1, 20))]
    stored(a_lead(9, "A-9"))
    action = Action.objects.get()
    body = DeliveryFactory.create(body=zlib.compress("\n".join(rows).encode()), content_type="text/csv")
    Action.objects.update(delivery=body.pk)

    words, marked = item_of(operations, action)

    assert (words, marked) == ("Action A-9 of lead L-9, at line 10", ["L-9,A-9"])


@pytest.mark.parametrize("asked", ["action=0", "action=²", "action=99999999999999999999", "lead=x", "action=", ""])
def test_a_delivery_asked_for_what_is_not_in_it_shows_itself(operations: Client, asked: str) -> None:
    stored(a_lead(1, "A-1"))
    delivery = Action.objects.get().delivery_id

    response = operations.get(f"{reverse('admin:leads_delivery_change', args=[delivery])}?{asked}")

    assert (response.status_code, 'id="item"' in response.content.decode()) == (200, False)


def test_an_action_of_another_delivery_is_not_looked_for(operations: Client) -> None:
    stored(a_lead(1, "A-1"))
    other = DeliveryFactory.create()

    address = f"{reverse('admin:leads_delivery_change', args=[other.pk])}?action={Action.objects.get().pk}"

    assert 'id="item"' not in operations.get(address).content.decode()
