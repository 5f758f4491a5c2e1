"""The rules for files and functions: named after things, short, exceptions explained, nothing machine-specific."""

import ast
import io
import re
import tokenize
from pathlib import Path

from tests.house.tree import ROOT, files, nodes, product, sources, text, tree

JUNK_DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "services", "service", "stuff", "lib"}

LINES_A_FILE = 300
LINES_A_TEST_FILE = 400
LINES_A_FUNCTION = 50
WRITTEN_BY_PEOPLE = {".py", ".html", ".css", ".js", ".typ", ".toml", ".yml", ".sh"}
LONG_FOR_A_REASON: dict[str, str] = {  # path: why it may be longer
    "templates/ecs.infra.yml": "one stack is one file, and CloudFormation takes no shorthand for what repeats",
    "templates/ecs.service.yml": "likewise",
    "templates/ecs.alarms.yml": "likewise",
}

EXCEPTION = re.compile(r"#\s*(?:ruff:\s*)?(?:noqa|type:\s*ignore)\b", re.IGNORECASE)
EXPLAINED = re.compile(
    r"#\s*(?:noqa:\s*[A-Z]+[0-9]+(?:,\s*[A-Z]+[0-9]+)*|type:\s*ignore\[[\w,-]+\])\s+(?:--|#)\s+\S", re.IGNORECASE
)

# In two pieces, so that this file does not find itself.
OF_A_MACHINE = [
    "/root" + "/",
    "/work" + "/",
    "/home" + "/",
    "/Users" + "/",
    "pypi.org" + "/simple",
    "files.python" + "hosted.org",
    "--index" + "-url",
    "--find" + "-links",
    "--trusted" + "-host",
]


def test_no_file_is_a_junk_drawer():
    # A template that replaces one of Unfold's has the same path as Unfold's.
    ours = [path for path in files() if not path.is_relative_to("billing_engine/core/templates/unfold")]
    offenders = [str(path) for path in ours if path.stem.lower() in JUNK_DRAWERS or JUNK_DRAWERS & set(path.parts)]

    assert offenders == []


def test_no_file_is_longer_than_a_reader_can_hold():
    lengths = {
        path: text(path).count("\n")
        for path in files()
        if path.suffix in WRITTEN_BY_PEOPLE and "migrations" not in path.parts and str(path) not in LONG_FOR_A_REASON
    }

    assert {str(path): length for path, length in lengths.items() if length > _lines_allowed(path)} == {}


def _lines_allowed(path: Path) -> int:
    return LINES_A_TEST_FILE if path.parts[0] == "tests" else LINES_A_FILE


def test_no_function_is_longer_than_a_screen():
    offenders = [
        f"{path}:{function.lineno} {function.name}, {_length(function)} lines"
        for path in sources()
        for kind in (ast.FunctionDef, ast.AsyncFunctionDef)
        for function in nodes(path, kind)
        if _length(function) > LINES_A_FUNCTION
    ]

    assert offenders == []


def test_every_module_and_every_package_of_code_says_what_it_is():
    offenders = [str(path) for path in product() if text(path).strip() and not ast.get_docstring(tree(path))]

    assert offenders == []


def test_every_exception_to_a_lint_rule_carries_its_reason():
    offenders = [
        f"{path}:{line} {comment}"
        for path in sources()
        for line, comment in _comments(path)
        if EXCEPTION.search(comment) and not EXPLAINED.search(comment)
    ]

    assert offenders == []


def test_nothing_committed_names_a_registry_or_a_place_on_somebodys_machine():
    offenders = [
        f"{path}: {words}" for path in files() for words in OF_A_MACHINE if words.encode() in (ROOT / path).read_bytes()
    ]

    assert offenders == []


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _comments(path: Path) -> list[tuple[int, str]]:
    tokens = tokenize.generate_tokens(io.StringIO(text(path)).readline)
    return [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]
