"""Keep a file that a person uploads, once its bytes show that it can be read."""

from datetime import datetime
from hashlib import file_digest
from pathlib import Path

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from leads.domain.imports.content import look_at, plain_name, set_found
from leads.domain.imports.kept_files import forget, keep
from leads.models import FileImport, Source

FILE_UPLOADED = Verb("import_file_uploaded", "File uploaded")

GIGABYTE = 1024 * 1024 * 1024


class ImportFileTooLarge(Refused):
    """The file is larger than an import can be."""

    code = "import_file_too_large"
    message = "A file has at most 1 GB. Split it, or send it in parts by the API."


class SourceInactive(Refused):
    """An inactive source takes neither requests nor files."""

    code = "source_is_inactive"
    message = "This source is inactive. Activate it first."


def upload(path: Path, *, name: str, source: Source, by: User, at: datetime) -> FileImport:
    """Keep a copy of the file with what was found in it. Raises ImportFileTooLarge, SourceInactive or FileNotReadable."""
    if path.stat().st_size > GIGABYTE:
        raise ImportFileTooLarge
    if not source.is_active:
        raise SourceInactive
    shown = plain_name(name)
    made = FileImport(source=source, name=shown, size=path.stat().st_size)
    set_found(made, look_at(path, name=shown, source=source))
    made.sha256, made.uploaded_at, made.uploaded_by = _digest(path), at, by
    made.kept_as = keep(path)
    try:
        _store(made)
    except BaseException:
        forget(made.kept_as)
        raise
    return made


@transaction.atomic
def _store(made: FileImport) -> None:
    made.save(force_insert=True)
    after = {"sha256": made.sha256}
    record(FILE_UPLOADED, on=made, by=made.uploaded_by, after=after, also=[made.source])


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()


def same_before(item: FileImport) -> FileImport | None:
    """Return the latest earlier import of the same bytes from this source that stored something, if any."""
    same = FileImport.objects.filter(sha256=item.sha256, source=item.source, pk__lt=item.pk, started_at__isnull=False)
    return same.exclude(state=FileImport.State.UNDONE).order_by("-pk").first()
