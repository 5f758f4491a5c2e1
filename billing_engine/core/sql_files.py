"""SQL in files of its own: functions beside the code that calls them, triggers beside the models they guard.

A file is written so that it can be installed again: `CREATE OR REPLACE`. Editing one takes a new migration with the
operation again; `tests/house/test_sql_files.py` says so, and with which version.
"""

from hashlib import sha256
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation


def sql_file(app: str, path: str) -> Path:
    """Where a file lies, of which migrations name the app and the path in it."""
    return Path(apps.get_app_config(app).path) / path


def version_of(sql: str) -> str:
    """The beginning of its SHA-256: a file that changes has another version, and nobody has to count."""
    return sha256(sql.encode()).hexdigest()[:12]


class InstallSql(Operation):
    """Run a file of the app, if it is still of that version; one that was edited is installed by a later migration."""

    reversible = False  # the text of before is in the history of the code, not in its files

    def __init__(self, app: str, path: str, version: str) -> None:
        self.app, self.path, self.version = app, path, version

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models know nothing of functions and triggers."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        file = sql_file(self.app, self.path)
        sql = file.read_text(encoding="utf-8") if file.is_file() else ""
        if version_of(sql) == self.version:
            schema_editor.execute(sql, params=None)

    def describe(self) -> str:
        return f"Install {self.app}/{self.path}"
