"""Days that people ask reports for: read from the address, within bounds, or refused with a sentence."""

from datetime import date, datetime, timedelta

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from unfold.widgets import UnfoldAdminTextInputWidget

from billing_engine.core.calendar.wording import day_in_words

EARLIEST = date(2000, 1, 1)  # actions that occurred before it are refused
FARTHEST = timedelta(hours=14)  # where a day begins before it does anywhere else


class DayWidget(UnfoldAdminTextInputWidget):
    """The browser's own calendar."""

    input_type = "date"


def today_somewhere(at: datetime) -> date:
    """The latest day that has started anywhere."""
    return (at + FARTHEST).date()


def day_field(label: str, *, latest: date, help_text: str = "", required: bool = True) -> forms.DateField:
    """A field for a day from the year 2000 to the latest one."""
    words = f"Choose a day from {day_in_words(EARLIEST)} to {day_in_words(latest)}."
    return forms.DateField(
        label=label,
        required=required,
        widget=DayWidget,
        help_text=help_text,
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": words, "required": words},
        validators=[MinValueValidator(EARLIEST, words), MaxValueValidator(latest, words)],
    )
