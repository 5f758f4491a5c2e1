"""Mappings are written with revisions: each says why, none changes, and the last one is in force."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DataError, IntegrityError, connection, transaction

from billing_engine.core.errors import FieldFault
from billing_engine.core.models import Deed
from leads.domain.mapping.active import MappingNotValid, active_converter
from leads.domain.mapping.differences import Difference, differences
from leads.domain.mapping.doors import API, FILES
from leads.domain.mapping.language.read import read_document
from leads.domain.mapping.mappings import MappingHasFaults, RevisedMeanwhile, save_mapping
from leads.domain.mapping.proposals import proposed
from leads.domain.mapping.ready_made.registry import ready_made
from leads.models import MappingRevision, Source, SourceMapping
from tests.factories.leads import SourceFactory, SourceMappingFactory

NOW = datetime(2026, 11, 4, 12, tzinfo=UTC)
FIRST = {"fields": {"id": "Id"}}
SECOND = {"fields": {"id": "Id", "contact.email": {"from": "Mail"}}}


@pytest.fixture
def source() -> Source:
    return SourceFactory.create(code="crm", name="CRM")


def saved(mapping: SourceMapping, document: Any, by: User | None = None, **more: Any) -> SourceMapping:
    return save_mapping(mapping, document=document, by=by, at=NOW, **more)


def new(source: Source, **facts: Any) -> SourceMapping:
    return SourceMapping(source=source, **{"name": "Contacts", "door": FILES} | facts)


# --- Revisions --------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_mapping_is_revised_with_a_reason_and_each_revision_is_a_deed(source: Source, operator: User):
    mapping = saved(new(source), FIRST, operator)
    saved(mapping, SECOND, operator, reason="Their export has addresses now", since=1)
    saved(mapping, SECOND, operator, since=2)  # nothing changed

    assert list(
        MappingRevision.objects.order_by("number").values_list("number", "document", "reason", "written_by")
    ) == [
        (1, FIRST, "First version", operator.pk),
        (2, SECOND, "Their export has addresses now", operator.pk),
    ]
    deeds = Deed.objects.about(mapping).order_by("pk").values_list("verb", "reason", "before", "after")
    assert list(deeds)[1:] == [
        ("mapping_revised", "Their export has addresses now", {"contact.email": ""}, {"contact.email": "Mail"})
    ]
    assert [deed[0] for deed in deeds] == ["mapping_saved", "mapping_revised"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("document", "more", "fault"),
    [
        ({"fields": {}}, {}, FieldFault("/fields", "mapping_invalid", "The field id is missing.")),
        (SECOND, {"reason": " "}, FieldFault("reason", "reason_missing", "Enter what you changed, and why.")),
    ],
    ids=["document", "reason"],
)
def test_a_revision_that_cannot_be_used_is_refused(source: Source, document: Any, more: Any, fault: FieldFault):
    mapping = saved(new(source), FIRST)

    with pytest.raises(MappingHasFaults) as refused, transaction.atomic():
        saved(mapping, document, since=1, **more)

    assert refused.value.faults == (fault,)
    assert MappingRevision.objects.count() == 1


@pytest.mark.django_db
def test_a_revision_made_meanwhile_is_never_overwritten(source: Source):
    mapping = saved(new(source), FIRST)
    saved(mapping, SECOND, reason="Addresses", since=1)

    with pytest.raises(RevisedMeanwhile), transaction.atomic():
        saved(mapping, {"fields": {"id": "ID"}}, reason="Another name", since=1)

    assert MappingRevision.objects.count() == 2


@pytest.mark.django_db
def test_a_source_has_one_mapping_of_a_name_and_it_stays_its_own(source: Source):
    mapping = saved(new(source), FIRST)
    mapping.source = SourceFactory.create()
    for one, field in (
        (new(source, name=" CONTACTS "), "name"),
        (new(source, door="post"), "door"),
        (mapping, "source"),
    ):
        with pytest.raises(MappingHasFaults) as refused, transaction.atomic():
            saved(one, FIRST, since=1 if one.pk else 0)
        assert [fault.field for fault in refused.value.faults][-1] == field
    assert SourceMapping.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement", ["UPDATE leads_mappingrevision SET number = 9", "DELETE FROM leads_mappingrevision"]
)
def test_a_revision_never_changes_whoever_asks(statement: str):
    SourceMappingFactory.create()

    with (
        pytest.raises((IntegrityError, DataError), match="never changes"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


# --- In force ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_active_mappings_of_a_door_convert_in_their_order(source: Source):
    later = SourceMappingFactory.create(source=source, place=2, document={"fields": {"id": "b"}})
    SourceMappingFactory.create(source=source, place=1, document={"when": "a", "fields": {"id": "a"}})
    SourceMappingFactory.create(source=source, is_active=False, document={"fields": {"id": "c"}})
    SourceMappingFactory.create(source=source, door=API, document={"fields": {"id": "d"}})
    saved(later, {"fields": {"id": "b2"}}, reason="Renamed", since=1)

    converter = active_converter(source, door=FILES)

    assert converter is not None
    assert converter.columns == ["a", "b2"]
    assert active_converter(SourceFactory.create(), door=FILES) is None


@pytest.mark.django_db
def test_a_stored_mapping_that_can_no_longer_be_read_is_refused_with_its_name(source: Source):
    SourceMappingFactory.create(source=source, name="Calls", document={"fields": {"id": "to_string(a)"}})

    with pytest.raises(
        MappingNotValid, match=r"The mapping Calls can't be used: The function to_string is not offered\."
    ):
        active_converter(source, door=FILES)


# --- Differences, proposals, ready-made -------------------------------------------------------------------


def test_a_difference_is_told_field_by_field():
    before = {"fields": {"id": "Id", "campaign": "C"}, "actions": [{"fields": {"id": {"constant": "1"}}}]}
    after = {"zone": "UTC", "fields": {"id": {"from": "Id"}}, "actions": [{"when": "x", "fields": {"id": "Key"}}]}

    assert differences(before, after) == [
        Difference("zone", "", "UTC"),
        Difference("action 1: when", "", "x"),
        Difference("action 1: id", '{"constant": "1"}', "Key"),
        Difference("campaign", "C", ""),
    ]


def test_a_table_is_proposed_by_its_columns_and_no_date_is_guessed():
    rows = [{"Lead ID": "1", "E-mail": "a@b.example", "Full Name": "A", "Created": "x", "Event date": "03/04/2026"}]

    assert proposed(rows) == (
        {
            "fields": {"id": '"Lead ID"', "contact.name": '"Full Name"', "contact.email": '"E-mail"'},
            "actions": [{"fields": {"id": {"constant": "1"}, "type": "", "occurred_at": '"Event date"'}}],
        },
        ["The dates of Event date fit day first and month first. Ask the sender, then choose the format."],
    )
    certain = proposed([{"id": "1", "type": "x", "at": "31/10/2026"}, {"id": "2", "date": "13/04/2026"}]).document
    assert certain["actions"][0]["fields"]["occurred_at"] == {"from": "date", "date": "day_first"}


@pytest.mark.parametrize("made", ready_made(), ids=lambda made: made.code)
def test_every_ready_made_mapping_can_be_used(made: Any):
    assert read_document(made.document).columns()
