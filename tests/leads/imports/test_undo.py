"""An import is undone as a whole, or not at all."""

from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing_engine.core.models import Deed
from leads.domain.imports.steps import ImportNotNow, check_may_be_undone, undo
from leads.domain.imports.undo import ImportBilled
from leads.domain.quarantine.joins import JOINS
from leads.domain.voiding import take_back, void
from leads.models import Action, BillingPeriod, FileImport, Lead, QuarantinedItem, Source, UnratedMark
from pricing.domain.rate.rate import rate
from pricing.models import Charge
from tests.factories.people import UserFactory
from tests.factories.pricing import PriceRuleFactory
from tests.leads.imports.made import NOVEMBER_3, WITH_VOIDS, a_source, imported, row, table, tried, uploaded, worked

pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> Source:
    return a_source(WITH_VOIDS)


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

    assert (item.state, item.result["undone"]) == (
        "undone",
        {"actions_voided": 2, "voids_taken_back": 0, "items_discarded": 1},
    )
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


def test_actions_that_an_undone_import_voided_are_live_again_and_rated_again(source: Source, tmp_path: Path):
    PriceRuleFactory.create()
    imported(uploaded(tmp_path, table(row(1), row(2), row(3)), source=source))
    person_voided = Action.objects.get(external_id="A-3")
    void(person_voided, reason="Canceled", by=UserFactory.create(), at=NOVEMBER_3)
    item = imported(uploaded(tmp_path, table(*voids(1, 3)), source=source))
    period = BillingPeriod.objects.get()
    rate(period, at=NOVEMBER_3)
    assert charged() == {"A-1": "voided", "A-2": "", "A-3": "voided"}
    UnratedMark.objects.all().delete()

    undo(item, by=item.uploaded_by)
    item = worked(item)

    assert (item.state, item.result["undone"]) == (
        "undone",
        {"actions_voided": 0, "voids_taken_back": 1, "items_discarded": 0},
    )
    assert states() == {"A-1": (None, ""), "A-2": (None, ""), "A-3": (NOVEMBER_3, "Canceled")}
    assert list(UnratedMark.objects.values_list("period", "reason")) == [(period.pk, "void taken back")]
    rate(period, at=NOVEMBER_3)
    assert charged() == {"A-1": "", "A-2": "", "A-3": "voided"}
    [deed] = Deed.objects.filter(verb="voids_taken_back")
    assert (deed.objects_touched, deed.reason, deed.person) == (
        [f"leads.fileimport:{item.pk}", f"leads.action:{Action.objects.get(external_id='A-1').pk}"],
        "Import undone: fair.csv",
        item.uploaded_by,
    )


def test_an_action_that_the_undone_import_stored_and_voided_stays_voided(source: Source, tmp_path: Path):
    item = imported(uploaded(tmp_path, table(row(1), *voids(1)), source=source))

    undo(item, by=item.uploaded_by)

    assert worked(item).result["undone"] == {"actions_voided": 0, "voids_taken_back": 0, "items_discarded": 0}
    assert states() == {"A-1": (NOVEMBER_3, "Canceled")}


def test_what_joined_by_itself_is_undone_with_its_import(source: Source, tmp_path: Path):
    early = imported(uploaded(tmp_path, table(*voids(1, 2)), source=source))
    imported(uploaded(tmp_path, table(row(1)), source=source))
    JOINS.work([one.pk for one in QuarantinedItem.objects.all()], at=NOVEMBER_3)
    assert states() == {"A-1": (NOVEMBER_3, "Canceled")}

    undo(early, by=early.uploaded_by)

    assert worked(early).result["undone"] == {"actions_voided": 0, "voids_taken_back": 1, "items_discarded": 1}
    assert states() == {"A-1": (None, "")}


@pytest.mark.parametrize("closed_first", [True, False])
def test_an_import_whose_voids_are_billed_stays_whole(source: Source, tmp_path: Path, closed_first: bool):
    imported(uploaded(tmp_path, table(row(1)), source=source))
    closed = BillingPeriod.objects.filter(label="2026-10")
    if closed_first:
        closed.update(state="closed", closed_at=NOVEMBER_3)
    item = imported(uploaded(tmp_path, table(*voids(1)), source=source))
    closed.update(state="closed", closed_at=NOVEMBER_3)

    with pytest.raises(ImportBilled, match="2026-10 of Acme"):
        undo(item, by=item.uploaded_by)

    assert states() == {"A-1": (NOVEMBER_3, "Canceled")}


def test_only_an_import_that_is_being_undone_takes_back_a_void_and_only_its_own(source: Source, tmp_path: Path):
    stored = imported(uploaded(tmp_path, table(row(1)), source=source))
    imported(uploaded(tmp_path, table(*voids(1)), source=source))
    action = Action.objects.get()

    for state in ("done", "undoing"):
        FileImport.objects.filter(pk=stored.pk).update(state=state)
        with pytest.raises(IntegrityError, match="A void stays as it was recorded"), transaction.atomic():
            take_back([action.pk], on=stored, by=None, reason="Mine")

    assert states() == {"A-1": (NOVEMBER_3, "Canceled")}


def voids(*numbers: int) -> list[str]:
    """Rows that void actions."""
    return [row(number, type="void", when="Canceled") for number in numbers]


def states() -> dict[str, Any]:
    return {each.external_id: (each.voided_at, each.void_reason) for each in Action.objects.order_by("pk")}


def charged() -> dict[str, str]:
    return dict(Charge.objects.order_by("pk").values_list("action__external_id", "reason"))
