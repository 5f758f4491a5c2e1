"""What both storages can do, and how to get the one of the settings."""

from collections.abc import Iterator
from typing import Protocol, cast, runtime_checkable

from django.core.files.storage import storages

ALIAS = "archive"


class AlreadyThere(Exception):
    """An object with this name was written before; it stays as it is."""


class NotThere(Exception):
    """There is no object with this name."""


@runtime_checkable
class Objects(Protocol):
    """Objects by name, each written once."""

    def put_once(self, name: str, content: bytes) -> None:
        """Write an object so that it lasts. Raises AlreadyThere."""

    def take(self, name: str) -> bytes:
        """Return the content of an object. Raises NotThere."""

    def remove(self, name: str) -> None:
        """Remove an object with all its versions; nothing happens if it is not there."""

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names that begin with a prefix, such as `erasures/`, in order."""


def archive() -> Objects:
    """Return the storage of the settings."""
    return cast("Objects", storages[ALIAS])
