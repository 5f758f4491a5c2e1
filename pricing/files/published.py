"""The formats as JSON Schema, generated from the forms with `python -m pricing.files.published`."""

from pathlib import Path
from typing import Any

import msgspec

from pricing.files import carried, forms

FOLDER = Path(__file__).resolve().parent / "schema"
BEYOND = (
    "Beyond this schema, the program refuses: a duplicate name (in one object, or of two customers, action types, "
    "rules or actions), a time, time zone, cycle or currency that does not exist, a carried period given twice or with the "
    "name of a rule that does not exist, an end before its start, changes of an "
    "action type whose days do not ascend, tiers that do "
    "not ascend or whose last one, and only it, is not open, a minimum above its maximum, a hard budget without an "
    "amount, and two rules of the same scope, currency and priority that overlap in time."
)


def schemas() -> dict[str, str]:
    """Each schema's text, by file name."""
    found: dict[str, Any] = {
        "rules.schema.json": forms.rules_form(),
        "action.schema.json": forms.Action,
        "carried.schema.json": carried.Carried,
    }
    return {name: _schema(name, form) for name, form in found.items()}


def _schema(name: str, form: Any) -> str:
    _, parts = msgspec.json.schema_components([form], ref_template="#/$defs/{name}")
    whole = parts.pop(form.__name__)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": name,
        "$comment": BEYOND,
        **whole,
        **({"$defs": parts} if parts else {}),
    }
    return msgspec.json.format(msgspec.json.encode(_titled(schema)), indent=2).decode() + "\n"


def _titled(schema: Any) -> Any:
    """Every member with a title; without OpenAPI's `discriminator`, which JSON Schema does not have."""
    if isinstance(schema, list):
        return [_titled(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        name: _titled(each)
        for name, each in schema.items()
        if name not in ("discriminator", "properties", "default", "examples")
    }
    found |= {name: schema[name] for name in ("default", "examples") if name in schema}
    if "properties" in schema:
        found["properties"] = {
            name: {"title": name.replace("_", " ").capitalize(), **_titled(each)}
            for name, each in schema["properties"].items()
        }
    return found


if __name__ == "__main__":
    for name, text in schemas().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
