"""The decisions: each number once, dated, with the rejected alternatives; the index and the pages match."""

import datetime as dt
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.house.test_pages import leads_somewhere
from tests.house.tree import links, pages, table, text

INDEX = Path("DECISIONS.md")
FOLDER = Path("docs/decisions")

ENTRY = re.compile(
    r"^## (?P<number>\d+)\. (?P<title>.+)\n\nDecided (?P<date>\S+)\.\n(?P<body>(?:.*\n)*?)(?=^## |\Z)", re.MULTILINE
)
RELATION = re.compile(r"^- (Replaces|Replaced by|Amends|Amended by) \[(\d+)\]\(([^)]+)\)(?:\.|: .+\.)$", re.MULTILINE)
LINK_TO_A_DECISION = re.compile(r"\[(\d+)\]\(([^)]+)\)")
MIRROR = {"Replaces": "Replaced by", "Replaced by": "Replaces", "Amends": "Amended by", "Amended by": "Amends"}


class Entry(NamedTuple):
    """One decision on its page."""

    number: int
    title: str
    date: str
    page: Path
    relations: dict[str, list[int]]
    body: str

    @property
    def status(self) -> str:
        """One decision in the index."""
        replaced, amended = (self.relations.get(verb, []) for verb in ("Replaced by", "Amended by"))
        words = f"Replaced by {_listed(replaced)}" if replaced else "In force"
        return f"{words}, amended by {_listed(amended)}" if amended else words


def test_each_number_from_one_to_the_highest_is_on_exactly_one_page_and_in_order():
    numbers = [entry.number for entry in entries()]
    in_order = {page: [entry.number for entry in entries() if entry.page == page] for page in subjects()}

    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert {page: found for page, found in in_order.items() if found != sorted(found) or not found} == {}


def test_each_heading_of_a_page_is_an_entry():
    headings = {page: len(re.findall(r"^##", text(page), re.MULTILINE)) for page in subjects()}

    assert headings == {page: sum(entry.page == page for entry in entries()) for page in subjects()}


def test_each_entry_has_a_date_and_no_decision_is_older_than_one_it_overrules():
    dates = {entry.number: dt.date.fromisoformat(entry.date) for entry in entries()}
    backward = [
        (entry.number, earlier)
        for entry in entries()
        for verb in ("Replaces", "Amends")
        for earlier in entry.relations.get(verb, [])
        if earlier >= entry.number or dates[earlier] > dates[entry.number]
    ]

    assert backward == []


def test_each_entry_says_what_was_decided_and_then_once_what_was_refused():
    offenders = [entry.number for entry in entries() if not _is_complete(entry)]

    assert offenders == []


def test_what_replaces_and_what_is_replaced_name_each_other():
    said = {
        (entry.number, verb, other) for entry in entries() for verb in MIRROR for other in entry.relations.get(verb, [])
    }

    assert said
    assert {(other, MIRROR[verb], number) for number, verb, other in said} == said


def test_each_link_to_a_decision_leads_to_its_heading():
    of = {entry.number: entry for entry in entries()}
    found = [
        (page, int(number), to)
        for page in (INDEX, *subjects())
        for number, to in LINK_TO_A_DECISION.findall(text(page))
    ]
    offenders = [(page, number, to) for page, number, to in found if not _leads_to(of[number], page, to)]
    dead = [(page, to) for page in (INDEX, *subjects()) for to in links(text(page)) if not leads_somewhere(page, to)]

    assert found
    assert (offenders, dead) == ([], [])


def test_the_index_and_the_pages_say_the_same():
    rows = table(text(INDEX), "number", "decision", "subject", "status")

    assert [_without_links(row) for row in rows] == [
        [str(entry.number), entry.title, _subject(entry.page), entry.status]
        for entry in sorted(entries(), key=lambda entry: entry.number)
    ]
    assert [links(row[2]) for row in rows] == [
        [entry.page.as_posix()] for entry in sorted(entries(), key=lambda entry: entry.number)
    ]


def subjects() -> list[Path]:
    """The page of each subject."""
    return [page for page in pages() if page.parent == FOLDER]


@cache
def entries() -> tuple[Entry, ...]:
    """All decisions, page by page."""
    return tuple(
        Entry(int(match["number"]), match["title"], match["date"], page, _relations(match["body"]), match["body"])
        for page in subjects()
        for match in ENTRY.finditer(text(page))
    )


def _relations(body: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for verb, number, _ in RELATION.findall(body):
        found.setdefault(verb, []).append(int(number))
    return found


def _is_complete(entry: Entry) -> bool:
    """A decision ends with a paragraph about what was rejected; each line that looks like a relation is one."""
    paragraphs = RELATION.sub("", entry.body).strip().split("\n\n")
    refusals = [each for each in paragraphs if each.startswith("Refused: ") or each == "Nothing was refused."]
    decided = [each for each in paragraphs if each and each not in refusals]
    misspelled = re.findall(r"^- (?:Replace|Amend)", "\n\n".join(decided), re.MULTILINE)
    return bool(decided) and refusals == paragraphs[-1:] and not misspelled


def _leads_to(entry: Entry, page: Path, to: str) -> bool:
    path, _, anchor = to.partition("#")
    aim = page.parent / path if path else page
    return aim == entry.page and anchor.startswith(f"{entry.number}-")


def _subject(page: Path) -> str:
    """The text before the colon of the page's heading."""
    return text(page).partition("\n")[0].removeprefix("# ").partition(":")[0]


def _without_links(row: list[str]) -> list[str]:
    return [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell) for cell in row]


def _listed(numbers: list[int]) -> str:
    return ", ".join(str(number) for number in numbers)
