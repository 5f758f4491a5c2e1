"""Horizontal bars, one per row, stacked by column, with the row's name before and its total behind."""

from decimal import Decimal

from billing_engine.core.charts.chart import RankChart, Row
from billing_engine.core.charts.drawing import LETTER, LINE, Drawing, Svg, cut, width_of
from billing_engine.core.charts.frame import BESIDE, UP, WIDTH, draw_legend, rows_of
from billing_engine.core.charts.summary import ABSENT, summary
from billing_engine.core.charts.value_axis import Scale

ZERO = Decimal(0)
ROW, THICK = Decimal(28), Decimal(14)
NAMES = Decimal("0.32")  # of the width, at most


def ranked_bars(chart: RankChart, *, width: int = WIDTH, literal: bool = False) -> Svg:
    """Draw the rows from top to bottom; `width` is also the least width at which a page shows it."""
    legend = rows_of(chart.columns, Decimal(width)) if len(chart.columns) > 1 else []
    top = LINE * len(legend) + (BESIDE if legend else 0)
    drawing = Drawing(Decimal(width), top + ROW * max(len(chart.rows), 1), literal)
    draw_legend(drawing, legend, LETTER)
    if not chart.rows:
        drawing.words((ZERO, top + LINE), "No values.")
    names, totals = _margins(chart, Decimal(width))
    low, high = _reach(chart)
    scale = Scale(low, high, names, Decimal(width) - totals)
    for place, row in enumerate(chart.rows):
        _draw(chart, row, drawing, scale, top + ROW * place)
    if low < 0:
        zero = scale.place(ZERO)
        drawing.rule((zero, top), (zero, drawing.height), base=True)
    return drawing.finished(chart.title, summary(chart))


def _draw(chart: RankChart, row: Row, drawing: Drawing, scale: Scale, top: Decimal) -> None:
    base = top + ROW / 2 + LETTER * UP
    name = cut(row.name, scale.start - BESIDE)
    whole = row.name if name != row.name else ""
    drawing.words((ZERO, base), name, look="text", whole=whole, address=row.address)
    up = down = ZERO
    for (column, role), bar in zip(chart.columns, row.bars, strict=True):
        if not bar.value:
            continue
        before = up if bar.value > 0 else down
        after = before + bar.value
        up, down = (after, down) if bar.value > 0 else (up, after)
        ends = sorted((scale.place(before), scale.place(after)))
        title = f"{row.name}: {f'{column} ' if column else ''}{chart.measure.in_words(bar.value)}"
        box = (ends[0], top + (ROW - THICK) / 2, ends[1] - ends[0], THICK)
        drawing.bar(box, role, title=title, address=bar.address)
    drawing.words((drawing.width, base), _total(chart, row), look="text", anchor="end")


def _margins(chart: RankChart, width: Decimal) -> tuple[Decimal, Decimal]:
    """Return the room for names, before the bars, and for totals, behind them."""
    names = max((width_of(row.name) for row in chart.rows), default=ZERO)
    totals = max((width_of(_total(chart, row)) for row in chart.rows), default=ZERO)
    return min(names, width * NAMES) + BESIDE, min(totals, width * NAMES) + BESIDE


def _reach(chart: RankChart) -> tuple[Decimal, Decimal]:
    """Return how far the bars reach to both sides of zero."""
    values = [[bar.value for bar in row.bars if bar.value] for row in chart.rows]
    low = min((sum((value for value in each if value < 0), ZERO) for each in values), default=ZERO)
    high = max((sum((value for value in each if value > 0), ZERO) for each in values), default=ZERO)
    return low, high if high > low else low + 1


def _total(chart: RankChart, row: Row) -> str:
    return ABSENT if row.total is None else chart.measure.in_words(row.total)
