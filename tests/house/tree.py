"""The parts of the project, for the tests about it: its files, its code, its models and its pages."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

from django.apps import apps
from django.db.models import Model

Node = TypeVar("Node", bound=ast.AST)

ROOT = Path(__file__).resolve().parent.parent.parent

# From the bottom up: an app may import those before it, but not those after it.
LAYERS = (
    *(
        "billing_engine.core",
        "billing_engine.accounts",
        "leads",
        "pricing",
        "invoices",
        "receivables",
        "reports",
        "portal",
    ),
    "billing_engine",
)
APPS = ("leads", "pricing", "invoices", "receivables", "reports", "portal")
OUR_LABELS = ("core", "accounts", *APPS)


@cache
def files() -> tuple[Path, ...]:
    """All files that are or would be committed; relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    found = (Path(name) for name in listed.split("\0") if name)
    return tuple(sorted({path for path in found if (ROOT / path).is_file()}))


def sources(*folders: str) -> list[Path]:
    """Our Python files without migrations; those under `folders`, or all."""
    found = [path for path in files() if path.suffix == ".py" and "migrations" not in path.parts]
    return [path for path in found if not folders or path.as_posix().startswith(tuple(f"{each}/" for each in folders))]


def product() -> list[Path]:
    """The Python code that ships: everything but the tests."""
    return [path for path in sources() if path.parts[0] != "tests"]


def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path))


def nodes(path: Path, kind: type[Node]) -> Iterator[Node]:
    """All nodes of a kind in a file."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, kind))


def storey(path: Path) -> str:
    """The app that a file of ours belongs to."""
    name = ".".join(path.with_suffix("").parts)
    return next(each for each in LAYERS if name == each or name.startswith(f"{each}."))


def our_models() -> list[type[Model]]:
    return [model for app in OUR_LABELS for model in apps.get_app_config(app).get_models()]


def pages() -> list[Path]:
    """Our Markdown."""
    return [path for path in files() if path.suffix == ".md"]


def table(page: str, *header: str) -> list[list[str]]:
    """The rows of the Markdown table with this header, as the text of their cells; empty if there is none."""
    lines = page.splitlines()
    starts = [number for number, line in enumerate(lines) if _cells(line) == list(header)]
    if not starts:
        return []
    rows = []
    for line in lines[starts[0] + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(_cells(line))
    return rows


def codes(cell: str) -> list[str]:
    """The text in `backticks`."""
    return re.findall(r"`([^`\n]+)`", cell)


def prose(page: str) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE)


def links(page: str) -> list[str]:
    """The targets of a page's links and pictures inside the project."""
    found = re.findall(r"!?\[[^\]]*\]\(([^)\s]+)\)", re.sub(r"`[^`\n]+`", "", prose(page)))
    return [target for target in found if not target.startswith(("http://", "https://", "mailto:"))]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
