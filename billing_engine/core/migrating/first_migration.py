"""A first migration whose models are rendered together.

Django renders a model of the past, and all that are related to it, once for each model a migration makes: with a hundred
related models, nine tenths of the time a new database takes.
"""

from collections.abc import Sequence
from itertools import groupby

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class FirstMigration(Migration):
    """`Migration`, several times as fast where many models that follow one another are made."""

    def apply(
        self,
        project_state: ProjectState,
        schema_editor: BaseDatabaseSchemaEditor,
        collect_sql: bool = False,  # noqa: FBT001 -- Django's own signature
    ) -> ProjectState:
        """Apply the operations in their order; models that follow one another are known before the first is made."""
        if collect_sql:
            return super().apply(project_state, schema_editor, collect_sql)
        for makes_models, operations in groupby(self.operations, key=lambda each: isinstance(each, CreateModel)):
            if makes_models:
                self._make(list(operations), project_state, schema_editor)
            else:
                part = type("Part", (Migration,), {"operations": list(operations)})
                project_state = part(self.name, self.app_label).apply(project_state, schema_editor)
        return project_state

    def _make(
        self, operations: Sequence[Operation], project_state: ProjectState, schema_editor: BaseDatabaseSchemaEditor
    ) -> None:
        project_state.__dict__.pop("apps", None)  # what is rendered: asked for next, it is rendered with all new models
        for operation in operations:
            operation.state_forwards(self.app_label, project_state)
        for operation in operations:
            operation.database_forwards(self.app_label, schema_editor, project_state, project_state)
