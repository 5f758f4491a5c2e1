"""Objects in a folder: on the desk, or on a volume."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from django.core.files.storage import FileSystemStorage

from billing_engine.core.outside.objects import AlreadyThere, NotThere


class WriteOnceFolder(FileSystemStorage):
    """A folder in which a file appears whole or not at all, and is never overwritten."""

    def put_once(self, name: str, content: bytes) -> None:
        """Write a file so that it lasts. Raises AlreadyThere."""
        path = Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{uuid4().hex}")
        try:
            with draft.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)  # fails if it is there, unlike a rename
        except FileExistsError as error:
            raise AlreadyThere(name) from error
        finally:
            draft.unlink(missing_ok=True)
        _sync(path.parent)

    def take(self, name: str) -> bytes:
        """Return the content of a file. Raises NotThere."""
        try:
            return Path(self.path(name)).read_bytes()
        except FileNotFoundError as error:
            raise NotThere(name) from error

    def remove(self, name: str) -> None:
        """Remove a file, and its folder if nothing else is in it."""
        path = Path(self.path(name))
        path.unlink(missing_ok=True)
        with suppress(OSError):
            path.parent.rmdir()

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names below a prefix, in order."""
        root = Path(self.path(""))
        below = root / prefix
        found = sorted(below.rglob("*")) if below.is_dir() else []
        yield from (each.relative_to(root).as_posix() for each in found if each.is_file() and each.name[0] != ".")


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
