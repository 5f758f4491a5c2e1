"""The first day that the engine knows, and where on Earth a day begins first and ends last."""

from datetime import date, datetime, timedelta

FIRST_DAY = date(2000, 1, 1)  # actions that occurred before it are refused
# The day of a place begins and ends up to this long before or after that of UTC.
FARTHEST_EAST, FARTHEST_WEST = timedelta(hours=14), timedelta(hours=12)


def today_somewhere(at: datetime) -> date:
    """The latest day that has started anywhere."""
    return (at + FARTHEST_EAST).date()
