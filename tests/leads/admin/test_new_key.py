"""The example request beside a new API key works as it is."""

import re
import shlex
from html import unescape

import pytest
from django.test import Client

from leads.models import Lead
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory
from tests.leads.admin.test_pages import press

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("of_one_customer", [True, False])
def test_the_request_shown_with_a_new_key_is_taken_as_it_is(operations: Client, of_one_customer: bool) -> None:
    ActionTypeFactory.create(code="page_view")
    ProductFactory.create(sku="OTHER")
    product = ProductFactory.create(sku='O\'Hara <"5">')
    source = SourceFactory.create(customer=product.customer if of_one_customer else None)

    shown = press(operations, "leads_source_new_key", source, scopes=["send"]).content.decode()

    [command] = re.findall(r"(curl .*?)</pre>", shown, re.DOTALL)
    words = shlex.split(unescape(command))
    headers = dict(word.split(": ", 1) for word in words if re.match(r"[A-Z][\w-]+: ", word))
    answer = operations.post("/api/v1/deliveries", words[-1], content_type=headers.pop("Content-Type"), headers=headers)
    assert [(each["outcome"], each["actions"][0]["outcome"]) for each in answer.json()["results"]] == [("test", "test")]
    assert Lead.objects.get().product.sku == (product.sku if of_one_customer else "OTHER")


def test_without_data_the_example_request_has_placeholders(operations: Client) -> None:
    pressed = press(operations, "leads_source_new_key", SourceFactory.create(), scopes=["send"])
    shown = unescape(pressed.content.decode())
    assert '{"sku": "A-SKU", "customer": "A-CUSTOMER"}' in shown
    assert '"type": "AN-ACTION-TYPE"' in shown
