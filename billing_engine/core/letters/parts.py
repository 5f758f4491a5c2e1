"""The parts of an email's message: sentences, facts and buttons, read from its text and written back as text.

The text is what people edit and what is stored. A paragraph of `Name: value` lines is a table of facts, and one that has
only words and an address of ours is a button. Everything else is sentences, exactly as written.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from billing_engine.core.letters.brand import is_ours

BUTTON = re.compile(r"(?P<words>[^\n:]{1,60}):\s+(?P<address>https?://\S+)")
FACT = re.compile(r"(?P<name>\S[^\n]{0,119}?): (?P<value>\S[^\n]*)")
WITH_NOTE = re.compile(r"(?P<value>.*\S) \((?P<note>.+)\)")
LONG = 30  # characters of a value beside its name; a longer one stands below it
TOTALS = ("total", "closing balance", "credited", "to pay", "due ", "overdue")


@dataclass(frozen=True, slots=True)
class Sentences:
    """A paragraph."""

    words: str

    @property
    def text(self) -> str:
        return self.words


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and its value: `Due date`, `December 3, 2026`."""

    name: str
    value: str

    @property
    def figure(self) -> str:
        """The value without what is added to it in parentheses."""
        noted = self._noted
        return noted["value"] if noted else self.value

    @property
    def note(self) -> str:
        """What is added to a figure in parentheses."""
        noted = self._noted
        return noted["note"] if noted else ""

    @property
    def is_long(self) -> bool:
        return len(self.figure) > LONG

    @property
    def is_total(self) -> bool:
        return is_figure(self.figure) and self.name.lower().startswith(TOTALS)

    @property
    def _noted(self) -> "re.Match[str] | None":
        found = WITH_NOTE.fullmatch(self.value)
        return found if found and is_figure(found["value"]) else None


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts in a table."""

    rows: tuple[Fact, ...]

    @property
    def text(self) -> str:
        return "\n".join(f"{each.name}: {each.value}" for each in self.rows)


@dataclass(frozen=True, slots=True)
class Button:
    """Words that lead to an address of ours."""

    words: str
    address: str

    @property
    def text(self) -> str:
        return f"{self.words}:\n{self.address}"


Part = Sentences | Facts | Button


def facts(*rows: tuple[str, str]) -> Facts:
    """Return a table of names and values."""
    return Facts(tuple(Fact(name, value) for name, value in rows))


def text_of(parts: Iterable[Part]) -> str:
    """Return the message as text: a paragraph for each part."""
    return "\n\n".join(part.text for part in parts) + "\n"


def parts_of(text: str) -> tuple[Part, ...]:
    """Return the parts of a message."""
    paragraphs = re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n"))
    return tuple(_part(paragraph.strip()) for paragraph in paragraphs if paragraph.strip())


def is_figure(value: str) -> bool:
    """Whether a value is an amount or a count: `$1,342.34 USD`, `1.234,50 kr`."""
    return len(value) <= LONG and bool(re.search(r"\d", value)) and not re.search(r"[^\W\d_A-Z]{4}", value)


def _part(paragraph: str) -> Part:
    if (found := BUTTON.fullmatch(paragraph)) and is_ours(found["address"]):
        return Button(found["words"], found["address"])
    rows = [FACT.fullmatch(line.strip()) for line in paragraph.split("\n")]
    named = [Fact(row["name"], row["value"]) for row in rows if row]
    if len(named) == len(rows) and (len(named) > 1 or is_figure(named[0].figure)):
        return Facts(tuple(named))
    return Sentences(paragraph)
