"""Form fields: choices of many known values, several values in one line, plain numbers, days, wall-clock times."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from unfold.widgets import (
    UnfoldAdminSelect2Widget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from billing_engine.core.calendar.edges import FIRST_DAY
from billing_engine.core.calendar.wall_clock import NotAWallClockTime, read
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.domains import validate_domain
from billing_engine.core.money import currencies, locales

EACH_IN_ITS_ZONE = "In each customer’s own time zone. Without a time, from midnight."


def time_zone_field(label: str, help_text: str) -> forms.ChoiceField:
    """Every IANA time zone, with no default: a wrong one would move money to another month."""
    zones = [("", "Choose a time zone"), *((zone, _zone_label(zone)) for zone in sorted(available_timezones()))]
    return forms.ChoiceField(label=label, help_text=help_text, choices=zones, widget=UnfoldAdminSelect2Widget)


def _zone_label(zone: str) -> str:
    """A time zone's name as lists show it, also found by the city as people write it."""
    city = zone.rpartition("/")[2]
    return f"{zone} · {city.replace('_', ' ')}" if "_" in city else zone


def currency_field(help_text: str = "") -> forms.ChoiceField:
    """Every current currency."""
    return forms.ChoiceField(choices=currencies, help_text=help_text, initial="USD", widget=UnfoldAdminSelect2Widget)


def offer_own_currency(form: forms.BaseForm, own: str) -> None:
    """A currency that is not offered, such as a fund code, remains valid where it is already used."""
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
    """Domains in one line, separated by commas; stored in lowercase."""
    return _OneLine(
        _Lowered(validators=[validate_domain]), required=False, help_text=help_text, widget=UnfoldAdminTextInputWidget
    )


def addresses_field(help_text: str) -> SimpleArrayField:
    """Email addresses in one line, separated by commas."""
    return _OneLine(forms.EmailField(), required=False, help_text=help_text, widget=UnfoldAdminTextInputWidget)


class PlainDecimalField(forms.DecimalField):
    """A number shown without trailing zeros: 14, not 14.000000."""

    def prepare_value(self, value: object) -> object:
        return f"{value.normalize():f}" if isinstance(value, Decimal) else value


WITHOUT_IDLE_ZEROS: dict[Any, dict[str, Any]] = {models.DecimalField: {"form_class": PlainDecimalField}}


class _OneLine(SimpleArrayField):
    """An array in one line: the values between commas, without surrounding spaces."""

    def prepare_value(self, value: object) -> object:
        return ", ".join(map(str, value)) if isinstance(value, list) else value


class _Lowered(forms.CharField):
    def to_python(self, value: object) -> str:
        return (super().to_python(value) or "").lower()


class DayAndTime(UnfoldAdminSplitDateTimeWidget):
    """Two inputs side by side; the second may be empty.

    A subclass of Unfold's own widget: on a page with conditional fields, Unfold binds the inputs of that one
    separately, while those of any other widget share one value, so that typing a time would clear the day.
    """

    def __init__(self, *, label: str = "", autofocus: bool = False) -> None:
        day = {"type": "date", "aria-label": f"{label} day".strip()} | ({"autofocus": True} if autofocus else {})
        at = {"type": "time", "aria-label": f"{label} time, if not midnight".strip()}
        forms.MultiWidget.__init__(self, [UnfoldAdminTextInputWidget(day), UnfoldAdminTextInputWidget(at)])

    def decompress(self, value: datetime | date | None) -> list[str]:
        """The values of the two inputs."""
        if value is None:
            return ["", ""]
        if not isinstance(value, datetime):
            return [f"{value:%Y-%m-%d}", ""]
        at = value.time()
        return [f"{value:%Y-%m-%d}", "" if at == time.min else at.isoformat("auto" if at.second else "minutes")]


class WallClockFormField(forms.MultiValueField):
    """A wall-clock time from two inputs."""

    def __init__(self, *, label: str, required: bool = True, help_text: str = "", autofocus: bool = False) -> None:
        super().__init__(
            fields=(forms.CharField(), forms.CharField(required=False)),
            require_all_fields=False,
            required=required,
            label=label,
            help_text=help_text,
            widget=DayAndTime(label=label, autofocus=autofocus),
        )

    def clean(self, value: Any) -> datetime | None:
        """The time, or an error next to the field."""
        day, at = (str(part or "").strip() for part in [*(value or []), "", ""][:2])
        if not day:
            if at:
                raise forms.ValidationError("Enter a day.")
            if self.required:
                raise forms.ValidationError(str(self.error_messages["required"]), code="required")
            return None
        try:
            return read(f"{day}T{at}" if at else day)
        except NotAWallClockTime as error:
            raise forms.ValidationError(str(error)) from error

    def has_changed(self, initial: datetime | None, data: Any) -> bool:
        """Whether the time differs, regardless of how it is written."""
        try:
            return self.clean(data) != initial
        except forms.ValidationError:
            return True


class DayWidget(UnfoldAdminTextInputWidget):
    """The browser's own calendar."""

    input_type = "date"


def day_field(label: str, *, latest: date, help_text: str = "", required: bool = True) -> forms.DateField:
    """A field for a day from the year 2000 to the latest one."""
    words = f"Choose a day from {day_in_words(FIRST_DAY)} to {day_in_words(latest)}."
    return forms.DateField(
        label=label,
        required=required,
        widget=DayWidget,
        help_text=help_text,
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": words, "required": words},
        validators=[MinValueValidator(FIRST_DAY, words), MaxValueValidator(latest, words)],
    )


class MultilineField(forms.CharField):
    """Text whose line breaks count as one character, as they are stored; a browser sends two."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class MailForm(forms.Form):
    """The email that will be sent; the domain checks its addresses and lengths."""

    to = forms.CharField(
        label="To",
        help_text="Separate addresses with commas or line breaks.",
        widget=UnfoldAdminTextareaWidget({"rows": 2}),
    )
    subject = forms.CharField(widget=UnfoldAdminTextInputWidget())
    body = MultilineField(label="Message", widget=UnfoldAdminTextareaWidget({"rows": 14}))
    # Created with the dialog, so that pressing its button twice sends one email.
    request = forms.UUIDField(widget=forms.HiddenInput())
