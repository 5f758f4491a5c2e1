"""What every chart over time has around its figures: ticks, rules, labels of days, a legend."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing_engine.core.charts.chart import TimeChart
from billing_engine.core.charts.drawing import LETTER, LINE, Drawing, width_of
from billing_engine.core.charts.role import Role
from billing_engine.core.charts.time_axis import labels
from billing_engine.core.charts.value_axis import Scale, ticks

WIDTH, HEIGHT = 560, 220
ABOVE = Decimal(8)
BESIDE = Decimal(8)
SWATCH, BETWEEN = Decimal(15), Decimal(16)
HALF = Decimal("0.5")
UP = Decimal("0.35")  # from the middle of a letter to its base line


@dataclass(frozen=True, slots=True)
class Frame:
    """The drawing and where in it a slot and a value lie."""

    drawing: Drawing
    values: Scale
    left: Decimal
    slot: Decimal  # the width of one

    def center(self, place: int) -> Decimal:
        """Return the middle of a slot."""
        return self.left + self.slot * (place + HALF)


def framed(chart: TimeChart, values: Iterable[Decimal], *, width: int, height: int, literal: bool) -> Frame:
    """Draw the axes and the legend of a chart whose figures lie between the lowest and the highest of `values`."""
    marks = ticks(values, chart.measure.unit)
    written = [chart.measure.on_axis(mark) for mark in marks]
    named = [(series.name, series.role) for series in chart.series]
    legend = rows_of(named, Decimal(width)) if len(named) > 1 else []
    drawing = Drawing(Decimal(width), Decimal(height) + (LINE * len(legend) + BESIDE if legend else 0), literal)
    left = max(map(width_of, written)) + BESIDE
    bottom = Decimal(height) - LINE - BESIDE
    scale = Scale(marks[0], marks[-1], bottom, ABOVE)
    frame = Frame(drawing, scale, left, (Decimal(width) - left - BESIDE) / len(chart.slots))
    for mark, text in zip(marks, written, strict=True):
        y = scale.place(mark)
        drawing.rule((left, y), (Decimal(width), y), base=mark == 0)
        drawing.words((left - BESIDE, y + LETTER * UP), text, anchor="end")
    _label(frame, chart, bottom + LINE)
    draw_legend(drawing, legend, Decimal(height) + LETTER)
    return frame


def rows_of(named: Sequence[tuple[str, Role]], width: Decimal) -> list[list[tuple[str, Role]]]:
    """Return the entries of a legend, as many in a row as there is room for."""
    rows: list[list[tuple[str, Role]]] = []
    used = width
    for name, role in named:
        needed = SWATCH + width_of(name) + BETWEEN
        if used + needed > width or not rows:
            rows.append([])
            used = Decimal(0)
        rows[-1].append((name, role))
        used += needed
    return rows


def draw_legend(drawing: Drawing, rows: Sequence[Sequence[tuple[str, Role]]], top: Decimal) -> None:
    """Draw a legend from its first base line down."""
    for line, row in enumerate(rows):
        x, y = Decimal(0), top + LINE * line
        for name, role in row:
            drawing.swatch((x, y - 10), role)
            drawing.words((x + SWATCH, y), name)
            x += SWATCH + width_of(name) + BETWEEN


def _label(frame: Frame, chart: TimeChart, y: Decimal) -> None:
    needed = width_of("May 2026" if chart.step == "month" else "Nov 30") + BESIDE
    for place, text in labels(chart.slots, chart.step, frame.slot, needed).items():
        half = width_of(text) / 2
        middle = min(max(frame.center(place), half), frame.drawing.width - half)
        frame.drawing.words((middle, y), text, anchor="middle")
