"""What the domain finds wrong with what was filled in: beside the fields of a form, or above the page."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import Model

from billing_engine.core.errors import FieldFault


def tell(form: forms.BaseForm, faults: Iterable[FieldFault]) -> None:
    """Put each fault beside its field, but for fields that could not even be read; above the form where it has none."""
    unread = set(form.errors)
    for fault in faults:
        if fault.field not in unread:
            field = fault.field if fault.field in form.fields else None
            form.add_error(field, forms.ValidationError(fault.words, code=fault.code))


def understood(model: type[Model], given: dict[str, Any], *names: str, **also: Any) -> Any:
    """A row of the model with as much of the form as was understood, not to be stored: all of it, or these fields."""
    return model(**{name: it for name, it in given.items() if not names or name in names}, **also)
