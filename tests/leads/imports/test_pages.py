"""The pages of imports: upload, dry run, import, undo; and what each role sees."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from billing_engine.core.models import Deed
from leads.domain.imports.content import plain_name
from leads.domain.imports.expire import expire_files
from leads.domain.imports.kept_files import kept
from leads.models import FileImport, Lead, QuarantinedItem, Source
from tests.factories.people import with_role
from tests.leads.imports.made import a_source, row, table, worked

pytestmark = pytest.mark.django_db

UPLOAD = reverse("admin:leads_fileimport_upload")


@pytest.fixture
def source() -> Source:
    return a_source()


def client_of(role: str) -> Client:
    client = Client()
    client.force_login(with_role(role))
    return client


def send(client: Client, source: Source, content: str | bytes, name: str = "fair.csv", **headers: str) -> Any:
    file = BytesIO(content if isinstance(content, bytes) else content.encode())
    file.name = name
    return client.post(UPLOAD, {"source": source.pk, "file": file}, **headers)


def press(client: Client, item: FileImport, button: str) -> None:
    answer = client.post(reverse(f"admin:leads_fileimport_{button}", args=[item.pk]))
    assert answer.status_code == 302, answer.content.decode()


def page_of(client: Client, item: FileImport) -> str:
    return client.get(reverse("admin:leads_fileimport_change", args=[item.pk])).content.decode()


def test_a_person_uploads_tries_imports_and_undoes_a_file(source: Source):
    client = client_of("Operations")

    answer = send(client, source, table(row(1), row(2, sku="NONE")))
    item = FileImport.objects.get()
    assert answer.headers["Location"] == reverse("admin:leads_fileimport_change", args=[item.pk])
    press(client, item, "dry_run")
    assert "Dry run: 0%" in page_of(client, item)
    worked(item)
    page = page_of(client, item)
    assert "unknown_product" in page
    assert "Nothing is stored until you choose Import" in page
    press(client, item, "start")
    worked(item)
    assert "All of the file is imported." in page_of(client, item)
    assert Lead.objects.count() == 1
    press(client, item, "undo_it")
    worked(item)
    assert "1 action voided, 1 item in quarantine discarded" in page_of(client, item)
    deeds = [
        "import_file_uploaded",
        "file_import_tried",
        "file_import_started",
        "file_import_undo_started",
        "file_import_undone",
    ]
    found = Deed.objects.on(item).exclude(verb="import_rows_viewed").order_by("pk")
    assert list(found.values_list("verb", flat=True)) == deeds


def test_the_same_file_again_is_told_before_its_dry_run(source: Source):
    client = client_of("Operations")
    for _ in range(2):
        send(client, source, table(row(1)))
        item = FileImport.objects.latest("pk")
        if item.pk == FileImport.objects.earliest("pk").pk:
            press(client, item, "dry_run")
            worked(item)
            press(client, item, "start")
            worked(item)

    assert "This very file was imported before:" in page_of(client, item)


def test_the_faulty_rows_are_downloaded_fixed_and_imported_again(source: Source):
    client = client_of("Operations")
    send(client, source, table(row(1), row(2, sku="NONE"), row(3, when="yesterday")))
    item = FileImport.objects.get()
    press(client, item, "dry_run")
    worked(item)
    press(client, item, "start")
    worked(item)

    answer = client.get(reverse("admin:leads_fileimport_faulty", args=[item.pk]))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert [line.partition(",")[0] for line in text.splitlines()] == ["Import line", "3", "4"]
    assert Deed.objects.on(item).filter(verb="faulty_rows_downloaded").exists()

    send(client, source, text.replace("NONE,", "TILE,").replace("yesterday", "2026-10-06T10:00:00Z"), name="fixed.csv")
    fixed = FileImport.objects.latest("pk")
    press(client, fixed, "dry_run")
    worked(fixed)
    assert fixed.faulty_as == ""
    press(client, fixed, "start")
    worked(fixed)
    assert set(QuarantinedItem.objects.values_list("state", flat=True)) == {"repaired"}
    assert Lead.objects.count() == 3


@pytest.mark.parametrize("role", ["Finance", "Viewer"])
def test_only_operations_import(source: Source, role: str):
    operations, other = client_of("Operations"), client_of(role)
    send(operations, source, table(row(1)))
    item = FileImport.objects.get()

    assert send(other, source, table(row(1))).status_code == 403
    assert other.post(reverse("admin:leads_fileimport_dry_run", args=[item.pk])).status_code == 403
    assert "p1@example.com" not in page_of(other, item)
    assert FileImport.objects.get().state == "looked"


def test_a_file_without_a_token_is_refused_and_not_kept(source: Source):
    client = Client(enforce_csrf_checks=True)
    client.force_login(with_role("Operations"))

    assert send(client, source, table(row(1))).status_code == 403
    assert not FileImport.objects.exists()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("a\x00b\n<script>.csv", "a_b__script_.csv"),
        ("C:\\fairs\\März 2026.csv", "März 2026.csv"),
        ("x" * 300 + ".csv", "x" * 60 + ".csv"),
        (
            "\U00020000" * 80 + "." + "\U00020000" * 20,
            "\U00020000" * 49 + "." + "\U00020000" * 10,
        ),  # of four bytes each
        ("....", "file"),
    ],
    ids=["path", "controls", "windows", "long", "wide", "dots"],
)
def test_a_hostile_file_name_is_only_a_name(name: str, shown: str):
    assert plain_name(name) == shown


def test_bytes_that_an_upload_left_behind_are_deleted_with_those_whose_time_is_over(source: Source, settings: Any):
    client = client_of("Operations")
    send(client, source, table(row(1)))
    item = FileImport.objects.get()
    lost = kept().save("imports/lost", ContentFile(b"x"))
    assert expire_files(at=now()) == 0

    with_all_gone = expire_files(at=now() + timedelta(days=settings.IMPORT_FILE_DAYS, hours=1))

    name = item.kept_as
    item.refresh_from_db()
    assert with_all_gone >= 2
    assert (item.state, item.kept_as) == ("discarded", "")
    assert not kept().exists(name)
    assert not kept().exists(lost)
