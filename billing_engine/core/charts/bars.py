"""Bars over time: stacked by series up from zero, what is negative down from it; and small ones for a table cell."""

from datetime import date
from decimal import Decimal

from billing_engine.core.charts.chart import TimeChart
from billing_engine.core.charts.drawing import Drawing, Svg
from billing_engine.core.charts.frame import HEIGHT, WIDTH, Frame, framed
from billing_engine.core.charts.role import Role
from billing_engine.core.charts.summary import summary
from billing_engine.core.charts.time_axis import slot_in_words
from billing_engine.core.charts.value_axis import Scale

ZERO = Decimal(0)
SHARE = Decimal("0.72")  # of a slot that its bar covers
WIDEST = Decimal(48)
SMALL_WIDTH, SMALL_HEIGHT = 88, 24


def stacked_bars(chart: TimeChart, *, width: int = WIDTH, height: int = HEIGHT, literal: bool = False) -> Svg:
    """Draw one bar per slot; a page shows it at about this `width`."""
    frame = framed(chart, _extremes(chart), width=width, height=height, literal=literal)
    _stack(chart, frame)
    return frame.drawing.finished(chart.title, summary(chart))


def sparkline(chart: TimeChart, *, width: int = SMALL_WIDTH, height: int = SMALL_HEIGHT, literal: bool = False) -> Svg:
    """Draw the bars alone; a slot whose values are all zero has a short stub, a gap has none."""
    drawing = Drawing(Decimal(width), Decimal(height), literal, look="chart-drawing chart-small")
    extremes = [ZERO, *_extremes(chart)]
    low, high = min(extremes), max(extremes)
    scale = Scale(low, high if high > low else low + 1, Decimal(height) - 1, Decimal(1))
    frame = Frame(drawing, scale, ZERO, Decimal(width) / len(chart.slots))
    _stack(chart, frame)
    values = _values(chart)
    for place, slot in enumerate(chart.slots):
        if values[slot] and not any(values[slot]):
            bar = _bar_width(frame)
            box = (frame.center(place) - bar / 2, scale.place(ZERO), bar, Decimal(1))
            drawing.bar(box, Role.OTHER, title=_title(chart, slot, "", ZERO))
    return drawing.finished(chart.title, summary(chart))


def _stack(chart: TimeChart, frame: Frame) -> None:
    places = {slot: place for place, slot in enumerate(chart.slots)}
    bar = _bar_width(frame)
    above, below = dict.fromkeys(places, ZERO), dict.fromkeys(places, ZERO)
    for series in chart.series:
        for slot, point in chart.by_slot(series).items():
            reached = above if point.value > 0 else below
            before = reached[slot]
            reached[slot] += point.value
            if not point.value:
                continue
            # Between two places of one scale, so that bars on top of each other touch and add up.
            ends = sorted((frame.values.place(before), frame.values.place(reached[slot])))
            box = (frame.center(places[slot]) - bar / 2, ends[0], bar, ends[1] - ends[0])
            frame.drawing.bar(
                box, series.role, title=_title(chart, slot, series.name, point.value), address=point.address
            )


def _extremes(chart: TimeChart) -> list[Decimal]:
    """Return how far up and down each stack reaches."""
    stacks = _values(chart).values()
    return [
        sum(values, ZERO)
        for stack in stacks
        for values in ([value for value in stack if value > 0], [value for value in stack if value < 0])
    ]


def _values(chart: TimeChart) -> dict[date, list[Decimal]]:
    found: dict[date, list[Decimal]] = {slot: [] for slot in chart.slots}
    for series in chart.series:
        for slot, point in chart.by_slot(series).items():
            found[slot].append(point.value)
    return found


def _bar_width(frame: Frame) -> Decimal:
    return min(frame.slot * SHARE, WIDEST)


def _title(chart: TimeChart, slot: date, name: str, value: Decimal) -> str:
    named = f"{name} " if name else ""
    return f"{slot_in_words(slot, chart.step)}: {named}{chart.measure.in_words(value)}"
