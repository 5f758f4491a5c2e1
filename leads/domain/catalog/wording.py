"""Facts of the catalog in words."""

from decimal import Decimal
from typing import Any

from django.utils.text import capfirst

from billing_engine.core.money import number_in_words
from leads.models import CatalogRevision


def label(revisions: type[CatalogRevision], name: str) -> str:
    """Return what a fact is called on pages."""
    return str(capfirst(_field(revisions, name).verbose_name))


def in_words(revisions: type[CatalogRevision], name: str, value: Any) -> str:
    """Return a fact as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return number_in_words(value)
    return str(dict(_field(revisions, name).flatchoices).get(value, value)) or "none"


def _field(revisions: type[CatalogRevision], name: str) -> Any:
    return revisions._meta.get_field(name)
