"""A file is tried as a whole, and then stored as the dry run said."""

from pathlib import Path

import pytest

from leads.domain.imports.queue import FILE_IMPORTS
from leads.domain.imports.steps import ImportNotNow, NothingToStore, resume, start_dry_run, start_import, stop
from leads.models import Action, Delivery, FileImport, Lead, QuarantinedItem, Source
from tests.leads.imports.made import (
    MAPPING,
    NOVEMBER_3,
    a_source,
    counts,
    imported,
    row,
    table,
    told_faults,
    tried,
    uploaded,
    worked,
)

pytestmark = pytest.mark.django_db

MIXED = table(row(1), row(2, sku="NONE"), "", row(1), row(3, type="dance"), row(4, when="yesterday"), row(5))


@pytest.fixture
def source() -> Source:
    return a_source()


def test_a_dry_run_tells_each_outcome_and_each_fault_with_its_first_places_and_stores_nothing(
    source: Source, tmp_path: Path
):
    item = tried(uploaded(tmp_path, MIXED, source=source))

    assert item.state == "ready"
    assert counts(item.dry_run) == {
        "leads_received": 6,
        "leads_created": 3,
        "leads_duplicate": 1,
        "leads_quarantined": 2,
        "actions_received": 5,
        "actions_created": 2,
        "actions_duplicate": 1,
        "actions_quarantined": 2,
    }
    assert item.dry_run["lines"] == [7, 6, 1, 0]
    assert told_faults(item.dry_run) == [
        ("unknown_action_type", "/actions/type", 1, ["6"]),
        ("unknown_product", "/product/sku", 1, ["3"]),
        ("value_unreadable", "/When", 1, ["7"]),
    ]
    assert (Lead.objects.count(), Action.objects.count(), Delivery.objects.count()) == (0, 0, 0)


def test_an_import_stores_what_its_dry_run_said(source: Source, tmp_path: Path):
    item = imported(uploaded(tmp_path, MIXED, source=source))

    assert (item.state, item.finished_at) == ("done", NOVEMBER_3)
    assert item.result["counts"] == item.dry_run["counts"]
    assert item.result["faults"] == item.dry_run["faults"]
    assert (item.lines_read, item.lines_taken, item.lines_blank, item.lines_refused) == (7, 6, 1, 0)
    assert (Lead.objects.count(), Action.objects.count()) == (3, 2)
    assert QuarantinedItem.objects.waiting().count() == 3
    assert item.parts.count() == Delivery.objects.count() == 1


def test_a_lead_that_repeats_in_a_later_part_counts_in_the_dry_run_as_it_does_in_the_import(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("leads.domain.imports.content.LEADS_AT_A_TIME", 2)
    again = "L-1,TILE,p1@example.com,A-9,sample_order,2026-10-06T10:00:00Z"
    content = table(row(1), row(2), again, row(2), row(1, when="2026-10-07T00:00:00Z"), row(3))

    item = imported(uploaded(tmp_path, content, source=source))

    assert item.parts.count() == 3
    assert counts(item.dry_run) == {
        "leads_received": 6,
        "leads_created": 3,
        "leads_updated": 1,
        "leads_duplicate": 2,
        "actions_received": 6,
        "actions_created": 4,
        "actions_duplicate": 1,
        "actions_conflict": 1,
    }
    assert item.result["counts"] == item.dry_run["counts"]


def test_new_products_and_voids_count_in_the_dry_run_as_they_do_in_the_import(tmp_path: Path):
    void = {"when": "Void", "fields": {"id": "Action", "void.reason": "Void"}}
    source = a_source({**MAPPING, "actions": [*MAPPING["actions"], void]})
    source.new_products = "create"
    source.save()
    head = "Lead,SKU,Mail,Action,Type,When,Void\n"
    rows = [f"{row(1, sku='NEW')},", f"{row(2, sku='NEW')},canceled", f"{row(2, sku='NEW')},twice"]

    item = imported(uploaded(tmp_path, head + "\n".join(rows), source=source))

    assert item.result["counts"] == item.dry_run["counts"]
    assert item.dry_run["counts"]["leads_created"] == 2


def test_a_header_that_does_not_fit_refuses_the_file_as_a_whole(source: Source, tmp_path: Path):
    item = tried(uploaded(tmp_path, "Name,SKU\nx,TILE\n", source=source))

    assert (item.state, item.dry_run) == ("looked", {})
    assert "'Lead'" in item.message
    with pytest.raises(ImportNotNow):
        start_import(item, by=item.uploaded_by, at=NOVEMBER_3)
    assert Delivery.objects.count() == 0


def test_a_file_of_which_nothing_could_be_stored_is_not_imported(source: Source, tmp_path: Path):
    item = tried(uploaded(tmp_path, table(row(1, sku="NONE")), source=source))

    with pytest.raises(NothingToStore):
        start_import(item, by=item.uploaded_by, at=NOVEMBER_3)

    assert Delivery.objects.count() == 0


def test_a_stopped_import_keeps_what_it_stored_and_resumes_there(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("leads.domain.imports.content.LEADS_AT_A_TIME", 2)
    monkeypatch.setattr("leads.domain.imports.store.SECONDS_AT_A_TIME", -1)  # one part at a time
    item = tried(uploaded(tmp_path, table(*map(row, range(5))), source=source))
    start_import(item, by=item.uploaded_by, at=NOVEMBER_3)
    assert FILE_IMPORTS.work(item.pk, at=NOVEMBER_3)
    stop(item, by=item.uploaded_by)
    assert not FILE_IMPORTS.work(item.pk, at=NOVEMBER_3)
    assert (Lead.objects.count(), FileImport.objects.get().state) == (2, "stopped")

    resume(item, by=item.uploaded_by)
    item = worked(item)

    assert (item.state, item.lines_read, Lead.objects.count(), item.parts.count()) == ("done", 5, 5, 3)
    assert item.result["counts"] == item.dry_run["counts"]


def test_a_dry_run_that_is_stopped_can_be_started_again(source: Source, tmp_path: Path):
    item = uploaded(tmp_path, table(row(1)), source=source)
    start_dry_run(item, by=item.uploaded_by)
    stop(item, by=item.uploaded_by)
    assert worked(item).state == "looked"

    assert tried(item).state == "ready"
