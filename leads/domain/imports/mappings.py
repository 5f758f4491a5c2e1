"""The mappings of a source for files: which are in force, what each column fills, and a first one made from a file."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.errors import Refused
from leads.domain.mapping.doors import FILES
from leads.domain.mapping.language.document import Document
from leads.domain.mapping.language.expressions import quoted
from leads.domain.mapping.language.read import read_document
from leads.domain.mapping.mappings import save_mapping
from leads.models import FileImport, Source, SourceMapping

OF_PEOPLE = ("contact", "attributes", "consent")  # groups of fields that may say who a lead is
ONE_ACTION = {"constant": "1"}


class MappingThere(Refused):
    """The source has a mapping for files already, which is edited instead."""

    code = "mapping_there"
    message = "This source already has a mapping for files. Edit that one."


class InForce(NamedTuple):
    """A mapping with its revision in force."""

    mapping: SourceMapping
    number: int
    document: dict[str, Any]


def in_force(source: Source) -> list[InForce]:
    """Return the active mappings of a source for files, in their order."""
    active = SourceMapping.objects.filter(source=source, door=FILES, is_active=True).order_by("place", "pk")
    found = ((mapping, mapping.revisions.order_by("-number").first()) for mapping in active)
    return [InForce(mapping, last.number, last.document) for mapping, last in found if last is not None]


def snapshot(source: Source) -> list[dict[str, Any]]:
    """Return the mappings in force as an import keeps them."""
    return [
        {"mapping": each.mapping.pk, "name": each.mapping.name, "revision": each.number, "document": each.document}
        for each in in_force(source)
    ]


def what_fills_what(document: Document) -> list[tuple[str, str]]:
    """Return each field of a lead and of its actions, with the expression or constant that fills it."""
    told = [
        (str(field.target), field.source.text if field.source else f"always {field.constant}")
        for field in document.fields
    ]
    for number, template in enumerate(document.actions, start=1):
        of = "action" if len(document.actions) == 1 else f"action {number}"
        told += [
            (f"{of}: {field.target}", field.source.text if field.source else f"always {field.constant}")
            for field in template.fields
        ]
    return told


def columns_without_contacts(source: Source) -> frozenset[str]:
    """Return the columns that fill nothing about a person."""
    plain, personal = set[str](), set[str]()
    for each in in_force(source):
        document = read_document(each.document)
        for field in (*document.fields, *(field for action in document.actions for field in action.fields)):
            if field.source and field.source.path and len(field.source.path) == 1:
                (personal if field.target.group in OF_PEOPLE else plain).add(field.source.path[0])
    return frozenset(plain - personal)


@transaction.atomic
def map_columns(item: FileImport, chosen: Mapping[str, Any], *, by: User, at: datetime) -> SourceMapping:
    """Make the source's first mapping for files. `chosen` names a column, or a constant, for each field.

    Raises MappingThere or MappingHasFaults.
    """
    if in_force(item.source):
        raise MappingThere
    mapping = SourceMapping(source=item.source, name=f"Files such as {item.name}"[:80], door=FILES)
    return save_mapping(mapping, document=document_of(chosen), by=by, at=at)


def document_of(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document for columns (`{"column": "E-mail"}`) and constants (`{"constant": "TILE"}`) by field."""
    fields = {name: _field(name, one) for name, one in chosen.items() if one and not name.startswith("action.")}
    if not chosen.get("action.type"):
        return {"fields": fields}
    action = {
        name.removeprefix("action."): _field(name, one)
        for name, one in chosen.items()
        if one and name.startswith("action.")
    }
    return {"fields": fields, "actions": [{"fields": {"id": ONE_ACTION} | action}]}


def _field(name: str, one: Mapping[str, str]) -> Any:
    if "column" not in one:
        return {"constant": one["constant"]}
    expression = quoted([one["column"]])
    # Names of types are written as codes: Trade Show is trade_show.
    return {"from": expression, "text": "slug"} if name == "action.type" else expression


def column_of(given: Any, columns: Sequence[str]) -> str:
    """Return the column that a field of a document is filled from, "" if it is none of these."""
    text = given.get("from", "") if isinstance(given, dict) else given
    return next((column for column in columns if quoted([column]) == text), "")
