"""An archive in memory, empty for each test that asks for it."""

from collections.abc import Iterator
from threading import Lock

from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage

from billing_engine.core.outside.objects import AlreadyThere, NotThere

AT_A_TIME = Lock()  # the archive is written by several threads, and folders in memory are made by each


class WriteOnceMemory(InMemoryStorage):
    """Objects in memory that are never overwritten."""

    def put_once(self, name: str, content: bytes) -> None:
        with AT_A_TIME:
            if self.exists(name):
                raise AlreadyThere(name)
            self._save(name, ContentFile(content))

    def take(self, name: str) -> bytes:
        if not self.exists(name):
            raise NotThere(name)
        with self.open(name) as file:
            return bytes(file.read())

    def remove(self, name: str) -> None:
        if self.exists(name):
            self.delete(name)

    def names(self, prefix: str) -> Iterator[str]:
        if not self.exists(prefix):
            return
        folders, files = self.listdir(prefix)
        yield from sorted(f"{prefix}{file}" for file in files)
        for folder in sorted(folders):
            yield from self.names(f"{prefix}{folder}/")
