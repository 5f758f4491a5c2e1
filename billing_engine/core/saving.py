"""Save what changed: the app's database login may write only the columns that the domain changes."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from django.db.models import Model


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


def save_equal_changes(rows: Iterable[tuple[Model, Mapping[str, Any]]]) -> None:
    """The same for many stored rows, each with its values before: rows that change alike are written together."""
    alike = list[tuple[type[Model], dict[str, Any], list[Any]]]()
    for row, before in rows:
        changes = _changes(row, before)
        keys = next((pks for kind, known, pks in alike if kind is type(row) and known == changes), None)
        if keys is None:
            alike.append((type(row), changes, keys := []))
        keys.append(row.pk)
    for kind, changes, keys in alike:
        if changes:
            kind._meta.base_manager.filter(pk__in=keys).update(**changes)


def _changes(row: Model, before: Mapping[str, Any]) -> dict[str, Any]:
    now, missing = values_of(row), object()
    names = (field.attname for field in row._meta.concrete_fields if not field.primary_key)
    return {name: now[name] for name in names if name in now and now[name] != before.get(name, missing)}
