"""What a chart says, in words: short for its description, and in full for the text of an email."""

from collections.abc import Iterator
from decimal import Decimal

from billing_engine.core.calendar.wording import days_in_words
from billing_engine.core.charts.chart import RankChart, Series, TimeChart
from billing_engine.core.charts.time_axis import slot_in_words

NAMED_ROWS = 3
ABSENT = "–"


def summary(chart: TimeChart | RankChart) -> str:
    """Return the description of a chart: its range, and the sum and the highest place of each series."""
    parts = _time_parts(chart) if isinstance(chart, TimeChart) else _rank_parts(chart)
    return " ".join(part for part in (chart.note, *parts) if part)


def as_text(chart: TimeChart | RankChart) -> str:
    """Return every figure of a chart, one line per place or row."""
    lines = _time_lines(chart) if isinstance(chart, TimeChart) else _rank_lines(chart)
    return "\n".join((chart.title, *([chart.note] if chart.note else []), *lines))


def _time_parts(chart: TimeChart) -> Iterator[str]:
    yield f"{days_in_words(chart.first, chart.last)}, by {chart.step}."
    for series in chart.series:
        yield _peak(chart, series)


def _peak(chart: TimeChart, series: Series) -> str:
    found = chart.by_slot(series)
    if not found:
        return f"{series.name}: no values."
    slot, point = max(found.items(), key=lambda each: (each[1].value, each[0]))
    written = chart.measure.in_words
    whole = sum((each.value for each in found.values()), Decimal(0))
    return f"{series.name}: {written(whole)}, most {written(point.value)} ({slot_in_words(slot, chart.step)})."


def _rank_parts(chart: RankChart) -> Iterator[str]:
    if not chart.rows:
        yield "No values."
        return
    first = "; ".join(f"{row.name}: {_value(chart, row.total)}" for row in chart.rows[:NAMED_ROWS])
    more = len(chart.rows) - NAMED_ROWS
    yield first + (f"; and {more} more." if more > 0 else ".")


def _time_lines(chart: TimeChart) -> Iterator[str]:
    found = [(series.name, chart.by_slot(series)) for series in chart.series]
    for slot in chart.slots:
        values = [f"{name} {chart.measure.in_words(points[slot].value)}" for name, points in found if slot in points]
        yield f"{slot_in_words(slot, chart.step)}: {', '.join(values) or ABSENT}"


def _rank_lines(chart: RankChart) -> Iterator[str]:
    names = [name for name, _ in chart.columns]
    for row in chart.rows:
        values = [f"{name} {_value(chart, bar.value)}" for name, bar in zip(names, row.bars, strict=True)]
        yield f"{row.name}: {_value(chart, row.total)}" + (f" ({', '.join(values)})" if len(values) > 1 else "")


def _value(chart: RankChart, value: Decimal | None) -> str:
    return ABSENT if value is None else chart.measure.in_words(value)
