"""A column for wall-clock times: PostgreSQL's timestamp without time zone, which is not an instant."""

from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models

from billing_engine.core.calendar.wall_clock import NotAWallClockTime, read, written

Set = TypeVar("Set")
Get = TypeVar("Get")


class WallClockField(models.Field[Set, Get]):
    """A day and time as a clock shows them; each customer's time zone turns them into an instant."""

    description = "A wall-clock time"
    _pyi_private_set_type: datetime  # what django-stubs makes of a column that may or may not be empty
    _pyi_private_get_type: datetime

    def db_type(self, connection: Any) -> str:
        return "timestamp"

    def to_python(self, value: Any) -> datetime | None:
        if value is None or value == "":
            return None
        if isinstance(value, str):
            try:
                return read(value)
            except NotAWallClockTime as error:
                raise ValidationError(str(error)) from error
        if not isinstance(value, datetime) or value.tzinfo is not None:
            raise ValidationError(f"{value!r} is not a wall-clock time. Use a datetime without a zone.")
        return value

    def get_prep_value(self, value: Any) -> Any:
        prepared = super().get_prep_value(value)
        return prepared if hasattr(prepared, "resolve_expression") else self.to_python(prepared)

    def value_to_string(self, obj: models.Model) -> str:
        value: Any = self.value_from_object(obj)
        return "" if value is None else written(value)
