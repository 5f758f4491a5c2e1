"""The schema as a diagram, from the models, and as text, from a database; both are up to date."""

import re
from pathlib import Path

import pytest

from billing_engine.reference.dbml import schema
from billing_engine.reference.stored_schema import stored_schema
from tests.house.tree import our_models, text

# Rights that tests/app_role.py gives to the roles of a test database.
OF_TEST_ROLES = re.compile(
    r"^GRANT ON TABLE \w+: \{(?:\w+=\w+/\w+,)?(?:(?:app|reader)_of_test_\w+=\w+/\w+,?)+\}\n", re.MULTILINE
)


def test_the_drawn_schema_is_that_of_the_models():
    assert text(Path("docs/schema.dbml")) == schema(), "out of date; update it with: make schema"


def test_every_table_of_ours_is_drawn_with_all_its_columns():
    drawn = schema()
    tables = {model._meta.db_table: [field.column for field in model._meta.concrete_fields] for model in our_models()}

    assert {table: _columns(drawn, table) for table in tables} == tables


@pytest.mark.django_db
def test_the_schema_that_the_migrations_make_is_the_one_that_is_stored():
    stored = OF_TEST_ROLES.sub("", stored_schema())

    assert stored == text(Path("docs/schema.txt")), "out of date; update it with `make schema` and review the changes"


def _columns(drawn: str, table: str) -> list[str]:
    body = drawn.split(f"\nTable {table} ", 1)[1].split("\n\n", 1)[0]
    return [line.split()[0] for line in body.splitlines()[1:] if line != "}"]
