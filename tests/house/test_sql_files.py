"""SQL files: a migration installs each, the database has what the files say, and no temporary table can interfere."""

import re
from itertools import chain
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from billing_engine.core.migrating.sql_files import InstallSql, sql_file, version_of
from billing_engine.reference.stored_schema import functions, stored_schema
from leads.models import Delivery, Lead
from tests.house.tree import APPS, files, text

INSERT = re.compile(r"INSERT INTO (\w+) \(([^)]+)\)\s*SELECT\s+(.+?)\s+FROM", re.DOTALL)


def test_every_file_is_installed_by_a_migration_as_it_is_now():
    installed = {(each.app, each.path): each.version for each in _installations()}
    now = {(file.parts[0], file.relative_to(file.parts[0]).as_posix()): version_of(text(file)) for file in _files()}
    stale = {
        f'add a migration with InstallSql("{app}", "{path}", "{version}")'
        for (app, path), version in now.items()
        if installed.get((app, path)) != version
    }

    assert now
    assert stale == set()


@pytest.mark.django_db
def test_the_functions_and_triggers_of_the_database_are_those_of_the_files():
    before = stored_schema()
    with connection.cursor() as cursor:
        for name in functions():
            cursor.execute(f"DROP FUNCTION {name} CASCADE")
        assert functions() == {}
        for each in _installations():
            cursor.execute(sql_file(each.app, each.path).read_text(encoding="utf-8"))

    assert stored_schema() == before


@pytest.mark.django_db
def test_every_function_reads_our_tables_before_the_temporary_ones_of_a_session():
    settings = {name: re.findall(r"SET search_path TO (.+)", made) for name, made in functions().items()}

    assert settings
    assert {name: path for name, path in settings.items() if path != ["'public', 'pg_temp'"]} == {}


def test_a_delivery_and_its_leads_are_stored_with_all_their_columns():
    found = INSERT.findall(text(Path("leads/domain/intake/sql/write.sql")))
    named = {table: (_names(columns), _names(values)) for table, columns, values in found}

    for model in (Delivery, Lead):
        columns, values = named[model._meta.db_table]
        assert columns == values
        assert sorted(columns) == sorted(str(field.column) for field in model._meta.concrete_fields)


@pytest.mark.django_db
def test_a_file_that_was_edited_is_left_to_the_migration_that_installs_its_new_version():
    now = _installations()[-1]

    assert _run(now) != []
    assert _run(InstallSql(now.app, now.path, "0" * len(now.version))) == []
    assert _run(InstallSql(now.app, "models/sql/gone.sql", now.version)) == []


def _run(operation: InstallSql) -> list[str]:
    """What it would run."""
    with connection.schema_editor(collect_sql=True) as editor:
        operation.database_forwards(operation.app, editor, None, None)
    return list(editor.collected_sql or [])


def _files() -> list[Path]:
    return [file for file in files() if file.suffix == ".sql" and file.parts[0] in APPS]


def _installations() -> list[InstallSql]:
    """In the order of the migrations: the last one of a file is the current one."""
    loader = MigrationLoader(None)
    plan = chain.from_iterable(loader.graph.forwards_plan(leaf) for leaf in loader.graph.leaf_nodes())
    migrations = [loader.disk_migrations[key] for key in dict.fromkeys(plan)]
    return [each for migration in migrations for each in migration.operations if isinstance(each, InstallSql)]


def _names(columns: str) -> list[str]:
    return [name.strip() for name in columns.split(",")]
