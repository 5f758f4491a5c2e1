"""Errors of local servers, explained for people who have never started a database."""

from pathlib import Path


class LocalServerError(Exception):
    """Says what failed, where the log is, and what to do."""


def last_lines(log: Path, *, count: int = 12) -> str:
    """The end of a log, indented below an error message, or a note that the log is missing."""
    return "\n".join([f"The end of {log}:", *(f"    {line}" for line in _end(log, count))])


def said(log: Path, words: str) -> bool:
    """Whether a server's last log lines name this cause."""
    return any(words in line for line in _end(log, 12))


def _end(log: Path, count: int) -> list[str]:
    try:
        return log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    except OSError as error:
        return [f"(no log could be read: {error.strerror})"]
