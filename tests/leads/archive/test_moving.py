"""Old raw bodies move to the archive: written once, compared before they leave, and opened as before."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from moto.server import ThreadedMotoServer

from billing_engine.core.outside.objects import AlreadyThere, NotThere, archive
from leads.domain.archive import moving
from leads.domain.archive.bodies import BodyNotInArchive, body_of
from leads.domain.archive.moving import (
    ARCHIVE_RUNS,
    ArchiveRunFinished,
    ArchiveRunning,
    NothingToArchive,
    archive_what_is_due,
    resume_archiving,
    start_archiving,
    stop_archiving,
)
from leads.domain.intake.receive import receive
from leads.domain.people.erase import ERASURES, ask_erasure
from leads.domain.people.person import Person
from leads.models import ArchivedBody, ArchiveRun, Delivery, Source
from leads.tasks import sweep_task
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory
from tests.leads.people.conftest import MARKER, lead, sent

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
BUCKET = "engine-archive"


@pytest.fixture
def source() -> Source:
    ActionTypeFactory.create(code="sample_order")
    ProductFactory.create(sku="TILE", customer=CustomerFactory.create(code="ACME"))
    return SourceFactory.create(code="web")


@pytest.fixture(params=["folder", "bucket"])
def outside(request: pytest.FixtureRequest, settings: LazySettings) -> None:
    """A folder, and a bucket of an S3 server."""
    options = {"location": str(request.getfixturevalue("tmp_path"))}
    backend = "folder.WriteOnceFolder"
    if request.param == "bucket":
        address = request.getfixturevalue("s3")
        options = {"bucket_name": BUCKET, "endpoint_url": address, "region_name": "us-east-1", "default_acl": None}
        options |= {"access_key": "a", "secret_key": "b"}
        backend = "bucket.WriteOnceBucket"
    settings.STORAGES = settings.STORAGES | {
        "archive": {"BACKEND": f"billing_engine.core.outside.{backend}", "OPTIONS": options}
    }


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(server: str) -> str:
    """An empty bucket with versions, as the template makes it."""
    client = boto3.client(
        "s3", endpoint_url=server, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    if BUCKET in [each["Name"] for each in client.list_buckets()["Buckets"]]:
        for each in client.list_object_versions(Bucket=BUCKET).get("Versions", ()):
            client.delete_object(Bucket=BUCKET, Key=each["Key"], VersionId=each["VersionId"])
    else:
        client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return server


def delivered(source: Source, many: int = 3) -> list[bytes]:
    bodies = [sent(lead(f"L-{number}")) for number in range(many)]
    for body in bodies:
        receive(source, body=body, content_type="application/json", received_at=NOW)
    return bodies


def moved(at: datetime = TOMORROW) -> ArchiveRun:
    run = start_archiving(before=TOMORROW, by=None, at=at)
    while ARCHIVE_RUNS.work(run.pk, at=at):
        pass
    run.refresh_from_db()
    return run


def kept() -> list[bytes]:
    return [body_of(delivery) for delivery in Delivery.objects.order_by("pk")]


def test_what_is_written_is_never_overwritten(outside: None) -> None:
    archive().put_once("bodies/1/a", b"first")

    with pytest.raises(AlreadyThere):
        archive().put_once("bodies/1/a", b"second")

    assert archive().take("bodies/1/a") == b"first"
    assert list(archive().names("bodies/")) == ["bodies/1/a"]
    archive().remove("bodies/1/a")
    with pytest.raises(NotThere):
        archive().take("bodies/1/a")
    assert list(archive().names("bodies/")) == []


def test_bodies_leave_the_database_and_open_as_before(source: Source, outside: None, operations: Client) -> None:
    bodies = delivered(source)

    run = moved()

    assert (run.moved, run.failed, run.total, run.finished_at) == (3, 0, 3, TOMORROW)
    assert [bytes(each) for each in Delivery.objects.values_list("body", flat=True)] == [b""] * 3
    assert kept() == bodies
    first = Delivery.objects.order_by("pk")[0]
    page = operations.get(reverse("admin:leads_delivery_change", args=[first.pk])).content.decode()
    assert "L-0" in page
    assert operations.get(reverse("admin:leads_delivery_body", args=[first.pk])).content == bodies[0]
    with pytest.raises(NothingToArchive):
        moved()


def test_an_erased_person_leaves_the_archive_with_every_version(
    source: Source, outside: None, settings: LazySettings, operator: User
) -> None:
    settings.PSEUDONYM_KEY = "ab" * 32
    delivered(source)
    moved()

    erasure = ask_erasure(Person.given(email=MARKER["email"]), reason="Request 17", by=operator, at=TOMORROW)
    while ERASURES.work(erasure.pk, at=TOMORROW):
        pass
    sweep_task()

    assert list(archive().names("bodies/")) == []
    assert [b"Kerzinski" in body for body in kept()] == [False] * 3
    assert moved().moved == 3
    assert [b"Kerzinski" in body for body in kept()] == [False] * 3


def test_a_body_that_differs_in_the_archive_stays_in_the_database(source: Source) -> None:
    [body] = delivered(source, 1)
    delivery = Delivery.objects.get()
    archive().put_once(f"bodies/{delivery.pk}/{delivery.body_sha256}", b"something else")

    run = moved()

    assert (run.moved, run.failed) == (0, 1)
    assert run.reason.startswith("The archive doesn't have this raw body")
    assert kept() == [body]


def test_an_object_that_is_gone_is_told_and_nothing_else_is_shown(source: Source) -> None:
    delivered(source, 1)
    moved()
    archive().remove(str(ArchivedBody.objects.get()))

    with pytest.raises(BodyNotInArchive):
        kept()


def test_a_run_is_stopped_and_resumed_where_it_was(
    source: Source, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving.ArchiveRuns, "batch_size", 2)
    bodies = delivered(source, 5)
    run = start_archiving(before=TOMORROW, by=operator, at=TOMORROW)
    ARCHIVE_RUNS.work(run.pk, at=TOMORROW)

    stop_archiving(run, by=operator, at=TOMORROW)

    assert not ARCHIVE_RUNS.work(run.pk, at=TOMORROW)
    assert ArchivedBody.objects.count() == 2
    with pytest.raises(ArchiveRunning):
        start_archiving(before=TOMORROW, by=operator, at=TOMORROW)
    with pytest.raises(ArchiveRunFinished):
        stop_archiving(run, by=operator, at=TOMORROW)
    resume_archiving(run, by=operator, at=TOMORROW)
    while ARCHIVE_RUNS.work(run.pk, at=TOMORROW):
        pass
    run.refresh_from_db()
    assert (run.moved, run.percent) == (5, 100)
    assert kept() == bodies


def test_a_worker_that_died_after_writing_an_object_leaves_the_body_and_the_next_one_goes_on(source: Source) -> None:
    bodies = delivered(source, 1)
    delivery = Delivery.objects.get()
    archive().put_once(f"bodies/{delivery.pk}/{delivery.body_sha256}", bytes(delivery.body))

    assert moved().moved == 1
    assert kept() == bodies


@pytest.mark.parametrize(("days", "runs"), [(0, 0), (1, 1), (30, 0)], ids=["off", "old", "young"])
def test_every_night_moves_what_is_old_if_it_is_on(
    source: Source, settings: LazySettings, days: int, runs: int
) -> None:
    settings.ARCHIVE_AFTER_DAYS = days
    delivered(source, 1)

    archive_what_is_due(at=NOW + timedelta(days=2))

    assert ArchiveRun.objects.count() == runs


def test_a_folder_never_shows_half_a_file(tmp_path: Path, settings: LazySettings) -> None:
    folder = {"BACKEND": "billing_engine.core.outside.folder.WriteOnceFolder", "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = settings.STORAGES | {"archive": folder}
    archive().put_once("erasures/a.json", b"{}")
    (tmp_path / "erasures" / ".half").write_bytes(b"{")

    assert list(archive().names("erasures/")) == ["erasures/a.json"]
