"""The mappings of a source that are in force, as a converter, and the records of a request converted by them."""

import json
from functools import lru_cache
from typing import Any

from django.db.models import OuterRef, Subquery

from billing_engine.core.errors import Refused
from leads.domain import limits
from leads.domain.body.parcel import Parcel
from leads.domain.body.parse import open_parcel
from leads.domain.mapping.doors import API
from leads.domain.mapping.language.converter import Converter
from leads.domain.mapping.language.document import Document
from leads.domain.mapping.language.read import DocumentNotValid, read_document
from leads.models import MappingRevision, Source, SourceMapping

KEPT = 200  # documents, compiled


class MappingNotValid(Refused):
    """A stored mapping that can't be used, because the language has changed since."""

    code = "mapping_not_valid"


def active_converter(source: Source, *, door: str) -> Converter | None:
    """Return the converter of a source's active mappings for a door, in their order; None if there are none.

    Raises MappingNotValid.
    """
    last = MappingRevision.objects.filter(mapping=OuterRef("pk")).order_by("-number")
    active = SourceMapping.objects.filter(source=source, door=door, is_active=True).order_by("place", "pk")
    found = list(active.annotate(document=Subquery(last.values("document")[:1])).values_list("name", "document"))
    return Converter([_document(name, document) for name, document in found]) if found else None


def read_records(source: Source, *, body: bytes, content_type: str) -> Parcel | None:
    """Parse the body of a request whose records become leads by mappings; None if the source has none for the API.

    Raises Refused if the body is unreadable or, with all its leads, exceeds the limits.
    """
    converter = active_converter(source, door=API)
    if converter is None:
        return None
    parcel = open_parcel(body, content_type)
    leads = [lead for record in parcel.items for lead in converter.convert(record.item, place=record.pointer)]
    limits.check_number_of_leads(len(leads), most=limits.LEADS)
    limits.check_items([lead.item for lead in leads])
    return parcel._replace(items=leads, plain=None)


def _document(name: str, content: Any) -> Document:
    try:
        return _compiled(json.dumps(content, sort_keys=False))
    except DocumentNotValid as error:
        raise MappingNotValid(f"The mapping {name} can't be used: {error} Save a new revision of it.") from error


@lru_cache(KEPT)
def _compiled(content: str) -> Document:
    return read_document(json.loads(content))
