"""The words that are not ours: the list in `docs/style/terms.toml`, and British and misspelled words by codespell."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.prose.reading import CODE, GUIDE, SCREEN

ROOT = Path(__file__).resolve().parent.parent.parent
TERMS = ROOT / "docs" / "style" / "terms.toml"

SPACE = r"(?:[^\S\n]+|[^\S\n]*\n[^\S\n]*)"  # a sentence continues after a line break, not after an empty line
MISSPELLED = re.compile(r"^\t(?P<word>\S+) ==> (?P<say>.+)$")


class Term(NamedTuple):
    """What is not written, what is written instead, and in which kinds of text."""

    pattern: re.Pattern[str]
    say: str
    where: frozenset[str]


class Match(NamedTuple):
    """A word to replace, and the line on which it starts."""

    line: int
    word: str
    say: str


def terms() -> list[Term]:
    """The terms of the list."""
    return [_term(**row) for row in _list()["term"]]


def _list() -> dict[str, Any]:
    return tomllib.loads(TERMS.read_text(encoding="utf-8"))


def _term(*, say: str, pattern: str = "", where: tuple[str, ...] = (GUIDE, SCREEN, CODE), **words: list[str]) -> Term:
    phrases = (SPACE.join(re.escape(word) for word in phrase.split()) for phrase in words.get("not", ()))
    pattern = pattern or rf"\b(?:{'|'.join(phrases)})\b"
    return Term(re.compile(pattern, re.IGNORECASE), say, frozenset(where))


def matches(words: str, kind: str, of: list[Term]) -> Iterator[Match]:
    """Every term of the list in one text."""
    for term in of:
        if kind in term.where:
            for found in term.pattern.finditer(words):
                line = words.count("\n", 0, found.start()) + 1
                yield Match(line, " ".join(found[0].split()), term.say)


def misspelled(lines: list[str]) -> Iterator[Match]:
    """British and misspelled words of many lines, by one run of codespell; numbered from 1."""
    spelling = _list()["spelling"]
    options = ["--builtin", ",".join(spelling["builtin"]), "--ignore-words-list", ",".join(spelling["known"])]
    command = [sys.executable, "-m", "codespell_lib", *options, "-"]
    answer = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=False)
    if answer.returncode not in {0, 65}:
        raise RuntimeError(answer.stderr)
    line = 0
    for row in answer.stdout.splitlines():
        if found := MISSPELLED.match(row):
            yield Match(line, found["word"], found["say"])
        elif number := re.match(r"(\d+): ", row):
            line = int(number[1])
