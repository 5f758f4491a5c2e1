"""The schema as a picture: drawn from the models, and not from an older day's."""

from pathlib import Path

from billing_engine.dbml import schema
from tests.house.tree import our_models, text


def test_the_drawn_schema_is_that_of_the_models():
    assert text(Path("docs/schema.dbml")) == schema(), "stale; write it anew with: make schema"


def test_every_table_of_ours_is_drawn_with_all_its_columns():
    drawn = schema()
    tables = {model._meta.db_table: [field.column for field in model._meta.concrete_fields] for model in our_models()}

    assert {table: _columns(drawn, table) for table in tables} == tables


def _columns(drawn: str, table: str) -> list[str]:
    body = drawn.split(f"\nTable {table} ", 1)[1].split("\n\n", 1)[0]
    return [line.split()[0] for line in body.splitlines()[1:] if line != "}"]
