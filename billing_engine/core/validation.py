"""A model's own validation of a row (fields, rules and constraints) as faults for forms, files and API."""

from collections.abc import Collection

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model

from billing_engine.core.errors import FieldFault


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
