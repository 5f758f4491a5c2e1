"""Settings from the environment: those read are documented, those documented are read, and the guide has all of them."""

import ast
import re
from pathlib import Path

from tests.house.tree import codes, nodes, table, text

SETTINGS = Path("billing_engine/settings.py")
EXAMPLE = Path(".env.example")
GUNICORN = Path("deploy/gunicorn.conf.py")
GUIDE = Path("docs/deployers.md")
LISTED = re.compile(r"^# ?([A-Z][A-Z0-9_]*)=|^([A-Z][A-Z0-9_]*)=", re.MULTILINE)


def test_every_variable_that_settings_read_is_in_the_example_and_every_one_there_is_read():
    listed = [first or second for first, second in LISTED.findall(text(EXAMPLE))]

    assert listed == _read_by_settings()


def test_every_variable_in_the_example_is_explained_just_above_it():
    lines = text(EXAMPLE).splitlines()
    offenders = [
        line
        for place, line in enumerate(lines)
        if LISTED.match(line)
        and not (place and re.match(r"# [A-Z]", lines[place - 1]) and not LISTED.match(lines[place - 1]))
    ]

    assert offenders == []


def test_the_guide_for_deployers_explains_every_variable():
    rows = table(text(GUIDE), "variable", "default", "what it does")

    assert [name for row in rows for name in codes(row[0])] == [*_read_by_settings(), *_read_by_gunicorn()]


def _read_by_settings() -> list[str]:
    found = [
        call.args[0].value
        for call in nodes(SETTINGS, ast.Call)
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "env"
        and isinstance(call.args[0], ast.Constant)
    ]
    return sorted(found, key=lambda name: text(SETTINGS).index(f'"{name}"'))


def _read_by_gunicorn() -> list[str]:
    return re.findall(r'environ\.get\("(\w+)"', text(GUNICORN))
