"""A file that lies somewhere else: where the command runs in a container, no file can be put beside it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit
from urllib.request import urlopen

from leads.domain.files.lines import FileNotReadable

SCHEMES = ("https", "http")
TIMEOUT_SECONDS = 60


def is_address(named: str) -> bool:
    """Whether a file is named by where it is fetched from, not by its path."""
    return urlsplit(named).scheme in SCHEMES


@contextmanager
def fetched(address: str) -> Iterator[Path]:
    """The whole file, under the name it has there, until the block ends. Raises FileNotReadable.

    What the address says after `?` is not shown or logged: it is often a signature that gives access to the file.
    """
    name = PurePosixPath(unquote(urlsplit(address).path)).name or "file"
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        try:
            with (
                urlopen(address, timeout=TIMEOUT_SECONDS) as answer,  # noqa: S310 -- `is_address` lets only HTTP through
                path.open("wb") as file,
            ):
                shutil.copyfileobj(answer, file)
        except (OSError, HTTPException) as error:
            raise FileNotReadable(f"{name} could not be fetched: {error}") from error
        yield path
