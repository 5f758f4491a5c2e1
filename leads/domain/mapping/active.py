"""The mappings of a source that are in force, as a converter."""

import json
from functools import lru_cache
from typing import Any

from django.db.models import OuterRef, Subquery

from billing_engine.core.errors import Refused
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


def _document(name: str, content: Any) -> Document:
    try:
        return _compiled(json.dumps(content, sort_keys=False))
    except DocumentNotValid as error:
        raise MappingNotValid(f"The mapping {name} can't be used: {error} Save a new revision of it.") from error


@lru_cache(KEPT)
def _compiled(content: str) -> Document:
    return read_document(json.loads(content))
