"""An import is undone as a whole, or not at all."""

from pathlib import Path

import pytest

from leads.domain.imports.steps import ImportNotNow, check_may_be_undone, undo
from leads.domain.imports.undo import ImportBilled
from leads.models import Action, BillingPeriod, Lead, QuarantinedItem, Source, UnratedMark
from tests.leads.imports.made import NOVEMBER_3, a_source, imported, row, table, tried, uploaded, worked

pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> Source:
    return a_source()


def test_an_undone_import_has_voided_its_actions_with_a_reason_and_discarded_its_quarantined_items(
    source: Source, tmp_path: Path
):
    other = imported(uploaded(tmp_path, table(row(9)), source=source))
    item = imported(
        uploaded(tmp_path, table(row(1), row(2, when="2026-11-01T00:00:00Z"), row(3, sku="NONE")), source=source)
    )
    UnratedMark.objects.all().delete()

    undo(item, by=item.uploaded_by)
    item = worked(item)

    assert (item.state, item.result["undone"]) == ("undone", {"actions_voided": 2, "items_discarded": 1})
    assert list(Action.objects.order_by("pk").values_list("external_id", "void_reason")) == [
        ("A-9", ""),
        ("A-1", "Import undone: fair.csv"),
        ("A-2", "Import undone: fair.csv"),
    ]
    assert Lead.objects.count() == 3
    held = QuarantinedItem.objects.get()
    assert (held.state, held.settled_note, held.settled_by) == (
        "discarded",
        "Import undone: fair.csv",
        item.uploaded_by,
    )
    assert [step.kind for step in held.steps.all()] == ["discarded"]
    assert set(UnratedMark.objects.values_list("period__label", flat=True)) == {"2026-10", "2026-11"}
    other.refresh_from_db()
    assert other.state == "done"


def test_an_import_of_which_something_is_billed_stays_whole(source: Source, tmp_path: Path):
    item = imported(uploaded(tmp_path, table(row(1), row(2, when="2026-11-01T00:00:00Z")), source=source))
    BillingPeriod.objects.filter(label="2026-10").update(state="closed", closed_at=NOVEMBER_3)

    with pytest.raises(ImportBilled, match="2026-10 of Acme"):
        check_may_be_undone(item, item.uploaded_by)
    with pytest.raises(ImportBilled):
        undo(item, by=item.uploaded_by)

    assert not Action.objects.exclude(voided_at=None).exists()


def test_an_import_that_is_billed_while_it_waits_to_be_undone_stays_whole_and_says_so(source: Source, tmp_path: Path):
    item = imported(uploaded(tmp_path, table(row(1), row(2, when="2026-11-01T00:00:00Z")), source=source))
    undo(item, by=item.uploaded_by)
    BillingPeriod.objects.filter(label="2026-11").update(state="closed", closed_at=NOVEMBER_3)

    item = worked(item)

    assert item.state == "done"
    assert "2026-11 of Acme" in item.message
    assert not Action.objects.exclude(voided_at=None).exists()


def test_what_was_not_stored_is_not_undone(source: Source, tmp_path: Path):
    item = tried(uploaded(tmp_path, table(row(1)), source=source))

    with pytest.raises(ImportNotNow):
        undo(item, by=item.uploaded_by)
