"""The editor of a mapping tries each change on pasted records, and saves revisions."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from time_machine import travel

from leads.models import Lead, MappingRevision, Source, SourceMapping
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory, SourceMappingFactory
from tests.leads.hooks.calls import META

pytestmark = pytest.mark.django_db

DOCUMENT: dict[str, Any] = {
    "zone": "America/Chicago",
    "fields": {"id": "Id", "product.sku": {"constant": "TILE"}, "contact.email": '"E-mail"'},
    "actions": [
        {
            "fields": {
                "id": {"constant": "1"},
                "type": {"from": "Kind", "text": "slug"},
                "occurred_at": {"from": "Met", "date": "day_first"},
            }
        }
    ],
}
SAMPLE = (  # prose: E-mail -- how a sender names a column
    "Id;E-mail;Kind;Met\n1;ann@studio.example;Web Visit;20/10/2026\n2;;Web Visit;10/21/2026\n3;;Phone call;21/10/2026"
)
PREVIEW = reverse("admin:leads_sourcemapping_preview")


@pytest.fixture
def source() -> Source:
    ActionTypeFactory.create(code="web_visit")
    ProductFactory.create(sku="TILE")
    return SourceFactory.create(code="crm", name="CRM")


def previewed(client: Client, document: Any, sample: str, source: Source | None = None) -> Any:
    given = {"document": json.dumps(document), "sample": sample, "source": source.pk if source else ""}
    return client.post(PREVIEW, given).json()


def form(source: Source, document: Any, **more: Any) -> dict[str, Any]:
    facts = {"source": source.pk, "name": "Fair", "door": "files", "place": 1, "is_active": "on", "since": 0}
    return facts | {"document": json.dumps(document), "sample": "", "reason": ""} | more


@travel("2026-11-04T12:00:00Z", tick=False)
def test_the_preview_tells_what_is_found_stored_and_refused_and_stores_nothing(operations: Client, source: Source):
    told = previewed(operations, DOCUMENT, SAMPLE, source)

    assert told["fields"] == {
        "/fields/id": {"told": "found in 3 of 3", "never": False, "value": "1"},
        "/fields/contact.email": {"told": "found in 1 of 3", "never": False, "value": "ann@studio.example"},
        "/actions/0/fields/type": {"told": "found in 3 of 3", "never": False, "value": "Web Visit"},
        "/actions/0/fields/occurred_at": {"told": "found in 3 of 3", "never": False, "value": "20/10/2026"},
    }
    for words in (
        "3 records",
        "1 would be stored",
        "2 would be refused",
        "&#x27;10/21/2026&#x27; is not a time in the format day first (31.10.2026 17:41).",
        "unknown_action_type",
        "&quot;occurred_at&quot;: &quot;2026-10-20T00:00:00-05:00&quot;",
    ):
        assert words in told["result"], words
    # prose: E-mail -- as above
    assert "<b>E-mail</b> <span>ann@studio.example</span>" in told["places"]
    assert not Lead.objects.exists()


def test_the_preview_tells_mistakes_and_what_cannot_be_read(operations: Client):
    told = previewed(operations, {"fields": {"id": "foo-bar"}}, '[{"foo-bar": {"a": [1]}}]')

    assert [one["pointer"] for one in told["mistakes"]] == ["/fields/id/from"]
    assert "[&quot;foo-bar&quot;, &quot;a&quot;, 0]" in told["places"]
    assert previewed(operations, DOCUMENT, "a,b\n1")["fault"] == "Row 2 has 1 fields, but the header has 2."
    assert previewed(operations, DOCUMENT, "{")["fault"].startswith("This is not JSON")
    assert "0 would be stored" in previewed(operations, {"when": "x", "fields": {"id": "a"}}, '{"a": 1}')["result"]


def test_a_mapping_is_proposed_by_the_names_of_the_columns(operations: Client):
    told = operations.post(reverse("admin:leads_sourcemapping_propose"), {"sample": SAMPLE}).json()

    assert told["document"]["fields"] == {"id": "Id", "contact.email": '"E-mail"'}
    assert told["questions"] == ["How are the dates of Met written? Choose the format."]


def test_a_new_mapping_and_a_revision_with_its_reason_are_saved(operations: Client, source: Source):
    add = reverse("admin:leads_sourcemapping_add")
    assert "Sample" in operations.get(add).content.decode()
    assert operations.post(add, form(source, DOCUMENT)).status_code == 302
    mapping = SourceMapping.objects.get()
    page = reverse("admin:leads_sourcemapping_change", args=[mapping.pk])
    revised = DOCUMENT | {"zone": "America/New_York"}

    refused = operations.post(page, form(source, revised, since=1)).content.decode()
    assert "Enter what you changed, and why." in refused
    assert operations.post(page, form(source, revised, since=1, reason="They moved")).status_code == 302

    assert list(MappingRevision.objects.order_by("pk").values_list("number", "document", "reason")) == [
        (1, DOCUMENT, "First version"),
        (2, revised, "They moved"),
    ]
    shown = operations.get(page).content.decode()
    assert "<del>America/Chicago</del>" in shown
    assert "<ins>America/New_York</ins>" in shown


def test_a_field_that_finds_nothing_in_the_sample_refuses_the_mapping(operations: Client, source: Source):
    add = reverse("admin:leads_sourcemapping_add")
    wrong = {"fields": {"id": "Id", "contact.email": "Email"}}

    shown = operations.post(add, form(source, wrong, sample=SAMPLE)).content.decode()

    assert "contact.email: Email is in none of 3 records." in shown
    assert not SourceMapping.objects.exists()
    operations.post(add, form(source, {"fields": {"id": "to_string(Id)"}}))
    assert not SourceMapping.objects.exists()


def test_a_pasted_webhook_is_tried_and_saved_as_the_records_that_its_mapping_gets(operations: Client, source: Source):
    ActionTypeFactory.create(code="lead_form")
    fields = {"id": "value.leadgen_id", "product.sku": {"constant": "TILE"}}
    action = {
        "id": "hook.id",
        "type": {"constant": "lead_form"},
        "occurred_at": {"from": "value.created_time", "date": "epoch_seconds"},
    }
    document = {"fields": fields, "actions": [{"fields": action}]}
    sample = json.dumps(META)

    given = {"document": json.dumps(document), "sample": sample, "source": source.pk, "door": "meta"}
    told = operations.post(PREVIEW, given).json()

    assert told["fields"]["/actions/0/fields/id"] == {"told": "found in 1 of 1", "never": False, "value": "233"}
    assert "1 would be stored" in told["result"]
    assert "<b>hook</b>" in told["places"]
    add = reverse("admin:leads_sourcemapping_add")
    assert operations.post(add, form(source, document, door="meta", sample=sample)).status_code == 302


def test_who_may_not_change_mappings_sees_them_and_tries_nothing(viewer: Client, source: Source):
    mapping = SourceMappingFactory.create(source=source, document=DOCUMENT)

    shown = viewer.get(reverse("admin:leads_sourcemapping_change", args=[mapping.pk])).content.decode()

    assert ("data-fixed" in shown, "data-propose" in shown) == (True, False)
    assert viewer.post(PREVIEW, {"document": "{}", "sample": ""}).status_code == 403
