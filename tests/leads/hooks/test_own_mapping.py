"""A source's own mapping takes the place of the ready-made one, in quarantine too; a test stays a test."""

from typing import Any

import pytest
from time_machine import travel

from leads.domain.mapping.doors import doors
from leads.domain.quarantine.settle import repair
from leads.models import Lead, MappingRevision, QuarantinedItem, Source, SourceMapping
from tests.factories.leads import ActionTypeFactory, CustomerFactory, SourceFactory, SourceMappingFactory
from tests.factories.people import UserFactory
from tests.leads.hooks.calls import AT, GOOGLE, TYPEFORM, Kind, Sender

pytestmark = pytest.mark.django_db

OWN: dict[str, Any] = {
    "fields": {
        "id": "form_response.token",
        "product.sku": {"constant": "TZ-101"},
        "contact.email": "form_response.answers[?type=='email'].email | [0]",
    }
}


@pytest.fixture
def source(db: None) -> Source:
    ActionTypeFactory.create(code="lead_form")
    return SourceFactory.create(code="web", new_products="create", customer=CustomerFactory.create(code="ACME"))


def test_each_kind_of_webhook_is_a_door_that_a_mapping_can_be_for():
    told = {kind.value: doors()[kind] for kind in Kind}
    assert told == {kind.value: f"{kind.label} webhooks" for kind in Kind} | {"standard": "Standard webhooks"}


@travel(AT, tick=False)
def test_a_mapping_of_the_source_for_the_kind_replaces_the_ready_made_one(source: Source):
    SourceMappingFactory.create(source=source, door="typeform", document=OWN)
    SourceMappingFactory.create(source=source, door="files", document={"fields": {"id": {"constant": "wrong"}}})
    sender = Sender(source, Kind.TYPEFORM)

    sender.send(sender.keyed(TYPEFORM))

    lead = Lead.objects.get()
    assert (lead.external_id, lead.product.sku, lead.campaign, lead.actions.count()) == ("tok-1", "TZ-101", "", 0)


@travel(AT, tick=False)
def test_what_no_mapping_could_convert_is_stored_once_there_is_one(source: Source):
    sender, by = Sender(source, Kind.TYPEFORM), UserFactory.create()
    sender.send(sender.keyed(TYPEFORM | {"event_type": "form_response_partial"}))
    item = QuarantinedItem.objects.get()
    assert item.code == "mapping_has_no_match"

    SourceMappingFactory.create(source=source, door="typeform", document=OWN)
    repair(item, content=item.content, by=by, at=AT)

    item.refresh_from_db()
    assert (item.state, Lead.objects.get().product.sku) == ("repaired", "TZ-101")


@travel(AT, tick=False)
def test_a_test_lead_that_is_corrected_in_quarantine_stays_a_test(source: Source):
    sender, by = Sender(source, Kind.GOOGLE), UserFactory.create()
    sender.send(sender.keyed(GOOGLE | {"is_test": True, "lead_submit_time": "yesterday"}))
    item = QuarantinedItem.objects.get()

    repair(item, content={**item.content, "lead_submit_time": "2026-10-30T10:00:00Z"}, by=by, at=AT)

    assert Lead.objects.get().is_test


@travel(AT, tick=False)
def test_a_stored_mapping_that_can_no_longer_be_read_loses_nothing(source: Source):
    mapping = SourceMapping.objects.create(source=source, door="typeform", name="Old")
    MappingRevision.objects.create(
        mapping=mapping, number=1, document={"fields": {"unknown": "x"}}, reason="First version", written_at=AT
    )
    sender = Sender(source, Kind.TYPEFORM)

    assert sender.send(sender.keyed(TYPEFORM)).status_code == 200

    item = QuarantinedItem.objects.get()
    assert (item.code, item.content["event_id"]) == ("mapping_has_no_match", TYPEFORM["event_id"])
