"""The same webhook several times at the same moment stores each item once, with real processes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from leads.models import Action, Delivery, Lead, QuarantinedItem
from tests.factories.leads import ActionTypeFactory, CustomerFactory, SourceFactory
from tests.leads.hooks.calls import HUBSPOT, TYPEFORM, Kind, Sender
from tests.processes import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

TAKE = """
from leads.domain.hooks.kinds.call import Call
from leads.domain.hooks.take import take
from leads.models import Hook
hook = Hook.objects.select_related("source").get()
call = Call(method="POST", uri={uri!r}, token="", headers={headers!r}, query={{}}, body={body!r}, at=now())
print(take(hook, call).status)
"""


@pytest.fixture(autouse=True)
def _company() -> None:
    for code in ("lead_form", "contact_creation", "contact_property_change"):
        ActionTypeFactory.create(code=code)


def take_at_once(kind: Kind, *contents: Any) -> list[str]:
    """Send bodies in processes of their own at the same moment; return the status of each."""
    customer = CustomerFactory.create(code="ACME")
    sender = Sender(SourceFactory.create(new_products="create", customer=customer), kind)
    bodies = [json.dumps(content).encode() for content in contents]
    uri = f"http://testserver{sender.path}"
    return at_once(
        *(TAKE.format(uri=uri, headers=sender.signed(body, at=datetime.now(UTC)), body=body) for body in bodies)
    )


def test_an_event_that_arrives_three_times_at_once_is_one_delivery():
    assert take_at_once(Kind.TYPEFORM, *[TYPEFORM] * 3) == ["200"] * 3
    assert [each.objects.count() for each in (Delivery, Lead, Action, QuarantinedItem)] == [1, 1, 1, 0]


def test_two_batches_with_the_same_events_at_once_store_each_event_once():
    again = [event | {"attemptNumber": 1} for event in reversed(HUBSPOT)]

    assert take_at_once(Kind.HUBSPOT, HUBSPOT, again) == ["204"] * 2
    assert [each.objects.count() for each in (Delivery, Lead, Action, QuarantinedItem)] == [2, 1, 2, 0]
