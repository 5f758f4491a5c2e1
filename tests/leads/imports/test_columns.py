"""Columns are mapped from the page of a file, and dates that fit two readings are asked about."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leads.domain.imports.dates import DatesNotAnswered, date_questions
from leads.domain.imports.steps import MappingMissing, start_dry_run
from leads.models import Action, FileImport, Lead, MappingRevision, Source, SourceMapping
from tests.factories.people import with_role
from tests.leads.imports.made import MAPPING, a_source, imported, row, table, uploaded

pytestmark = pytest.mark.django_db

GERMAN = (
    "Ausweis;Mail;Firma;Datum;Anzahl\n"
    "1;jürgen@example.com;Müller;03.04.2026 09:00;2\n"
    "2;eva@example.com;Groß;05.06.2026 10:00;1\n"
)


@pytest.fixture
def source() -> Source:
    source = a_source()
    SourceMapping.objects.update(is_active=False)
    return source


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(with_role("Operations"))
    return client


def press(client: Client, item: FileImport, button: str, **answers: str) -> Any:
    return client.post(reverse(f"admin:leads_fileimport_{button}", args=[item.pk]), answers)


ANSWERS = {
    "id": "column:Ausweis",
    "product.sku": "constant:TILE",
    "contact.email": "column:Mail",
    "contact.firm": "column:Firma",
    "action.type": "constant:sample_order",
    "action.occurred_at": "column:Datum",
}


def test_a_first_file_is_mapped_asked_about_and_imported_with_the_dates_as_answered(
    client: Client, source: Source, tmp_path: Path
):
    item = uploaded(tmp_path, GERMAN.encode("latin-1"), source=source)
    assert (item.reading["encoding"], item.reading["separator"]) == ("cp1252", ";")
    with pytest.raises(MappingMissing):
        start_dry_run(item, by=item.uploaded_by)

    assert press(client, item, "map_them", **ANSWERS).status_code == 302
    with pytest.raises(DatesNotAnswered, match="“Datum”"):
        start_dry_run(item, by=item.uploaded_by)
    [question] = date_questions(item)
    assert (question.column, question.example, question.needs_zone) == ("Datum", "03.04.2026 09:00", True)
    assert question.readings == [("day_first", "April 3, 2026"), ("month_first", "March 4, 2026")]
    answers = {f"form{question.key}": "day_first", f"zone{question.key}": "Europe/Vienna"}
    assert press(client, item, "answer", **answers).status_code == 302

    imported(item)
    assert list(Action.objects.order_by("pk").values_list("occurred_at", flat=True)) == [
        datetime(2026, 4, 3, 7, tzinfo=UTC),
        datetime(2026, 6, 5, 8, tzinfo=UTC),
    ]
    assert list(Lead.objects.order_by("pk").values_list("external_id", "firm")) == [("1", "Müller"), ("2", "Groß")]
    assert list(MappingRevision.objects.filter(mapping__is_active=True).values_list("number", "reason")) == [
        (1, "First version"),
        (2, "How dates are written in fair.csv"),
    ]
    assert date_questions(uploaded(tmp_path, GERMAN, source=source)) == []


def test_a_mapping_whose_order_of_dates_the_file_contradicts_is_asked_about(tmp_path: Path):
    fields = {**MAPPING["actions"][0]["fields"], "occurred_at": {"from": "When", "date": "month_first", "zone": "UTC"}}
    source = a_source({**MAPPING, "actions": [{"fields": fields}]})

    item = uploaded(tmp_path, "Lead,SKU,Mail,Action,Type,When\n1,TILE,,1,sample_order,13/04/2026\n", source=source)

    [question] = date_questions(item)
    assert (question.readings, question.needs_zone) == ([("day_first", "April 13, 2026")], False)


def test_dates_with_their_offset_are_not_asked_about(source: Source, tmp_path: Path):
    SourceMapping.objects.update(is_active=True)

    item = uploaded(
        tmp_path, "Lead,SKU,Mail,Action,Type,When\n1,TILE,,1,sample_order,2026-04-13T10:00:00+02:00\n", source=source
    )

    assert date_questions(item) == []


def test_a_header_below_titles_is_found_once_the_mapping_is_there(source: Source, tmp_path: Path):
    titles = "Report,Badges\nGenerated,3 November\n"
    item = uploaded(tmp_path, titles + table(row(1), row(2)), source=source)
    assert item.reading["header"] == 1
    SourceMapping.objects.update(is_active=True)

    imported(item)

    item.refresh_from_db()
    assert (item.reading["header"], item.result["counts"]["leads_created"], item.lines_read) == (3, 2, 2)


def test_an_action_needs_its_date(client: Client, source: Source, tmp_path: Path):
    item = uploaded(tmp_path, GERMAN, source=source)

    answer = press(client, item, "map_them", **{**ANSWERS, "action.occurred_at": ""})

    assert "Choose the column with the date of the action." in answer.content.decode()
    assert not SourceMapping.objects.filter(is_active=True).exists()


def test_the_columns_of_a_file_propose_what_they_are(client: Client, source: Source, tmp_path: Path):
    item = uploaded(tmp_path, "Lead ID,Mail,Company,SKU\n1,a@b.example,X,TILE\n", source=source)

    page = client.get(reverse("admin:leads_fileimport_map_them", args=[item.pk])).content.decode()

    for column in ("Lead ID", "Mail", "Company", "SKU"):
        assert f'<option value="column:{column}" selected>' in page
