"""Everything that an app's README names exists: each path, and each name of the code, in that app or elsewhere."""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.house.tree import codes, files, prose, text

READMES = [path for path in files() if path.name == "README.md" and len(path.parts) == 2 and path.parts[0] != "docs"]

# `api/deliveries.py`, `models/`, `files/*.py`: a path of the app, or of the repository.
A_PATH = re.compile(r"[\w.*{},-]+(?:/[\w.*{},-]+)*/?")
A_FILE = re.compile(r"\.(?:py|sql|html|js|css|typ|md|yml|toml|json|csv|xlsx|sh|txt)$|/$|^[a-z_]+/")
# `receive`, `Overtaken`, `rate_period`, `DeliveriesView.post`: a name, perhaps with its owner.
A_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:\(\))?")
WORD = re.compile(r"[A-Za-z_]\w*")


@pytest.mark.parametrize("readme", READMES, ids=str)
def test_every_path_that_a_readme_names_is_there(readme: Path):
    named = [code for code in codes(prose(text(readme))) if _is_path(code)]

    assert [path for path in named if not _exists(path, readme.parent)] == []


@pytest.mark.parametrize("readme", READMES, ids=str)
def test_every_name_that_a_readme_names_is_one_of_the_code(readme: Path):
    named = [code for code in codes(prose(text(readme))) if A_NAME.fullmatch(code) and not _is_path(code)]

    assert [name for name in named if not set(WORD.findall(name)) <= _words()] == []


def _is_path(code: str) -> bool:
    return A_PATH.fullmatch(code) is not None and A_FILE.search(code) is not None


def _exists(named: str, app: Path) -> bool:
    """In the app or in the repository; a bare file name may be in any folder, and `*` stands for any name."""
    if "/" not in named:
        return any(path.match(pattern) for pattern in _spelled_out(named) for path in files())
    patterns = [each for path in (f"{app}/{named}", named) for each in _spelled_out(path.rstrip("/"))]
    return any(
        path.match(pattern) for pattern in patterns for path in _paths() if len(path.parts) == pattern.count("/") + 1
    )


def _spelled_out(pattern: str) -> list[str]:
    """`a/{b,c}.py` as `a/b.py` and `a/c.py`."""
    found = re.search(r"\{([^}]*)\}", pattern)
    if found is None:
        return [pattern]
    return [each for one in found[1].split(",") for each in _spelled_out(pattern.replace(found[0], one, 1))]


@cache
def _paths() -> frozenset[Path]:
    return frozenset(path for file in files() for path in (file, *file.parents))


@cache
def _words() -> frozenset[str]:
    """Every word of what ships except prose: code, settings, templates, and file names."""
    found: set[str] = set()
    for path in files():
        if path.parts[0] == "tests":
            continue
        found |= set(WORD.findall(path.as_posix()))
        if path.suffix in {".py", ".sql", ".html", ".js", ".typ", ".yml", ".toml", ".sh", ".json"}:
            found |= set(WORD.findall(text(path)))
    return frozenset(found)
