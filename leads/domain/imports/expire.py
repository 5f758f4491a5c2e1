"""Delete the bytes of uploaded files: after some days, or because an erased person is in them. Counts and faults stay."""

import io
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from zipfile import ZipFile

from django.conf import settings
from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Q
from django.urls import reverse

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.saving import save_changes, values_of
from leads.domain.body.decode import as_json
from leads.domain.files.reading import Kind
from leads.domain.imports.content import on_disk_as_named, reading_of
from leads.domain.imports.kept_files import FileGone, forget, nameless
from leads.domain.imports.tally import without_examples
from leads.domain.people.person import ERASED, Person
from leads.domain.people.places import Held, Hold, note_redaction
from leads.models import Erasure, FileImport

FILE_EXPIRED = Verb("import_file_expired", "File deleted after its time")
FILE_ERASED = Verb("import_file_erased", "File deleted because an erased person was in it")

State = FileImport.State
NOT_STORED = (State.LOOKED, State.DRY_RUNNING, State.READY)
PERSON_WAS_IN_IT = "An erased person was in this file, so the file was deleted. Upload one without the person."
AT_A_TIME = 1024 * 1024  # characters
LOOKED_THROUGH_AT_ONCE = 20 * 1024 * 1024  # bytes of one file, while a person waits
LONGEST = 1_000  # characters of a spelling, which may be at the border of two pieces


def expire_files(*, at: datetime) -> int:
    """Delete what is older than the setting or its source allows, and what broken uploads left; return how many."""
    over = Q(uploaded_at__lt=at - timedelta(days=settings.IMPORT_FILE_DAYS))
    for days in ("source__keep_bodies_days", "source__keep_contacts_days"):
        kept_for = ExpressionWrapper(F(days) * timedelta(days=1), output_field=DurationField())
        over |= Q(**{f"{days}__gt": 0}, uploaded_at__lt=at - kept_for)
    old = FileImport.objects.filter(over).exclude(kept_as="")
    expired = [_expire(pk) for pk in old.order_by("pk").values_list("pk", flat=True)]
    named = FileImport.objects.exclude(kept_as="").values_list("kept_as", "faulty_as")
    lost = nameless({name for names in named for name in names}, at=at)
    for name in lost:
        forget(name)
    return sum(expired) + len(lost)


@transaction.atomic
def _expire(pk: int) -> bool:
    """Delete the bytes of one, unless a worker has it."""
    item = FileImport.objects.select_for_update(of=("self",)).get(pk=pk)
    if item in FileImport.objects.in_progress() or not item.kept_as:
        return False
    before = values_of(item)
    _let_go(item)
    item.found = {**item.found, "rows": []}
    item.dry_run, item.result = without_examples(item.dry_run), without_examples(item.result)
    save_changes(item, since=before)
    record(FILE_EXPIRED, on=item, by=None)
    return True


def _let_go(item: FileImport) -> None:
    """Give up the bytes; a file of which nothing is stored is discarded."""
    names = [item.kept_as, item.faulty_as]
    item.kept_as, item.faulty_as = "", ""
    if item.state in NOT_STORED:
        item.state = State.DISCARDED
    transaction.on_commit(lambda: forget(*names))


class UploadedFiles:
    """The files that people uploaded, as a place that may hold a person's data."""

    name = "uploaded files"

    def held(self, person: Person, leads: Sequence[int]) -> Iterator[Held]:
        """Yield the files that hold data of the person; the bytes of large ones are looked through by an erasure only."""
        for item in _naming(person, most=LOOKED_THROUGH_AT_ONCE):
            address = reverse("admin:leads_fileimport_change", args=[item.pk])
            yield Held(item.name, address, {"file": item.name, "uploaded": item.uploaded_at, "sha256": item.sha256})

    def erase(self, erasure: Erasure, person: Person, leads: Sequence[int]) -> int:
        """Delete the bytes, the first rows and the quoted faults; a file of which nothing is stored is discarded."""
        found = [item.pk for item in _naming(person)]
        locked = FileImport.objects.select_for_update(of=("self",)).filter(pk__in=found)
        items = list(locked.select_related("source").order_by("pk"))
        note_redaction(erasure, "file_import", [(item.pk, item.sha256) for item in items])
        for item in items:
            _erase(item, person)
            record(FILE_ERASED, on=item, by=erasure.asked_by, reason=erasure.reason, also=[item.source])
        return len(items)

    def hold(self, leads: Sequence[int]) -> Hold | None:
        """Return None: no file must stay."""
        return None


def _erase(item: FileImport, person: Person) -> None:
    before, words = values_of(item), person.words()
    _let_go(item)
    if item.state == State.IMPORTING:
        item.state = State.STOPPED
    item.found = {**item.found, "rows": []}
    item.dry_run, item.result = without_examples(item.dry_run), without_examples(item.result)
    item.message = PERSON_WAS_IN_IT
    item.name = words.sub(ERASED, item.name)[:200] if words else item.name
    save_changes(item, since=before)


def _naming(person: Person, *, most: int | None = None) -> Iterator[FileImport]:
    """Yield the imports that name the person: in what was noted of them, or in their bytes unless they are too many."""
    contacts, words = person.contacts(), person.words()
    if contacts is None or words is None:
        return
    for item in FileImport.objects.select_related("source").order_by("pk").iterator(50):
        noted = as_json([item.found, item.dry_run, item.result, item.message])
        is_noted = words.search(item.name) or contacts.search(noted)
        if is_noted or ((most is None or item.size <= most) and _is_inside(item, contacts)):
            yield item


def _is_inside(item: FileImport, contacts: re.Pattern[str]) -> bool:
    """Whether the kept bytes, if they are still there, name the person."""
    if not item.kept_as:
        return False
    reading = reading_of(item)
    try:
        with on_disk_as_named(item) as path:
            texts = _texts(path, encoding="" if reading.kind == Kind.WORKBOOK else reading.encoding)
            return any(contacts.search(text) for text in texts)
    except FileGone:
        return False


def _texts(path: Path, *, encoding: str) -> Iterator[str]:
    """Yield the text of a file, or of every part of a workbook, in pieces that overlap."""
    if encoding:
        with path.open("rb") as file:
            yield from _pieces(file, encoding)
        return
    with ZipFile(path) as book:
        for part in book.infolist():
            with book.open(part) as file:
                yield from _pieces(file, "utf-8")  # type: ignore[arg-type]  # a file of a zip reads bytes


def _pieces(file: BinaryIO, encoding: str) -> Iterator[str]:
    text, end = io.TextIOWrapper(file, encoding=encoding, errors="replace"), ""
    while piece := text.read(AT_A_TIME):
        yield end + piece
        end = piece[-LONGEST:]
