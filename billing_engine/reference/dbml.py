"""The models as DBML, the language of dbdiagram.io: tables by app, their references, and the database's constraints.

Our own code, because generators that know neither column types nor constraints draw a different database.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth import get_user_model
from django.db import connection, models
from django.db.models import Model
from django.db.models.sql import Query

# From the bottom layer up, each with the color of its tables.
LAYERS = {
    "core": "#5b6b7a",
    "accounts": "#a8622f",
    "leads": "#2f6f8f",
    "pricing": "#7a5195",
    "invoices": "#3f7d4e",
    "receivables": "#b0803c",
    "reports": "#8a4f6d",
}
NOTE = (
    "Generated from the models by `manage.py schema`. Do not edit.",
    "A column whose type is an enum is a varchar in PostgreSQL; the enum lists its possible values.",
    "Defaults are the program's, not the database's. Triggers are not shown; see docs/schema.txt.",
)
SHORT = {"timestamp with time zone": "timestamptz"}
Choices = tuple[tuple[Any, str], ...]


def schema() -> str:
    """The whole file; the same models give the same text, on every machine."""
    stored = [model for app in LAYERS for model in apps.get_app_config(app).get_models()]
    enums = _enums(stored)
    parts = [
        f"Project \"Lead Billing Engine\" {{\n  database_type: 'PostgreSQL'\n{_note(NOTE)}\n}}",
        *(_enum(name, choices) for choices, name in enums.items()),
        *(_table(model, enums) for model in stored),
        _people(),
        *(_group(apps.get_app_config(app), color) for app, color in LAYERS.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _enums(stored: Iterable[type[Model]]) -> dict[Choices, str]:
    """A name for each set of choices; columns with the same choices share one, named after the first."""
    enums: dict[Choices, str] = {}
    for model in stored:
        for field in model._meta.concrete_fields:
            if field.choices:
                enums.setdefault(_choices(field), f"{model._meta.db_table}_{field.name}")
    return enums


def _choices(field: Any) -> Choices:
    return tuple((value, str(label)) for value, label in field.flatchoices)


def _enum(name: str, choices: Choices) -> str:
    values = "\n".join(f'  "{value}" [note: {_text(label)}]' for value, label in choices)
    return f"Enum {name} {{\n{values}\n}}"


def _table(model: type[Model], enums: dict[Choices, str]) -> str:
    columns = [_column(field, enums) for field in model._meta.concrete_fields]
    blocks = ["\n".join(columns)]
    indexes = list(_indexes(model))
    if indexes:
        blocks.append("  indexes {\n" + "\n".join(f"    {index}" for index in indexes) + "\n  }")
    blocks.append(_note(_table_note(model)))
    body = "\n\n".join(blocks)
    return f"Table {model._meta.db_table} [headercolor: {LAYERS[model._meta.app_label]}] {{\n{body}\n}}"


def _table_note(model: type[Model]) -> Iterator[str]:
    yield " ".join((model.__doc__ or "").split())
    refused = [rule.name for rule in model._meta.constraints if not isinstance(rule, models.UniqueConstraint)]
    if refused:
        yield ""
        yield "The database enforces:"
        yield from (f"- {name.replace('_', ' ')}" for name in refused)


def _column(field: Any, enums: dict[Choices, str]) -> str:
    kind = enums[_choices(field)] if field.choices else _type(field)
    settings = [*_keys(field), *_default(field), *_reference(field), *_column_note(field)]
    return f"  {field.column} {kind}" + (f" [{', '.join(settings)}]" if settings else "")


def _type(field: Any) -> str:
    kind = str(field.db_type(connection)).replace(", ", ",")
    short = SHORT.get(kind, kind)
    return short if short.replace("(", "").replace(")", "").replace(",", "").isalnum() else f'"{short}"'


def _keys(field: Any) -> Iterator[str]:
    if field.primary_key:
        yield "pk"
        if isinstance(field, models.AutoField | models.BigAutoField):
            yield "increment"
        return
    if field.unique:
        yield "unique"
    if not field.null:
        yield "not null"


def _default(field: Any) -> Iterator[str]:
    default = field.default
    if isinstance(default, bool):
        yield f"default: {str(default).lower()}"
    elif isinstance(default, int):
        yield f"default: {default}"
    elif isinstance(default, str) and default:
        yield f"default: {_text(str(default))}"


def _reference(field: Any) -> Iterator[str]:
    if isinstance(field, models.ForeignKey):
        target = field.target_field
        one = "-" if isinstance(field, models.OneToOneField) else ">"
        yield f"ref: {one} {target.model._meta.db_table}.{target.column}"


def _column_note(field: Any) -> Iterator[str]:
    words = [str(field.help_text)] if field.help_text else []
    if field.is_relation and not field.db_constraint:
        words.append("No foreign key in the database.")
    if words:
        yield f"note: {_text(' '.join(words))}"


def _indexes(model: type[Model]) -> Iterator[str]:
    for rule in model._meta.constraints:
        if isinstance(rule, models.UniqueConstraint):
            yield _index(model, rule, unique=True)
    for index in model._meta.indexes:
        yield _index(model, index)
    fields: Iterable[Any] = model._meta.concrete_fields
    yield from (field.column for field in fields if field.db_index and not field.unique and not field.primary_key)


def _index(model: type[Model], index: Any, *, unique: bool = False) -> str:
    columns = {field.name: str(field.column) for field in model._meta.concrete_fields}
    orders = getattr(index, "fields_orders", [(name, "") for name in index.fields])  # a constraint has no order
    parts = [f"`{columns[name]} desc`" if order else columns[name] for name, order in orders]
    parts += [f"`{_sql(model, expression).lower()}`" for expression in index.expressions]
    settings = (["unique"] if unique else []) + [f"name: {_text(index.name)}"]
    if index.condition is not None:
        settings.append(f"note: {_text('Only where ' + _condition(model, index.condition) + '.')}")
    return f"({', '.join(parts)}) [{', '.join(settings)}]"


def _condition(model: type[Model], condition: models.Q) -> str:
    query = Query(model, alias_cols=False)
    return _compiled(query, query.build_where(condition))


def _sql(model: type[Model], expression: Any) -> str:
    query = Query(model, alias_cols=False)
    return _compiled(query, expression.resolve_expression(query))


def _compiled(query: Query, part: Any) -> str:
    sql, given = query.get_compiler(connection=connection).compile(part)
    values = tuple(connection.schema_editor().quote_value(value) for value in given)
    return str(sql % values).replace('"', "")


def _people() -> str:
    """Django's own user table, in short, because our tables refer to it."""
    user = get_user_model()._meta
    key, name = user.get_field("id"), user.get_field("username")
    return (
        f"Table {user.db_table} {{\n  {key.column} {_type(key)} [pk, increment]\n"
        f"  {name.column} {_type(name)} [unique, not null]\n\n{_note(['Users: Django’s own table, in short.'])}\n}}"
    )


def _group(app: AppConfig, color: str) -> str:
    tables = "\n".join(f"  {model._meta.db_table}" for model in app.get_models())
    words = " ".join((type(app).__doc__ or "").split())
    return f"TableGroup {app.label} [color: {color}, note: {_text(words)}] {{\n{tables}\n}}"


def _note(lines: Iterable[str]) -> str:
    text = "\n".join(f"    {line}".rstrip() for line in lines).replace("'''", "\\'''")
    return f"  Note: '''\n{text}\n  '''"


def _text(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
