"""Form fields for what is one of many known values: chosen from a list that can be searched, never typed."""

from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.db import models
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminTextInputWidget

from billing_engine.core.domains import validate_domain
from billing_engine.core.money import currencies, locales


def time_zone_field(label: str, help_text: str) -> forms.ChoiceField:
    """Every IANA time zone, and none of them chosen beforehand: a wrong one moves money to another month."""
    zones = [("", "Choose a time zone"), *((zone, _zone_label(zone)) for zone in sorted(available_timezones()))]
    return forms.ChoiceField(label=label, help_text=help_text, choices=zones, widget=UnfoldAdminSelect2Widget)


def _zone_label(zone: str) -> str:
    """As every list shows it; found by its city as people write it, too."""
    city = zone.rpartition("/")[2]
    return f"{zone} · {city.replace('_', ' ')}" if "_" in city else zone


def currency_field(help_text: str = "") -> forms.ChoiceField:
    """Every currency in force."""
    return forms.ChoiceField(choices=currencies, help_text=help_text, initial="USD", widget=UnfoldAdminSelect2Widget)


def offer_own_currency(form: forms.BaseForm, own: str) -> None:
    """A currency that is not offered, such as a fund code, stays what it is where it stands already."""
    field = form.fields.get("currency")
    if isinstance(field, forms.ChoiceField) and own and own not in dict(currencies()):
        offered: Any = field.choices
        field.choices = [*offered, (own, own)]


def locale_field(label: str, help_text: str) -> forms.ChoiceField:
    """Every language of a country."""
    return forms.ChoiceField(
        label=label, help_text=help_text, choices=locales, initial="en_US", widget=UnfoldAdminSelect2Widget
    )


def domains_field(help_text: str) -> SimpleArrayField:
    """Domains in one line, with commas; written in any case, kept in small letters."""
    return _OneLine(
        _Lowered(validators=[validate_domain]), required=False, help_text=help_text, widget=UnfoldAdminTextInputWidget
    )


def addresses_field(help_text: str) -> SimpleArrayField:
    """E-mail addresses in one line, with commas."""
    return _OneLine(forms.EmailField(), required=False, help_text=help_text, widget=UnfoldAdminTextInputWidget)


class PlainDecimalField(forms.DecimalField):
    """A number shown without the zeros nobody wrote: 14, not 14.000000."""

    def prepare_value(self, value: object) -> object:
        return f"{value.normalize():f}" if isinstance(value, Decimal) else value


WITHOUT_IDLE_ZEROS: dict[Any, dict[str, Any]] = {models.DecimalField: {"form_class": PlainDecimalField}}


class _OneLine(SimpleArrayField):
    """An array written in one line: what stands between the commas, without the spaces around."""

    def prepare_value(self, value: object) -> object:
        return ", ".join(map(str, value)) if isinstance(value, list) else value


class _Lowered(forms.CharField):
    def to_python(self, value: object) -> str:
        return (super().to_python(value) or "").lower()
