"""A long export: asked for, written by a worker for the person who asked, and kept for a week."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from openpyxl import load_workbook
from pyarrow import parquet

from billing_engine.core.models import Deed
from billing_engine.core.tables.formats import FORMATS
from billing_engine.core.tables.pdf import TooLongForPaper
from reports.domain.exports import file, write
from reports.domain.exports.ask import (
    NoFile,
    QuestionTooLong,
    TooManyExports,
    UnknownFormat,
    ask,
    download,
    stop,
)
from reports.domain.exports.file import KEPT_FOR, expire
from reports.domain.exports.registry import NotAllowed, UnknownReport
from reports.domain.exports.write import EXPORTS, LEASE, PAUSE
from reports.models import Export, ExportPart
from tests.factories.people import UserFactory, with_role
from tests.reports.exports import numbers

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 3, 12, tzinfo=UTC)


@pytest.fixture
def frank() -> User:
    return with_role("Finance")


def made(query: str = "rows=3", form: str = "csv", *, by: User, at: datetime = AT) -> Export:
    """An export that a worker has tried once."""
    export = ask("numbers", query, form, by=by, at=at)
    EXPORTS.work(export.pk, attempt=0, at=at)
    export.refresh_from_db()
    return export


def verbs() -> list[tuple[str, int | None]]:
    return list(Deed.objects.order_by("pk").values_list("verb", "person_id"))


def facts(export: Export) -> tuple[Any, ...]:
    return export.state, export.rows_written, export.total_rows, export.file_name, export.reason


# --- The formats ----------------------------------------------------------------------------------


def test_the_formats_of_an_export_are_those_of_a_table() -> None:
    assert dict(Export.Format.choices) == {name: form.title for name, form in FORMATS.items()}


def test_each_format_has_the_rows_of_the_report(frank: User) -> None:
    files = {}
    for form in FORMATS:
        export = made("rows=2500", form, by=frank)
        assert facts(export) == ("done", 2_500, 2_500, f"numbers.{form}", "")
        files[form] = b"".join(download(export, by=frank))
        assert len(files[form]) == export.size

    expected = [tuple(row) for row in numbers.numbers_table("rows=2500", frank, AT).rows]
    assert expected[1] == ("Row 2", 2, Decimal("0.002"), date(2026, 1, 3), datetime(2026, 1, 1, 0, 0, 2, tzinfo=UTC))
    assert [tuple(row.values()) for row in parquet.read_table(io.BytesIO(files["parquet"])).to_pylist()] == expected
    _, *rows, last = csv.reader(io.StringIO(files["csv"].decode("utf-8-sig")))
    assert [
        (name, int(number), Decimal(amount), date.fromisoformat(day), datetime.fromisoformat(at))
        for name, number, amount, day, at in rows
    ] == expected
    assert last[0] == "Rows: 2,500 of 2,500"
    _, *typed = load_workbook(io.BytesIO(files["xlsx"])).worksheets[0].values
    assert [
        (name, number, Decimal(str(amount)), day.date(), at.replace(tzinfo=UTC))
        for name, number, amount, day, at in typed
    ] == expected
    assert files["pdf"].startswith(b"%PDF")


# --- Asking ---------------------------------------------------------------------------------------


def test_an_export_is_asked_for_stopped_and_downloaded_with_one_deed_each(frank: User) -> None:
    first = made(by=frank)
    second = ask("numbers", "rows=3", "csv", by=frank, at=AT)
    stop(second, by=frank, at=AT)
    stop(second, by=frank, at=AT)  # changes nothing
    assert b"".join(download(first, by=frank)).startswith(b"\xef\xbb\xbfName,Number")

    assert verbs() == [
        ("export_asked", frank.pk),
        ("export_asked", frank.pk),
        ("export_stopped", frank.pk),
        ("export_downloaded", frank.pk),
    ]


@pytest.mark.parametrize(
    ("name", "query", "form", "refusal"),
    [
        ("nothing", "rows=3", "csv", UnknownReport),
        ("numbers", "rows=3", "doc", UnknownFormat),
        ("numbers", "rows=many", "csv", numbers.BadNumber),
        ("numbers", "rows=5001", "pdf", TooLongForPaper),
        ("numbers", "rows=3&" + "x" * 8_000, "csv", QuestionTooLong),
    ],
)
def test_what_makes_no_sense_is_refused_before_a_worker_is_asked(
    name: str, query: str, form: str, refusal: type[Exception], frank: User
) -> None:
    with pytest.raises(refusal):
        ask(name, query, form, by=frank, at=AT)

    assert (Export.objects.count(), verbs()) == (0, [])


def test_a_person_has_three_exports_in_progress_at_most(frank: User) -> None:
    three = [ask("numbers", "rows=3", "csv", by=frank, at=AT) for _ in range(3)]

    with pytest.raises(TooManyExports):
        ask("numbers", "rows=3", "csv", by=frank, at=AT)
    assert Export.objects.count() == 3

    ask("numbers", "rows=3", "csv", by=with_role("Finance"), at=AT)  # another person's are their own
    stop(three[0], by=frank, at=AT)
    ask("numbers", "rows=3", "csv", by=frank, at=AT)


# --- Rights ---------------------------------------------------------------------------------------


def test_without_the_rights_of_the_report_nothing_is_asked_for() -> None:
    with pytest.raises(NotAllowed):
        ask("numbers", "rows=3", "csv", by=UserFactory.create(), at=AT)

    assert Export.objects.count() == 0


def test_rights_are_checked_again_when_the_worker_writes(frank: User) -> None:
    asked = [ask("numbers", "rows=3", "csv", by=frank, at=AT) for _ in range(2)]

    frank.groups.clear()
    EXPORTS.work(asked[0].pk, attempt=0, at=AT)
    User.objects.filter(pk=frank.pk).update(is_active=False)
    EXPORTS.work(asked[1].pk, attempt=0, at=AT)

    assert [facts(export) for export in Export.objects.order_by("pk")] == [
        ("failed", 0, 3, "", "You may not see this report."),
        ("failed", 0, 3, "", f"{frank} can no longer log in."),
    ]
    assert not ExportPart.objects.exists()


def test_rights_are_checked_again_when_the_file_is_downloaded(frank: User) -> None:
    export = made(by=frank)
    frank.groups.clear()

    with pytest.raises(NotAllowed):
        download(export, by=User.objects.get(pk=frank.pk))
    assert [verb for verb, _ in verbs()] == ["export_asked"]


def test_nobody_stops_or_downloads_what_another_person_asked_for(frank: User) -> None:
    export, waiting, other = made(by=frank), ask("numbers", "rows=3", "csv", by=frank, at=AT), with_role("Finance")

    with pytest.raises(NoFile, match=r"There is no such export\."):
        download(export, by=other)
    stop(waiting, by=other, at=AT)

    waiting.refresh_from_db()
    assert (waiting.state, [verb for verb, _ in verbs()]) == ("waiting", ["export_asked"] * 2)


# --- Ends -----------------------------------------------------------------------------------------


def test_a_file_expires_after_a_week_and_says_so(frank: User) -> None:
    export = made(by=frank)
    assert export.finished_at is not None
    assert export.expires_at == export.finished_at + KEPT_FOR

    assert expire(at=export.expires_at - timedelta(seconds=1)) == 0
    assert EXPORTS.sweep(at=export.expires_at) == 0

    export.refresh_from_db()
    assert (export.state, export.rows_written, export.file_name) == ("expired", 3, "numbers.csv")
    assert not ExportPart.objects.exists()
    with pytest.raises(NoFile, match=r"This file has expired\. Export the report again\."):
        download(export, by=frank)
    assert verbs() == [("export_asked", frank.pk), ("export_expired", None)]


def test_an_export_that_was_stopped_while_it_is_written_keeps_nothing(frank: User) -> None:
    export = ask("numbers", "rows=20000", "csv", by=frank, at=AT)
    with patch.object(write, "TOLD_SECONDS", 0), patch.object(file, "PART_BYTES", 10_000):
        counted = write.Progress.counted

        def stopped_in_the_middle(progress: write.Progress, table: Any) -> Any:
            for number, row in enumerate(counted(progress, table)):
                if number == 5_000:
                    assert ExportPart.objects.count() >= 5
                    stop(export, by=frank, at=AT)
                yield row

        with patch.object(write.Progress, "counted", stopped_in_the_middle):
            EXPORTS.work(export.pk, attempt=0, at=AT)

    export.refresh_from_db()
    assert (export.state, export.reason, export.file_name) == ("stopped", "", "")
    assert 0 < export.rows_written <= 5_000
    assert not ExportPart.objects.exists()


def test_a_file_that_grows_too_large_is_refused_with_the_way_out(frank: User) -> None:
    with patch.object(write, "MOST_BYTES", 10_000), patch.object(file, "PART_BYTES", 4_000):
        export = made("rows=1000", by=frank)

    assert (export.state, export.reason) == (
        "failed",
        "The file is larger than 1 GB. Choose fewer days, or the format Parquet.",
    )
    assert not ExportPart.objects.exists()


def test_a_file_that_takes_too_long_is_refused(frank: User) -> None:
    with patch.object(write, "MOST_SECONDS", -1):
        export = made("rows=1000", by=frank)

    assert (export.state, "takes longer than" in export.reason) == ("failed", True)


def test_a_file_with_fewer_rows_than_counted_is_tried_again_and_then_refused(frank: User) -> None:
    export, at = made("rows=3&lost=1", by=frank), AT
    words = "Only 3 of 4 rows could be read. Try again in a moment."
    assert (export.state, export.attempts, export.reason) == ("waiting", 1, words)

    for attempt in (1, 2):
        at += PAUSE * attempt
        assert [message["attempt"] for message in EXPORTS.due(at=at)] == [attempt]
        EXPORTS.work(export.pk, attempt=attempt, at=at)

    export.refresh_from_db()
    assert (export.state, export.attempts, export.reason, export.file_name) == ("failed", 3, words, "")
    assert not ExportPart.objects.exists()


def test_one_export_is_written_at_a_time(frank: User) -> None:
    running = ask("numbers", "rows=3", "csv", by=frank, at=AT)
    Export.objects.filter(pk=running.pk).update(state="running", next_attempt_at=AT + LEASE)

    second = made(by=frank)
    assert (second.state, second.attempts) == ("waiting", 0)

    EXPORTS.work(second.pk, attempt=0, at=AT + LEASE)  # its worker has died
    second.refresh_from_db()
    assert (second.state, second.attempts) == ("done", 1)
