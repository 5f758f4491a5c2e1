"""The rules for documents: their links exist, and the commands they give work."""

import re
from pathlib import Path

from django.core.management import get_commands

from tests.house.tree import ROOT, codes, files, links, pages, prose, table, text

CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
README = Path("README.md")


def test_every_link_of_every_page_leads_somewhere():
    offenders = [
        f"{page}: {target}" for page in pages() for target in links(text(page)) if not leads_somewhere(page, target)
    ]

    assert offenders == []


def test_the_readme_says_where_to_look_and_each_place_is_there():
    rows = table(text(README), "I look for", "open")
    places = {row[0]: links(row[1]) + codes(row[1]) for row in rows}

    assert rows
    assert {words: found for words, found in places.items() if not found} == {}
    assert [place for found in places.values() for place in found if not (ROOT / place).exists()] == []


def test_every_make_target_that_a_page_names_is_in_the_makefile():
    targets = set(re.findall(r"^([a-z]+):", text(Path("Makefile")), re.MULTILINE))

    assert _named(r"\bmake ([a-z]+)\b", besides=targets) == []


def test_every_management_command_that_a_page_names_exists():
    assert _named(r"\bmanage\.py ([a-z_]+)\b", besides=set(get_commands())) == []


def test_every_file_that_a_page_names_is_there():
    offenders = [
        f"{page}: {name}" for page in pages() for name in codes(prose(text(page))) if not _is_there(page, name)
    ]

    assert offenders == []


def leads_somewhere(page: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    aim = (ROOT / page.parent / path) if path else ROOT / page
    if not aim.exists():
        return False
    return not anchor or (aim.suffix == ".md" and anchor in _anchors(aim.read_text(encoding="utf-8")))


def _anchors(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _named(pattern: str, *, besides: set[str]) -> list[str]:
    return [
        f"{page}: {name}"
        for page in pages()
        for code in CODE.findall(text(page))
        for name in re.findall(pattern, code)
        if name not in besides
    ]


def _is_there(page: Path, name: str) -> bool:
    """A path from the root or from the page's own folder; a path that starts in none of our folders is not ours.

    Of `path::test`, the test must be there, too.
    """
    path, _, test = name.partition("::")
    first, slash, _ = path.partition("/")
    places = [place for place in (ROOT, ROOT / page.parent) if slash and first in _folders(place)]
    found = [file for place in places for file in place.glob(path.rstrip("/"))]
    return not places or any(not test or f"def {test}(" in file.read_text(encoding="utf-8") for file in found)


def _folders(place: Path) -> set[str]:
    """Our own folders: not `var`, not `.venv`."""
    within = place.relative_to(ROOT).parts
    below = [path.parts[len(within) :] for path in files() if path.parts[: len(within)] == within]
    return {parts[0] for parts in below if len(parts) > 1}
