"""Words that read as translated, British or misspelled: `make prose`, or `make prose ARGS="docs pricing/admin"`.

Reads what people read, in every file that is or would be committed: Markdown, templates, the UI's and API's strings,
docstrings and comments. Prints `file:line: word → instead` and the number of matches per folder; exits with 1 if there
is any. A line, or the line above it, may keep a word for a reason: `prose: nobody -- the Unix user`.
"""

import argparse
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.prose.reading import Text, read
from tests.prose.terms import ROOT, TERMS, Match, matches, misspelled, terms

MAY_SAY_THEM = {TERMS.relative_to(ROOT), Path("tests/prose/test_prose.py")}
EXEMPTION = re.compile(r"prose: (?P<word>[^\n]+?) -- \S")


class Finding(NamedTuple):
    """A word to replace, and its file."""

    path: Path
    match: Match

    def __str__(self) -> str:
        return f"{self.path}:{self.match.line}: {self.match.word} → {self.match.say}"


def main() -> None:
    """Print every word to replace, and how many there are per folder."""
    parser = argparse.ArgumentParser(prog="make prose", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("paths", nargs="*", default=["."], help='files or folders; all unless given: ARGS="docs leads"')
    parser.add_argument("--counts", action="store_true", help="only the numbers per folder")
    options = parser.parse_args()
    found = findings(files(options.paths))
    if not options.counts:
        print(*found, sep="\n", end="\n\n" if found else "")
    per_folder = Counter(_folder(each.path) for each in found)
    print(*(f"{number:5} {folder}" for folder, number in sorted(per_folder.items())), sep="\n")
    sys.exit(f"{len(found)} words to replace." if found else 0)


def files(paths: list[str]) -> list[Path]:
    """What is, or would be, committed under the paths; relative to the root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *paths]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    found = {Path(name) for name in listed.split("\0") if name}
    return sorted(path for path in found if (ROOT / path).is_file() and path not in MAY_SAY_THEM)


def findings(paths: list[Path]) -> list[Finding]:
    """Every word to replace in these files, in the order of files and lines."""
    sources = {path: _source(ROOT / path) for path in paths}
    texts = [(path, text) for path, source in sources.items() for text in read(path, source)]
    found = [*_of_the_list(texts), *_misspelled(texts)]
    kept = {each for each in found if not _exempt(each.match, sources[each.path].splitlines())}
    return sorted(kept, key=lambda each: (each.path, each.match))


def _of_the_list(texts: list[tuple[Path, Text]]) -> Iterator[Finding]:
    listed = terms()
    return (Finding(path, match) for path, text in texts for match in matches(text.words, text.kind, listed))


def _misspelled(texts: list[tuple[Path, Text]]) -> Iterator[Finding]:
    places, lines = [], []
    for path, text in texts:
        for number, line in enumerate(text.words.split("\n"), start=1):
            places.append((path, number))
            lines.append(line)
    for match in misspelled(lines):
        path, number = places[match.line - 1]
        yield Finding(path, match._replace(line=number))


def _source(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:  # a picture
        return ""


def _exempt(match: Match, lines: list[str]) -> bool:
    words = [found["word"] for line in lines[max(match.line - 2, 0) : match.line] for found in EXEMPTION.finditer(line)]
    return match.word.lower() in (word.lower() for word in words)


def _folder(path: Path) -> str:
    return path.parent.as_posix() + "/" if path.parent.parts else path.name


if __name__ == "__main__":
    main()
