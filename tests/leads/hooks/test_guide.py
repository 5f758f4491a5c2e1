"""`docs/senders.md` is correct: its requests are sent, its leads compared, and its steps are those of the admin."""

import json
import re

import pytest
from time_machine import travel

from leads.domain.hooks.kinds.registry import KINDS
from leads.domain.mapping.ready_made.registry import ready_made
from leads.models import Action, Lead, QuarantinedItem
from tests.factories.leads import ActionTypeFactory, CustomerFactory, SourceFactory
from tests.house.tree import ROOT
from tests.leads.hooks.calls import AT, Kind, Sender

PAGE = (ROOT / "docs" / "senders.md").read_text(encoding="utf-8")


def blocks(kind: Kind) -> tuple[str, str]:
    """Return the request and the lead of a kind, as they are printed."""
    request, lead = re.findall(rf"^```\w+ {kind.value}\n([\s\S]*?)^```$", PAGE, re.MULTILINE)
    return request, lead


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.django_db
@travel(AT, tick=False)
def test_every_request_on_the_page_is_taken_and_stored_as_printed(kind: Kind):
    for code in ("lead_form", "contact_creation", "contact_property_change", "sample_ordered"):
        ActionTypeFactory.create(code=code)
    customer = CustomerFactory.create(code="ACME")
    sender = Sender(SourceFactory.create(code="web", new_products="create", customer=customer), kind)
    request, printed = blocks(kind)
    [body] = re.findall(r"--data '([\s\S]*)'", request)
    sent = body.replace('"google_key": "…"', f'"google_key": "{sender.secret}"').encode()
    headers = set(re.findall(r"--header '([\w-]+):", request)) - {"Content-Type"}

    assert headers == set(sender.signed(sent))
    assert sender.send(sent).status_code in (200, 204)

    leads = json.loads(printed)
    leads = leads if isinstance(leads, list) else [leads]
    assert list(Lead.objects.values_list("external_id", flat=True)) == sorted({lead["id"] for lead in leads})
    types = [action["type"] for lead in leads for action in lead["actions"]]
    assert [each.action_type.code for each in Action.objects.order_by("occurred_at")] == types
    assert not QuarantinedItem.objects.exists()


def test_the_steps_in_the_senders_tools_are_those_that_the_admin_shows():
    printed = re.findall(r"^\d\. (.*(?:\n   .*)*)", PAGE.partition("## Meta")[2], re.MULTILINE)

    assert [" ".join(each.split()) for each in printed] == [step for kind in Kind for step in KINDS[kind].steps]


def test_every_kind_has_a_ready_made_mapping_and_every_action_type_of_one_is_on_the_page():
    constants = {
        field["constant"]
        for mapping in ready_made()
        if mapping.door in Kind.values
        for action in mapping.document["actions"]
        for field in action["fields"].values()
        if "constant" in field
    }
    assert {mapping.door for mapping in ready_made()} >= set(Kind.values)
    assert [code for code in constants if f"`{code}`" not in PAGE] == []
