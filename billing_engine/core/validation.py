"""A model's own validation of a row as faults for forms, files and API, and the key of a row in an address."""

from collections.abc import Collection

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model

from billing_engine.core.errors import FieldFault

HIGHEST_KEY = 2**63 - 1


def row_faults(row: Model, *, exclude: Collection[str] = ()) -> list[FieldFault]:
    """Everything that Django's validation refuses of a row, saved or not, by field; "" stands for the whole row.

    `exclude` names fields that are not checked, such as a row that is saved together with this one.
    """
    try:
        row.full_clean(exclude=set(exclude))
    except ValidationError as refusal:
        return [
            FieldFault("" if name == NON_FIELD_ERRORS else name, error.code or "invalid", " ".join(error.messages))
            for name, errors in refusal.error_dict.items()
            for error in errors
        ]
    return []


def key_of(text: str) -> int | None:
    """The key of a row as written in an address; None if no row can have it."""
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(HIGHEST_KEY))):
        return None
    return key if (key := int(text)) <= HIGHEST_KEY else None
