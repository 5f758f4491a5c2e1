"""Fetch a file by URL, because a command that runs in a container has no local files."""

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
    """Return whether a file is named by a URL instead of a path."""
    return urlsplit(named).scheme in SCHEMES


@contextmanager
def fetched(address: str) -> Iterator[Path]:
    """Download the file under its own name, until the block ends. Raises FileNotReadable.

    The query string is neither shown nor logged: it is often a signature that gives access to the file.
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
