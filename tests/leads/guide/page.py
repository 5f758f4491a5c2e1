"""A page of `docs/sources`: its blocks, its tables, and its mapping as the editor would write it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.house.tree import ROOT, codes, table

FOLDER = ROOT / "docs" / "sources"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")

SETTINGS = {
    "Time zone": "zone",
    "Only records where": "when",
    "Several leads in": "leads_from",
    "Only if": "when",
    "One for each part of": "each",
}
YOURS = re.compile(r"\s+← yours$")
LINE = re.compile(rf"  ({'|'.join(SETTINGS)}|\S+) +(?:(finds|is always) +)?(.*)")
FAULT = ("fault", "where", "what it says", "what to do")


@dataclass(frozen=True)
class Block:
    """A fenced block with the words of its opening line: `csv sample guests.csv cp1252`."""

    kind: str
    words: tuple[str, ...]
    text: str


class Page:
    """What a page says."""

    def __init__(self, path: Path) -> None:
        self.text = path.read_text(encoding="utf-8")
        found = re.findall(r"^```(\w+) (\w+)(.*)\n([\s\S]*?)^```$", self.text, re.MULTILINE)
        self._blocks = [(name, Block(kind, tuple(more.split()), text)) for kind, name, more, text in found]

    def blocks(self, name: str) -> list[Block]:
        return [block for each, block in self._blocks if each == name]

    def block(self, name: str) -> Block:
        [block] = self.blocks(name)
        return block

    @property
    def template(self) -> str:
        """The ready-made mapping to start from."""
        [name] = re.findall(r"Start from \*\*([^*]+)\*\*", self.text)
        return name

    def faults(self) -> list[tuple[str, str, str]]:
        """Each fault of the wrong records: code, place and message."""
        rows = table(self.text, *FAULT)
        return sorted((codes(code)[0], "".join(codes(where)), codes(words)[0]) for code, where, words, _ in rows)

    def stored(self) -> tuple[list[str], list[list[str]]]:
        """The columns and rows of the table of what is stored."""
        [header] = re.findall(r"^\| (lead \|.*) \|$", self.text, re.MULTILINE)
        columns = header.split(" | ")
        return columns, table(self.text, *columns)

    def mapping(self, *, is_template: bool = False) -> dict[str, Any]:
        """The document that its lines make in the editor; of the template, without the lines that are yours."""
        document: dict[str, Any] = {}
        into = document
        for line in self.block("mapping").text.splitlines():
            if line == "Lead":
                continue
            if line.startswith("Action "):
                into = {}
                document.setdefault("actions", []).append(into)
                continue
            if is_template and YOURS.search(line):
                continue
            found = LINE.fullmatch(YOURS.sub("", line).rstrip())
            assert found, line
            name, how, given = found.groups()
            if name in SETTINGS:
                into[SETTINGS[name]] = given
            else:
                into.setdefault("fields", {})[name] = {"constant": given} if how == "is always" else finds(given)
        return document


def finds(given: str) -> Any:
    """A field by its expression and, after `·`, what is chosen under Options."""
    expression, _, option = given.partition(" · ")
    if not option:
        return expression
    if option.startswith("if empty: "):
        return {"from": expression, "default": option.removeprefix("if empty: ")}
    if option.startswith("decimal "):
        return {"from": expression, "number": option.removeprefix("decimal ")}
    if "=" in option:
        pairs = [pair.split(" = ") for pair in option.split(", ")]
        return {"from": expression, "values": {theirs: ours for theirs, ours in pairs}, "else": "refuse"}  # noqa: C416 -- pairs are lists
    return {"from": expression, "date": option.replace(" ", "_")}


def without(document: dict[str, Any], page: dict[str, Any]) -> dict[str, Any]:
    """A ready-made mapping without the fields that a page leaves to the reader."""
    parts = zip([document, *document.get("actions", ())], [page, *page.get("actions", ())], strict=True)
    [lead, *actions] = [
        {**part, "fields": {name: given for name, given in part["fields"].items() if name in other["fields"]}}
        for part, other in parts
    ]
    return lead | ({"actions": actions} if actions else {})
