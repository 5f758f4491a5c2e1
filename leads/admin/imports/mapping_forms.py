"""Which column fills which field, and how dates are written: what a person is asked about a file's columns."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget

from billing_engine.core.admin_kit.fields import time_zone_field
from leads.domain.imports.dates import date_questions
from leads.domain.imports.mappings import column_of, in_force
from leads.domain.imports.steps import TABLES
from leads.domain.mapping.proposals import proposed
from leads.models import ActionType, FileImport, Product

ALWAYS_AT_MOST = 200  # products offered as a constant
COLUMN, CONSTANT = "column", "constant"
NONE = ("", "–")
# The fields that a person maps here; the mapping's own page has all of them.
FIELDS = {
    "id": ("Lead ID", "Names the lead: the same ID is always the same lead."),
    "product.sku": ("Product", "The column of its SKU, or one product for all rows."),
    "contact.name": ("Name", ""),
    "contact.email": ("Email", ""),
    "contact.phone": ("Phone", ""),
    "contact.firm": ("Company", ""),
    "contact.country": ("Country", ""),
    "action.type": ("Action", "What the lead did: the column of its type, or one type for all rows."),
    "action.occurred_at": (
        "Date of the action",
        "You are asked how its dates are written, if they can be read in two ways.",
    ),
    "action.id": ("Action ID", "If empty, each lead has one action."),
    "action.quantity": ("Quantity", ""),
    "action.value": ("Value", ""),
}
REQUIRED = ("id", "product.sku")


class ColumnsForm(forms.Form):
    """A column, or a constant, for each field of a lead and its action."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        columns = [(f"{COLUMN}:{name}", name) for name in self.initial.get("columns", []) if name]
        constants = self.initial.get("constants", {})
        for name, (label, help_text) in FIELDS.items():
            always = [(f"{CONSTANT}:{value}", words) for value, words in constants.get(name, ())]
            grouped: list[Any] = [("From the column", columns), ("Always", always)] if always else columns
            self.fields[name] = forms.ChoiceField(
                label=label,
                help_text=help_text,
                required=name in REQUIRED,
                choices=[NONE, *grouped],
                widget=UnfoldAdminSelectWidget,
            )

    def clean(self) -> dict[str, Any]:
        """An action needs its date; what belongs to an action needs an action."""
        given = super().clean() or self.cleaned_data
        has_type, has_date = given.get("action.type"), given.get("action.occurred_at")
        if has_type and not has_date:
            self.add_error("action.occurred_at", "Choose the column with the date of the action.")
        if not has_type and any(given.get(name) for name in FIELDS if name.startswith("action.")):
            self.add_error("action.type", "Choose what the lead did.")
        return given


def chosen(answers: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return the answers as columns and constants by field."""
    parts = {name: value.partition(":") for name, value in answers.items() if value}
    return {name: {kind: value} for name, (kind, _, value) in parts.items()}


def first_columns(item: FileImport) -> dict[str, Any]:
    """Return the columns of the file, the constants to choose from, and what the columns' names propose."""
    columns: list[str] = item.found.get("columns", [])
    records = [dict(zip(columns, cells, strict=False)) for _, cells in item.found.get("rows", ())]
    document = proposed(records or [dict.fromkeys(columns, "")]).document
    fields = document["fields"] | {
        f"action.{name}": given for action in document.get("actions", ()) for name, given in action["fields"].items()
    }
    named = {name: column_of(given, columns) for name, given in fields.items()}
    products = (
        Product.objects.filter(customer=item.source.customer_id) if item.source.customer_id else Product.objects.none()
    )
    constants = {
        "product.sku": [(one.sku, f"{one.name} ({one.sku})") for one in products.order_by("name")[:ALWAYS_AT_MOST]],
        "action.type": [(one.code, one.name) for one in ActionType.objects.order_by("name")[:ALWAYS_AT_MOST]],
    }
    return {
        "columns": columns,
        "constants": constants,
        **{name: f"{COLUMN}:{column}" for name, column in named.items() if column},
    }


class DatesForm(forms.Form):
    """How the dates of each column are written."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in self.initial.get("questions", []):
            readings = [(form, means and f"{means} ({form.replace('_', ' ')})") for form, means in question.readings]
            self.fields[f"form{question.key}"] = forms.ChoiceField(
                label=f"What is {question.example} in “{question.column}”?",
                choices=readings,
                widget=UnfoldAdminRadioSelectWidget,
                help_text="Ask who made the file if you are not sure.",
            )
            if question.needs_zone:
                self.fields[f"zone{question.key}"] = forms.ChoiceField(
                    label=f"In which time zone are the times in “{question.column}”?",
                    choices=time_zone_field("", "").choices,
                    widget=UnfoldAdminSelectWidget,
                    initial=self.initial.get("zone", ""),
                )


def first_dates(item: FileImport) -> dict[str, Any]:
    """Return the questions, and the time zone of the source's customer."""
    customer = item.source.customer
    return {"questions": date_questions(item), "zone": customer.time_zone if customer else ""}


def needs_mapping(item: FileImport) -> bool:
    """Whether the file is a table of a source without a mapping for files."""
    return item.reading.get("kind") in TABLES and not in_force(item.source)
