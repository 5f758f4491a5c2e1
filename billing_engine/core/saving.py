"""Save what changed: the app's database login may write only the columns that the domain changes."""

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from io import StringIO
from typing import Any

from django.db import connection
from django.db.models import Model

ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def values_of(row: Model) -> Mapping[str, Any]:
    """The row's values by column, as they are now; those that were not loaded are left out."""
    loaded = row.__dict__
    names = (field.attname for field in row._meta.concrete_fields)
    return {name: deepcopy(loaded[name]) for name in names if name in loaded}


def save_changes(row: Model, *, since: Model | Mapping[str, Any] | None = None) -> None:
    """Insert a new row; of a stored one, write the columns that differ from `since`, by default from what is stored."""
    if row._state.adding:
        row.save(force_insert=True)
        return
    since = since or type(row)._meta.base_manager.get(pk=row.pk)
    before = values_of(since) if isinstance(since, Model) else since
    now, missing = values_of(row), object()
    names = (field.attname for field in row._meta.concrete_fields if not field.primary_key)
    row.save(update_fields=[name for name in names if name in now and now[name] != before.get(name, missing)])


def save_all_changes(rows: Sequence[Model], *, since: Mapping[Any, Mapping[str, Any]]) -> None:
    """Write the columns in which any of these stored rows differs from its values before, by key; in one statement."""
    changed = dict[str, None]()
    for row in rows:
        before, missing = since[row.pk], object()
        changed |= dict.fromkeys(name for name, value in values_of(row).items() if value != before.get(name, missing))
    if changed:
        type(rows[0])._meta.base_manager.bulk_update(rows, list(changed))


def copy_in(rows: Sequence[Model]) -> None:
    """Insert new rows with COPY; their keys are not read back."""
    if not rows:
        return
    fields = [field for field in rows[0]._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    text = "".join("\t".join([_copied(getattr(row, field.attname)) for field in fields]) + "\n" for row in rows)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(f'COPY "{rows[0]._meta.db_table}" ({columns}) FROM STDIN', StringIO(text))


def _copied(value: Any) -> str:
    if value is None:
        return r"\N"
    text = json.dumps(value) if isinstance(value, dict | list) else str(value)
    return text.translate(ESCAPED)
