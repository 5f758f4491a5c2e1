"""SQL in its own files: functions next to the code that calls them, triggers next to the models they guard.

A file can be installed repeatedly because it says `CREATE OR REPLACE`. After an edit, a new migration must install it
again; `tests/house/test_sql_files.py` prints the line to add.
"""

from hashlib import sha256
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation


def sql_file(app: str, path: str) -> Path:
    """The file that a migration names by its app and its path inside that app."""
    return Path(apps.get_app_config(app).path) / path


def version_of(sql: str) -> str:
    """The start of its SHA-256, so every edit changes the version."""
    return sha256(sql.encode()).hexdigest()[:12]


class InstallSql(Operation):
    """Run a file if it still has this version; if it was edited since, a later migration installs it."""

    reversible = False  # the earlier text exists only in the code's history

    def __init__(self, app: str, path: str, version: str) -> None:
        self.app, self.path, self.version = app, path, version

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Functions and triggers are not part of the models."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        file = sql_file(self.app, self.path)
        sql = file.read_text(encoding="utf-8") if file.is_file() else ""
        if version_of(sql) == self.version:
            schema_editor.execute(sql, params=None)

    def describe(self) -> str:
        return f"Install {self.app}/{self.path}"
