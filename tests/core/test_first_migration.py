"""First migrations render their models together: what they make is what Django's own way makes, and none is missing."""

from copy import deepcopy
from typing import Any

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from billing_engine.core.migrating.first_migration import FirstMigration

OPERATIONS = [
    migrations.CreateModel(
        "Brand", [("id", models.AutoField(primary_key=True)), ("code", models.TextField(unique=True))]
    ),
    migrations.CreateModel("Tag", [("id", models.AutoField(primary_key=True))]),
    migrations.CreateModel(
        "Thing",
        [
            ("id", models.AutoField(primary_key=True)),
            ("brand", models.ForeignKey("made.Brand", models.PROTECT)),
            ("next", models.ForeignKey("made.Thing", models.CASCADE, null=True)),
            ("tags", models.ManyToManyField("made.Tag")),
        ],
    ),
    migrations.RunSQL("CREATE INDEX made_by_code ON made_brand (lower(code))"),
    migrations.CreateModel("Note", [("id", models.AutoField(primary_key=True))]),
    migrations.AddField("Note", "brand", models.ForeignKey("made.Brand", models.CASCADE, null=True)),
]


@pytest.mark.django_db
def test_the_tables_indexes_and_keys_are_those_of_djangos_own_way() -> None:
    ours, usual = (_made_by(kind) for kind in (FirstMigration, migrations.Migration))

    assert ours == usual
    assert {table for table, *_ in ours} == {"made_brand", "made_tag", "made_thing", "made_thing_tags", "made_note"}


def test_every_app_of_ours_begins_with_one() -> None:
    loader = MigrationLoader(None)
    ours = {"core", "accounts", "leads", "pricing", "invoices", "receivables", "reports"}

    assert {label for (label, _), each in loader.disk_migrations.items() if isinstance(each, FirstMigration)} == ours


def _made_by(kind: type[migrations.Migration]) -> list[tuple[Any, ...]]:
    """Every column, index and constraint that the operations make; nothing of it stays."""
    migration = type("Made", (kind,), {"operations": deepcopy(OPERATIONS)})("0001_initial", "made")
    state = ProjectState()
    assert state.apps  # rendered, as in the middle of a run
    try:
        with connection.schema_editor(atomic=False) as editor:
            migration.apply(state, editor)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_name LIKE 'made%'"
                " UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'made%'"
                " UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conrelid::regclass::text LIKE 'made%' ORDER BY 1, 2, 3"
            )
            return list(cursor.fetchall())
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS made_thing_tags, made_tag, made_thing, made_note, made_brand CASCADE")
