"""Where the bytes of uploaded files are kept: a folder on one machine, a bucket in the cloud."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from django.core.files.base import File
from django.core.files.storage import Storage, storages

from billing_engine.core.errors import Refused

FOLDER = "imports"
NEVER_NAMED_AFTER = timedelta(days=1)  # an upload that broke off left bytes that no import names


class FileGone(Refused):
    """The bytes of the file were deleted."""

    code = "file_gone"
    message = "The file is no longer kept. Upload it again."


def kept() -> Storage:
    """The storage of uploaded files."""
    return storages["files"]


def keep(path: Path) -> str:
    """Keep the bytes under a new random name, which has no part of the file's own name, and return it."""
    with path.open("rb") as content:
        return kept().save(f"{FOLDER}/{uuid4().hex}", File(content))


def forget(*names: str) -> None:
    """Delete the bytes with these names, as far as they are still there."""
    for name in filter(None, names):
        kept().delete(name)


@contextmanager
def on_disk(name: str, *, called: str) -> Iterator[Path]:
    """The bytes as a local file with this name, until the block ends. Raises FileGone."""
    if not name or not kept().exists(name):
        raise FileGone
    with TemporaryDirectory(prefix="import-") as folder:
        path = Path(folder) / called
        try:
            path.symlink_to(Path(kept().path(name)).resolve())
        except NotImplementedError:  # the bytes are on another machine
            with kept().open(name) as content, path.open("wb") as copy:
                shutil.copyfileobj(content, copy, 1024 * 1024)
        yield path


def nameless(names: set[str], *, at: datetime) -> list[str]:
    """Return the kept files that are older than a day and not among these names."""
    storage = kept()
    if not storage.exists(FOLDER) and not storage.listdir(FOLDER)[1]:
        return []
    there = [f"{FOLDER}/{name}" for name in storage.listdir(FOLDER)[1]]
    return [name for name in there if name not in names and storage.get_modified_time(name) < at - NEVER_NAMED_AFTER]
