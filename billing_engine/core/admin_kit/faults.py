"""Show the domain's validation errors next to a form's fields, or above the page."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import Model

from billing_engine.core.errors import FieldFault


def tell(form: forms.BaseForm, faults: Iterable[FieldFault]) -> None:
    """Add each fault to its field, unless the field could not be read; faults without a field go above the form."""
    unread = set(form.errors)
    for fault in faults:
        if fault.field not in unread:
            field = fault.field if fault.field in form.fields else None
            form.add_error(field, forms.ValidationError(fault.words, code=fault.code))


def understood(model: type[Model], given: dict[str, Any], *names: str, **also: Any) -> Any:
    """An unsaved row of the model from what the form could read: all of it, or these fields."""
    return model(**{name: it for name, it in given.items() if not names or name in names}, **also)
