"""Rows that were fixed in the spreadsheet and imported again settle their quarantined items, with a trace."""

from pathlib import Path

import pytest

from leads.models import Action, Correction, QuarantinedItem, Source
from tests.leads.imports.made import WITH_VOIDS, a_source, imported, row, table, uploaded

pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> Source:
    return a_source(WITH_VOIDS)


def test_a_fixed_row_takes_the_place_of_its_quarantined_item(source: Source, tmp_path: Path):
    imported(
        uploaded(tmp_path, table(row(1), row(2, sku="NONE"), row(3, type="dance"), row(4, sku="NO")), source=source)
    )

    item = imported(uploaded(tmp_path, table(row(2), row(3)), source=source, name="fixed.csv"))

    lead, action, left = QuarantinedItem.objects.order_by("pk")
    note = "Corrected by the import of fixed.csv."
    assert [(each.state, each.settled_note, each.settled_by) for each in (lead, action)] == [
        ("repaired", note, item.uploaded_by)
    ] * 2
    assert (left.state, left.lead_external_id) == ("waiting", "L-4")
    assert [step.changed for each in (lead, action) for step in each.steps.all()] == [
        {"/product/sku": ['"NONE"', '"TILE"']},
        {"/actions/0/type": ['"dance"', '"sample_order"']},
    ]
    assert {step.delivery_id for each in (lead, action) for step in each.steps.all()} == {item.parts.get().delivery_id}
    assert list(Correction.objects.order_by("pk").values_list("lead__external_id", "action__external_id")) == [
        ("L-2", "A-2"),
        ("L-2", None),
        ("L-3", "A-3"),
    ]
    assert Action.objects.count() == 3


def test_another_action_of_the_same_lead_settles_nothing(source: Source, tmp_path: Path):
    imported(uploaded(tmp_path, table(row(1), row(2, type="dance")), source=source))

    other = "L-2,TILE,p2@example.com,A-7,sample_order,2026-10-06T10:00:00Z"
    imported(uploaded(tmp_path, table(other), source=source))

    assert QuarantinedItem.objects.get().state == "waiting"


def test_a_conflict_waits_for_a_person(source: Source, tmp_path: Path):
    imported(uploaded(tmp_path, table(row(1), row(1, when="2026-10-09T10:00:00Z")), source=source))

    imported(uploaded(tmp_path, table(row(1)), source=source))

    assert QuarantinedItem.objects.get().state == "waiting"


def test_a_row_that_is_still_wrong_stays_in_quarantine_once(source: Source, tmp_path: Path):
    imported(uploaded(tmp_path, table(row(1), row(2, sku="NONE")), source=source))

    imported(uploaded(tmp_path, table(row(1), row(2, sku="NONE")), source=source))

    assert list(QuarantinedItem.objects.values_list("state", "times_sent")) == [("waiting", 2)]


def test_a_row_that_no_mapping_could_read_is_settled_by_its_id_too(source: Source, tmp_path: Path):
    imported(uploaded(tmp_path, table(row(1), row(2, when="yesterday"), row(3, when="tomorrow")), source=source))
    assert set(QuarantinedItem.objects.values_list("lead_external_id", flat=True)) == {""}

    imported(uploaded(tmp_path, table(row(2)), source=source, name="fixed.csv"))

    assert list(QuarantinedItem.objects.order_by("pk").values_list("state", "content__Lead")) == [
        ("repaired", "L-2"),
        ("waiting", "L-3"),
    ]


@pytest.mark.parametrize("waits", [True, False])
def test_an_action_does_not_settle_the_void_that_came_before_it(source: Source, tmp_path: Path, waits: bool):
    early = row(1, type="void", when="Canceled")
    imported(uploaded(tmp_path, table(early), source=source))
    if not waits:  # its time is over
        QuarantinedItem.objects.update(waits_until=None)

    imported(uploaded(tmp_path, table(row(1)), source=source))
    assert (QuarantinedItem.objects.get().state, Action.objects.get().void_reason) == ("waiting", "")

    imported(uploaded(tmp_path, table(early), source=source))
    assert Action.objects.get().void_reason == "Canceled"
    assert QuarantinedItem.objects.get().state == ("waiting" if waits else "repaired")
