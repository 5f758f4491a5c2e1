"""Form fields for terms: one per term, wherever a form asks for it."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.db import models
from unfold.overrides import FORMFIELD_OVERRIDES
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from billing_engine.core.admin_kit.fields import PlainDecimalField, addresses_field, domains_field, locale_field
from leads.models import Tax
from leads.models.revision import RevisionOfTerms

TAX = re.compile(r"(?P<name>.*\S)\s+(?P<rate>\d+(?:\.\d{1,4})?)\s*%(?:\s+on\s+(?P<category>.+))?")


class TaxesField(forms.CharField):
    """Taxes, one per line, as people say them: `Sales tax 8.875%`, `Levy 3% on stone`."""

    def __init__(self, help_text: str) -> None:
        super().__init__(required=False, help_text=help_text, widget=UnfoldAdminTextareaWidget({"rows": 3}))

    def prepare_value(self, value: object) -> object:
        return "\n".join(str(Tax.of(each)) for each in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """The taxes as they are stored."""
        return [self._tax(line.strip()) for line in str(super().clean(value)).splitlines() if line.strip()]

    def _tax(self, line: str) -> dict[str, str]:
        found = TAX.fullmatch(line)
        if found is None:
            raise forms.ValidationError(f"“{line}” is not a tax. Write a name and a rate, such as: Sales tax 8.875%.")
        return Tax(found["name"], models.DecimalField().to_python(found["rate"]), found["category"] or "").as_stored()


def term_fields(model: type[RevisionOfTerms], names: Iterable[str]) -> dict[str, forms.Field]:
    """A form field for each of these terms of a customer or details of a company."""
    return {name: _field(model, name) for name in names}


def _field(model: type[RevisionOfTerms], name: str) -> Any:
    column: Any = model._meta.get_field(name)
    if name == "taxes":
        return TaxesField(
            "One per line, such as: Sales tax 8.875%. With a product category: Levy 3% on stone. Empty: no tax."
        )
    if name == "excluded_domains":
        return domains_field(column.help_text)
    if name == "billing_contacts":
        return addresses_field("Who receives the invoices. Separate with commas.")
    if name == "locale":
        field = locale_field("Number format", column.help_text)
        field.widget = UnfoldAdminSelectWidget(choices=field.choices)
        return field
    if name == "seller":
        return column.formfield(widget=UnfoldAdminSelectWidget, empty_label="The seller in the settings")
    options: dict[str, Any] = next(
        (FORMFIELD_OVERRIDES[kind] for kind in type(column).__mro__ if kind in FORMFIELD_OVERRIDES), {}
    )
    if isinstance(column, models.TextField):
        options = {"widget": UnfoldAdminTextareaWidget({"rows": 4})}
    if isinstance(column, models.DecimalField):
        options = options | {"form_class": PlainDecimalField}
    return column.formfield(**options)
