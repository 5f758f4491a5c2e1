"""The facts that prices depend on have one writer, which asks for a second person where one is needed."""

import ast

from leads.models import ActionType, ActionTypeRevision, Product, ProductRevision, Source, SourceRevision
from tests.house.tree import product, text, tree

REVISIONS = (ActionTypeRevision, ProductRevision, SourceRevision)
WRITER = "leads/domain/catalog/facts.py"
# New products of a source that may add them: one statement makes each with its facts from the beginning.
IN_SQL = {"leads/domain/intake/products.py"}
WRITES = {"create", "bulk_create", "get_or_create", "update_or_create", "update", "bulk_update"}


def test_what_prices_depend_on_is_a_column_of_revisions_only() -> None:
    facts = {name for model in REVISIONS for name in model.FACTS}
    columns = {field.name for model in (ActionType, Product, Source) for field in model._meta.concrete_fields}

    assert facts == {"unit", "is_billable", "largest_quantity", "largest_value", "category", "channel"}
    assert facts & columns == set()


def test_facts_are_written_by_one_module() -> None:
    assert {path.as_posix() for path in product() if any(map(_writes, ast.walk(tree(path))))} - {WRITER} == set()
    assert {path.as_posix() for path in product() if _writes_in_sql(text(path))} == IN_SQL


def _writes(node: ast.AST) -> bool:
    """Whether a call makes or changes revisions: `Model(...)`, `Model.objects.create(...)`, `subject.revisions.create(...)`."""
    if not isinstance(node, ast.Call):
        return False
    called = ast.unparse(node.func)
    names = tuple(model.__name__ for model in REVISIONS)
    if called in names or called.startswith("REVISIONS["):
        return True
    owner, _, verb = called.rpartition(".")
    return verb in WRITES and (owner.startswith(tuple(f"{name}.objects" for name in names)) or ".revisions" in owner)


def _writes_in_sql(source: str) -> bool:
    tables = [model._meta.db_table for model in REVISIONS]
    return any(f"{verb} {table}" in source for verb in ("INTO", "UPDATE", "FROM ONLY") for table in tables)
