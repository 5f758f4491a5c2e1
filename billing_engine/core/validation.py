"""What a model itself finds wrong with a row: its fields, its own rules and its constraints, as faults that any door can tell."""

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model

from billing_engine.core.errors import FieldFault


def row_faults(row: Model) -> list[FieldFault]:
    """All that Django's own validation refuses of a row, stored or not, by field; "" stands for the row as a whole."""
    try:
        row.full_clean()
    except ValidationError as refusal:
        return [
            FieldFault("" if name == NON_FIELD_ERRORS else name, error.code or "invalid", " ".join(error.messages))
            for name, errors in refusal.error_dict.items()
            for error in errors
        ]
    return []
