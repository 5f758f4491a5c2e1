"""The form for what is wrong with a refused item: one field of the right kind, and whether all alike are fixed."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from billing_engine.core.admin_kit.fields import time_zone_field
from billing_engine.core.calendar.wall_clock import instant_of, local_time
from leads.admin.quarantine.questions import Asks, Question, members_for
from leads.domain.quarantine.fixes import MEMBERS, MOVED, VALUE, ZONE, Fix
from leads.models import ActionType, Customer, Lead, Product, QuarantinedItem

ALIKE, ONE = "alike", "one"
TYPES = {Asks.EMAIL: "email", Asks.PHONE: "tel", Asks.NUMBER: "number", Asks.TIME: "datetime-local"}
PLACES = 6  # decimals of a quantity or value


class FixForm(forms.Form):
    """The right value, and the items that get it."""

    def __init__(self, item: QuarantinedItem, question: Question, alike: int, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        self._item, self._question = item, question
        self.fields["value"] = _field(item, question)
        if question.asks == Asks.TIME:
            self.fields["zone"] = _zone(item, "Time zone", "")
        if alike > 1:
            self.fields["scope"] = forms.ChoiceField(
                label="Items",
                choices=[(ALIKE, f"All {alike:,} alike"), (ONE, "Only this one")],
                initial=ALIKE,
                widget=UnfoldAdminRadioSelectWidget,
                help_text="Alike: the same source, cause and value.",
            )

    @property
    def is_for_alike(self) -> bool:
        """Whether a valid form fixes all items alike."""
        return bool(self.cleaned_data.get("scope") == ALIKE)

    def fix(self) -> Fix:
        """Return the fix that a valid form describes."""
        value, place, item = self.cleaned_data["value"], self._question.place, self._item
        match self._question.asks:
            case Asks.PRODUCT:
                return Fix(MEMBERS, "/product", _named(item, value))
            case Asks.CUSTOMER:
                return Fix(VALUE, place, value.code)
            case Asks.ZONE:
                return Fix(ZONE, place, value)
            case Asks.MEMBER:
                return Fix(MOVED, place, value)
            case Asks.TIME:
                zone = ZoneInfo(self.cleaned_data["zone"])
                return Fix(VALUE, place, instant_of(value, zone).astimezone(zone).isoformat())
            case Asks.NUMBER:
                return Fix(VALUE, place, int(value) if value == value.to_integral_value() else f"{value:f}")
            case Asks.FLAG:
                return Fix(VALUE, place, value == "yes")
        return Fix(VALUE, place, value)


def _named(item: QuarantinedItem, product: Product) -> dict[str, str]:
    """Name the product as an item does, with its customer only if the SKU alone names several."""
    content: Any = item.content.get("product")
    is_told = item.source.customer_id or (isinstance(content, dict) and content.get("customer"))
    named = {"sku": product.sku}
    if not is_told and Product.objects.filter(sku=product.sku).exclude(pk=product.pk).exists():
        named["customer"] = product.customer.code
    return named


def _field(item: QuarantinedItem, question: Question) -> forms.Field:
    make = FIELDS.get(question.asks)
    if make is not None:
        return make(item, question)
    return forms.CharField(
        label=question.label, initial=question.found_in_words, max_length=200, widget=_input(question.asks)
    )


def _action_type(_: QuarantinedItem, question: Question) -> forms.Field:
    types = ActionType.objects.order_by("name", "pk").values_list("code", "name")
    choices = [("", "–"), *((code, f"{name} · {code}") for code, name in types)]
    return forms.ChoiceField(label=question.label, choices=choices, widget=UnfoldAdminSelect2Widget)


def _time(item: QuarantinedItem, question: Question) -> forms.Field:
    first = _wall_time(question.found_in_words, ZoneInfo(_zone_of(item) or "UTC"))
    return forms.DateTimeField(label=question.label, initial=first, widget=_input(Asks.TIME, step="1"))


def _number(_: QuarantinedItem, question: Question) -> forms.Field:
    widget = _input(Asks.NUMBER, min="0", step="any")
    least, digits = Decimal(0), 12 + PLACES
    return forms.DecimalField(
        label=question.label, min_value=least, max_digits=digits, decimal_places=PLACES, widget=widget
    )


def _zone(item: QuarantinedItem, label: str, help_text: str) -> forms.Field:
    field = time_zone_field(label, help_text)
    field.initial = _zone_of(item)
    return field


def _selected(label: str, choices: list[tuple[str, str]]) -> forms.Field:
    return forms.ChoiceField(label=label, choices=choices, widget=UnfoldAdminSelectWidget)


def _input(asks: Asks, **attributes: str) -> UnfoldAdminTextInputWidget:
    return UnfoldAdminTextInputWidget({"type": TYPES.get(asks, "text"), **attributes})


def _row(label: str, rows: Any, model: Any, name: str) -> forms.Field:
    """A picker that searches as one types."""
    attributes = {"class": "unfold-admin-autocomplete admin-autocomplete", "data-theme": "admin-autocomplete"}
    field: Any = forms.ModelChoiceField(rows, label=label)
    field.widget = AutocompleteSelect(model._meta.get_field(name), admin.site, attrs=attributes)
    field.widget.choices = field.choices
    return field


def _zone_of(item: QuarantinedItem) -> str:
    """The time zone of the item's customer, "" if it is unknown."""
    return item.zone or (item.source.customer.time_zone if item.source.customer else "")


def _wall_time(found: str, zone: ZoneInfo) -> datetime | None:
    """What was sent, as the field can show it, if it is a time at all."""
    try:
        sent = datetime.fromisoformat(found)
    except ValueError:
        return None
    try:
        return local_time(sent, zone) if sent.tzinfo else sent
    except OverflowError:
        return None


FIELDS: dict[Asks, Callable[[QuarantinedItem, Question], forms.Field]] = {
    Asks.ACTION_TYPE: _action_type,
    Asks.PRODUCT: lambda _, asked: _row(asked.label, Product.objects.select_related("customer"), Lead, "product"),
    Asks.CUSTOMER: lambda _, asked: _row(asked.label, Customer.objects.all(), Product, "customer"),
    Asks.ZONE: lambda item, _: _zone(item, "Time zone of these times", "The clock that the source wrote down."),
    Asks.TIME: _time,
    Asks.NUMBER: _number,
    Asks.FLAG: lambda _, asked: _selected(asked.label, [("no", "No"), ("yes", "Yes")]),
    Asks.MEMBER: lambda item, asked: _selected(asked.label, members_for(item, asked)),
    Asks.EMAIL: lambda _, asked: forms.EmailField(
        label=asked.label, initial=asked.found_in_words, widget=_input(Asks.EMAIL)
    ),
}
