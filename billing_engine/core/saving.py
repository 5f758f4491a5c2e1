"""Save what changed: the app's database login may write only the columns that the domain changes."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from io import StringIO
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import Model

ESCAPED = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}
NEEDS_ESCAPE = re.compile(r"[\\\t\n\r]")


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
    row.save(update_fields=list(_changes(row, before)))


def _changes(row: Model, before: Mapping[str, Any]) -> dict[str, Any]:
    now, missing = values_of(row), object()
    names = (field.attname for field in row._meta.concrete_fields if not field.primary_key)
    return {name: now[name] for name in names if name in now and now[name] != before.get(name, missing)}


def save_all_changes(rows: Sequence[Model], *, since: Mapping[Any, Mapping[str, Any]]) -> None:
    """Write the columns in which any of these stored rows differs from its values before, by key; in one statement."""
    changed = {name for row in rows for name in _changes(row, since[row.pk])}
    if changed:
        save_all(rows, changed)


def save_all(rows: Sequence[Model], names: Iterable[str]) -> None:
    """Write these fields of stored rows of one model, in one statement that takes the types from the table."""
    if not rows:
        return
    model, wanted = rows[0]._meta, set(names)
    fields = [field for field in model.concrete_fields if wanted & {field.name, field.attname}]
    key, table = model.pk, model.db_table
    columns = {field.attname: field.column for field in (key, *fields)}
    values = [{column: getattr(row, attname) for attname, column in columns.items()} for row in rows]
    written = ", ".join(f'"{field.column}" = new."{field.column}"' for field in fields)
    statement = (  # names of our models, no values
        f'UPDATE "{table}" SET {written} FROM jsonb_populate_recordset(NULL::"{table}", %s) AS new'  # noqa: S608 -- as above
        f' WHERE "{table}"."{key.column}" = new."{key.column}"'
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [json.dumps(values, default=str)])
        if cursor.rowcount != len(rows):
            raise DatabaseError(f"{cursor.rowcount} of {len(rows)} rows of {table} are stored.")


def copy_in(rows: Sequence[Model]) -> None:
    """Insert new rows with COPY; their keys are not read back."""
    if not rows:
        return
    fields = [field for field in rows[0]._meta.concrete_fields if not field.primary_key]
    names = [field.attname for field in fields]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    text = "".join(["\t".join([_copied(getattr(row, name)) for name in names]) + "\n" for row in rows])
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(f'COPY "{rows[0]._meta.db_table}" ({columns}) FROM STDIN', StringIO(text))


def _copied(value: Any) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, str):
        return NEEDS_ESCAPE.sub(lambda found: ESCAPED[found[0]], value)
    if isinstance(value, dict | list):
        return _copied(json.dumps(value)) if value else "[]" if isinstance(value, list) else "{}"
    return str(value)
