"""Faults in a file: where, and why."""

from typing import NamedTuple

from billing_engine.core.errors import Refused


class Problem(NamedTuple):
    """A position in a JSON value (a pointer, RFC 6901) and what is wrong there."""

    pointer: str
    reason: str


class Fault(NamedTuple):
    """A problem with its file, and with its line number if the file has lines."""

    file: str
    line: int | None
    problem: Problem

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        text = ": ".join(part for part in (place, *self.problem) if part)
        # Keep each fault on one line, whatever names the file contains.
        return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


class FilesRefused(Refused):
    """Nothing was rated because the files have faults."""

    code = "files_refused"
    http_status = 400

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("\n".join(map(str, faults)))


def step(pointer: str, name: str | int) -> str:
    """The pointer extended by one member or item."""
    return f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"
