"""What a chart shows, as plain values."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing_engine.core.charts.role import Role
from billing_engine.core.charts.time_axis import MOST_SLOTS, Step, slot_of, slots
from billing_engine.core.counts import count_in_words
from billing_engine.core.money import in_words, whole_in_words

MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class Measure:
    """How values are written: in full, and short on an axis, whose ticks are at least `unit` apart."""

    in_words: Callable[[Decimal], str]
    on_axis: Callable[[Decimal], str]
    unit: Decimal = Decimal(1)


def counts() -> Measure:
    """Whole numbers: `1,234`."""
    return Measure(*(lambda value: count_in_words(int(value)),) * 2)


def money(currency: str) -> Measure:
    """Amounts of one currency: `$1,234.50`, on an axis `$1,200`."""
    return Measure(lambda value: in_words(value, currency), lambda value: whole_in_words(value, currency))


@dataclass(frozen=True, slots=True)
class Point:
    """The value of the day, week or month that contains `day`; with an address, a link to its rows."""

    day: date
    value: Decimal
    address: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """Points under one name and color; slots without a point are gaps."""

    name: str
    role: Role
    points: tuple[Point, ...]
    dashed: bool = False  # as a line: expected, not counted


@dataclass(frozen=True, slots=True)
class Band:
    """The range of a forecast at `day`."""

    day: date
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class TimeChart:
    """Series over days, weeks or months from `first` to `last`, both included; `note` is the figure's definition."""

    title: str
    first: date
    last: date
    step: Step
    measure: Measure
    series: tuple[Series, ...]
    bands: tuple[Band, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        if self.first > self.last or len(self.slots) > MOST_SLOTS:
            raise ValueError(f"A chart has 1 to {MOST_SLOTS} places from {self.first} to {self.last}.")
        for series in self.series:
            if len({slot_of(point.day, self.first, self.step) for point in series.points}) < len(series.points):
                raise ValueError(f"Two points of {series.name} are in one {self.step}.")

    @property
    def slots(self) -> tuple[date, ...]:
        """The first day of each place on the time axis."""
        return slots(self.first, self.last, self.step)

    def by_slot(self, series: Series) -> dict[date, Point]:
        """Return the points of a series by their place; points outside of the range are left out."""
        known = set(self.slots)
        placed = ((slot_of(point.day, self.first, self.step), point) for point in series.points)
        return {slot: point for slot, point in placed if slot in known}


@dataclass(frozen=True, slots=True)
class Bar:
    """A value of a row; with an address, a link to its rows."""

    value: Decimal | None
    address: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A name with one bar per column, and what all of them come to."""

    name: str
    bars: tuple[Bar, ...]
    address: str = ""

    @property
    def total(self) -> Decimal | None:
        """The sum of its bars; None if it has no value at all."""
        values = [bar.value for bar in self.bars if bar.value is not None]
        return sum(values, Decimal(0)) if values else None


@dataclass(frozen=True, slots=True)
class RankChart:
    """Rows in the order given, as horizontal bars stacked by column; `note` is the figure's definition."""

    title: str
    measure: Measure
    columns: tuple[tuple[str, Role], ...]
    rows: tuple[Row, ...]
    note: str = ""

    def __post_init__(self) -> None:
        if len(self.rows) > MOST_ROWS:
            raise ValueError(f"A chart has at most {MOST_ROWS} rows.")
        if any(len(row.bars) != len(self.columns) for row in self.rows):
            raise ValueError("Each row has one bar per column.")
