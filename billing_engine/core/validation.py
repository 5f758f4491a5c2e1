"""A model's own validation of a row as faults, the key of a row in an address, and what a misspelled word may mean."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model

from billing_engine.core.errors import FieldFault

HIGHEST_KEY = 2**63 - 1
SUGGESTED = 3


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


def close_to(word: str, known: Iterable[str]) -> list[str]:
    """Suggestions for a misspelled `word`, closest first, ignoring case."""
    by_lower = {name.casefold(): name for name in known}
    return [by_lower[name] for name in get_close_matches(word.casefold(), by_lower, n=SUGGESTED)]
