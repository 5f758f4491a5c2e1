"""Look at the first rows of a file: each look is recorded, because they show contact data."""

from django.contrib.auth.models import User
from django.core.files.base import File
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from leads.domain.imports.kept_files import FileGone, kept
from leads.models import FileImport

FIRST_ROWS_VIEWED = Verb("import_rows_viewed", "Looked at the first rows of a file")
FAULTY_ROWS_DOWNLOADED = Verb("faulty_rows_downloaded", "Downloaded the faulty rows of a file")


@transaction.atomic
def look_at_rows(item: FileImport, *, by: User) -> None:
    """Record that a person looks at the first rows on the page of an import."""
    record(FIRST_ROWS_VIEWED, on=item, by=by, also=[item.source])


@transaction.atomic
def open_faulty_rows(item: FileImport, *, by: User) -> File[bytes]:
    """Open the faulty rows, and record that a person downloads them. Raises FileGone."""
    if not item.faulty_as or not kept().exists(item.faulty_as):
        raise FileGone
    record(FAULTY_ROWS_DOWNLOADED, on=item, by=by, also=[item.source])
    return kept().open(item.faulty_as)
