"""A day, and a time where it is not midnight: the form's field for a wall-clock time."""

from datetime import date, datetime, time
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSplitDateTimeWidget, UnfoldAdminTextInputWidget

from billing_engine.core.calendar.wall_clock import NotAWallClockTime, read

EACH_IN_ITS_ZONE = "In each customer’s own time zone; without a time, from midnight."


class DayAndTime(UnfoldAdminSplitDateTimeWidget):
    """Two boxes side by side; the second may stay empty.

    A kind of Unfold's own widget: on a page with conditional fields Unfold binds the boxes of that one apart, while those of
    any other share one value, so that a time typed would empty its day.
    """

    def __init__(self, *, label: str = "", autofocus: bool = False) -> None:
        day = {"type": "date", "aria-label": f"{label} day".strip()} | ({"autofocus": True} if autofocus else {})
        at = {"type": "time", "aria-label": f"{label} time, if not midnight".strip()}
        forms.MultiWidget.__init__(self, [UnfoldAdminTextInputWidget(day), UnfoldAdminTextInputWidget(at)])

    def decompress(self, value: datetime | date | None) -> list[str]:
        """What stands in the two boxes."""
        if value is None:
            return ["", ""]
        if not isinstance(value, datetime):
            return [f"{value:%Y-%m-%d}", ""]
        at = value.time()
        return [f"{value:%Y-%m-%d}", "" if at == time.min else at.isoformat("auto" if at.second else "minutes")]


class WallClockFormField(forms.MultiValueField):
    """A wall-clock time out of two boxes."""

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
        """The time; beside the field, why it is none."""
        day, at = (str(part or "").strip() for part in [*(value or []), "", ""][:2])
        if not day:
            if at:
                raise forms.ValidationError("On which day?")
            if self.required:
                raise forms.ValidationError(str(self.error_messages["required"]), code="required")
            return None
        try:
            return read(f"{day}T{at}" if at else day)
        except NotAWallClockTime as error:
            raise forms.ValidationError(str(error)) from error

    def has_changed(self, initial: datetime | None, data: Any) -> bool:
        """Whether another time stands there: how it is written does not matter."""
        try:
            return self.clean(data) != initial
        except forms.ValidationError:
            return True
