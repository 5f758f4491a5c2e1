"""The app's rights in the database are those its domain uses: compared with the models, the code and PostgreSQL."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.admin.utils import flatten
from django.db import connection
from django.db.models import BooleanField

from billing_engine.operations.database_grants import ALL, GRANTS
from billing_engine.operations.database_rights import FUNCTIONS, SECRETS, tables
from leads.domain.quarantine.conflicts import CONTACT
from leads.models.company import DETAILS
from leads.models.terms import TERMS
from pricing.rating.prices import amount_fields
from tests.app_role import as_role
from tests.house.tree import APPS, LAYERS, files, nodes, our_models, product, text

PLACE = "billing_engine/operations/database_grants.py"
SECRET = re.compile(r"password|secret|sealed|token|digest|session|recovery")
NO_SECRET = {  # digests of what every user with access may read
    *("core_deed", "leads_delivery", "leads_quarantineditem"),
    *("invoices_invoicedocument", "invoices_invoicemail", "invoices_invoiceproof", "invoices_proofkey"),
}

DEFINERS = """
    SELECT proname, proconfig @> ARRAY['search_path=public, pg_temp'],
           has_function_privilege('public', pg_proc.oid, 'EXECUTE'), prorettype = 'trigger'::regtype
      FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
"""
EMPTIED = """
    SELECT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal
     GROUP BY 1 HAVING NOT bool_or(tgtype::int & 32 > 0)
"""


def test_every_table_says_what_the_app_may_do_with_it():
    missing = [
        f'add a line to GRANTS in {PLACE}: "{name}": "INSERT, UPDATE ({_columns(name)}), DELETE", without what no domain '
        f"function does, or READ_ONLY"
        for name in tables()
        if name not in GRANTS
    ]

    assert missing == []
    assert [
        f"remove {name} from GRANTS in {PLACE}: no model has this table" for name in GRANTS if name not in tables()
    ] == []


def test_rights_name_columns_that_exist_and_a_key_never_changes():
    unknown = [
        f"{name}.{column}" for name in GRANTS for column in _updatable(name) if column not in _columns(name).split(", ")
    ]

    assert unknown == []


def test_a_column_that_no_code_changes_is_not_updatable():
    written = _written()
    idle = [
        f"remove {column} from UPDATE of {name} in {PLACE}: nothing changes it"
        for name in GRANTS
        for column in _updatable(name)
        if column not in written
    ]

    assert idle == []


def test_only_tables_of_libraries_are_updated_whole():
    ours = {model._meta.db_table for model in our_models()}

    assert [name for name, rights in GRANTS.items() if ALL in rights and name in ours] == []


def test_code_saves_the_columns_it_changed_because_the_app_may_not_write_the_others():
    """`save(update_fields=…)`, `save(force_insert=True)`, or `save_changes` of billing_engine/core/saving.py."""
    offenders = [
        f"{path}:{call.lineno}: name update_fields, or use save_changes"
        for path in product()
        if path.parts[0] in {storey.split(".")[0] for storey in LAYERS} and "admin" not in path.parts
        for call in nodes(path, ast.Call)
        if isinstance(call.func, ast.Attribute) and call.func.attr == "save" and not call.args and not call.keywords
    ]

    assert offenders == []


@pytest.mark.django_db
def test_the_app_has_exactly_these_rights_and_no_other():
    with as_role("app"), connection.cursor() as cursor:
        for name in tables():
            wanted = GRANTS[name]
            cursor.execute(
                "SELECT ARRAY(SELECT each FROM unnest(%s::text[]) each WHERE has_table_privilege(%s, each))",
                [["SELECT", "INSERT", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"], name],
            )
            assert cursor.fetchone()[0] == ["SELECT", *re.findall("INSERT|DELETE", wanted)], name
            cursor.execute(
                "SELECT array_agg(attname ORDER BY attname) FILTER (WHERE has_column_privilege(attrelid, attnum, 'UPDATE'))"
                " FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
                [name],
            )
            every = _columns(name).split(", ") if ALL in wanted else _updatable(name)
            assert (cursor.fetchone()[0] or []) == sorted(every), name


@pytest.mark.django_db
def test_what_runs_with_the_owners_rights_has_a_fixed_search_path_and_only_the_app_may_call_it():
    with connection.cursor() as cursor:
        cursor.execute(DEFINERS)
        found = cursor.fetchall()

    assert [(name, path, public) for name, path, public, _ in found if not path or public] == []
    called = [name for name, *_, is_trigger in found if not is_trigger]
    assert [f"add {name} to FUNCTIONS in {PLACE}" for name in called if name not in FUNCTIONS] == []


@pytest.mark.django_db
def test_a_table_whose_rows_a_trigger_keeps_is_never_emptied():
    with connection.cursor() as cursor:
        cursor.execute(EMPTIED)
        emptied = [name for (name,) in cursor.fetchall()]

    assert [f"add to its SQL: a_kept_table_is_never_emptied BEFORE TRUNCATE ON {name}" for name in emptied] == []


def test_the_reader_sees_no_secret():
    secrets = {
        (name, field.column)
        for name, model in tables().items()
        for field in model._meta.concrete_fields
        if SECRET.search(field.column) and not isinstance(field, BooleanField) and name not in NO_SECRET
    }
    hidden = {(name, column) for name, columns in SECRETS.items() for column in columns}

    assert [f'add "{name}": ("{column}",) to SECRETS in {PLACE}' for name, column in sorted(secrets - hidden)] == []


def _columns(name: str) -> str:
    fields = tables()[name]._meta.concrete_fields
    return ", ".join(field.column for field in fields if not field.primary_key)


def _updatable(name: str) -> list[str]:
    found = re.search(r"UPDATE \(([^)*]+)\)", GRANTS[name])
    return [column.strip() for column in found[1].split(",")] if found else []


def _written() -> set[str]:
    """Every name that product code assigns, updates or shows in a form, as a column."""
    names = {name for path in product() for name in _written_in(path)}
    names |= {each.name for each in amount_fields()}  # the form of a price shows those of its model
    names |= {*TERMS, *DETAILS, *CONTACT}  # a revision is given its terms by name, a lead its contact
    sql = "\n".join(text(path) for path in files() if path.suffix in {".sql", ".py"} and path.parts[0] in APPS)
    for part in re.findall(r"\bSET\s+((?:\w+ = [^;]+?)+)(?:WHERE|FROM|RETURNING|;|\"{3})", sql):
        names |= set(re.findall(r"(\w+) =", part))
    return names | {f"{name}_id" for name in names}


def _written_in(path: Path) -> Iterator[str]:
    for node in nodes(path, ast.Attribute):
        if isinstance(node.ctx, ast.Store):
            yield node.attr
    for call in nodes(path, ast.Call):
        yield from (each.arg for each in call.keywords if each.arg and _is_named(call, "update", "_written"))
        conflicting = ["update_fields"] * _is_named(call, "bulk_create")
        yield from (
            name for each in call.keywords if each.arg in {"defaults", *conflicting} for name in _strings(each.value)
        )
    for assigned in nodes(path, ast.Assign):
        if any(isinstance(each, ast.Name) and each.id in {"fields", "fieldsets"} for each in assigned.targets):
            yield from _strings(assigned.value)


def _is_named(call: ast.Call, *names: str) -> bool:
    return getattr(call.func, "attr", getattr(call.func, "id", "")) in names


def _strings(node: ast.AST) -> list[str]:
    return flatten(
        [each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    )
