"""Lines over time, for long series and for forecasts with their range; a gap interrupts a line."""

from collections.abc import Iterator
from decimal import Decimal

from billing_engine.core.charts.chart import Band, TimeChart
from billing_engine.core.charts.drawing import Svg, number
from billing_engine.core.charts.frame import HEIGHT, WIDTH, Frame, framed
from billing_engine.core.charts.role import Role
from billing_engine.core.charts.summary import summary
from billing_engine.core.charts.time_axis import slot_of

Place = tuple[Decimal, Decimal]
DOT = Decimal("0.01")  # the length of a line of one point: its round ends make a dot of it


def lines(chart: TimeChart, *, width: int = WIDTH, height: int = HEIGHT, literal: bool = False) -> Svg:
    """Draw one line per series, over the band of a forecast if there is one."""
    points = [point.value for series in chart.series for point in chart.by_slot(series).values()]
    ends = [end for band in chart.bands for end in (band.low, band.high)]
    frame = framed(chart, [*points, *ends], width=width, height=height, literal=literal)
    places = {slot: place for place, slot in enumerate(chart.slots)}
    if chart.bands:
        _draw_band(chart, frame, {slot_of(band.day, chart.first, chart.step): band for band in chart.bands})
    for series in chart.series:
        found = {places[slot]: frame.values.place(point.value) for slot, point in chart.by_slot(series).items()}
        path = " ".join(_path(stretch) for stretch in _stretches(frame, found))
        if path:
            frame.drawing.shape(path, series.role, kind="dashed" if series.dashed else "line")
    return frame.drawing.finished(chart.title, summary(chart))


def _stretches(frame: Frame, found: dict[int, Decimal]) -> Iterator[list[Place]]:
    """Yield the points of each part of a line without a gap."""
    stretch: list[Place] = []
    for place in sorted(found):
        if stretch and place - 1 not in found:
            yield stretch
            stretch = []
        stretch.append((frame.center(place), found[place]))
    if stretch:
        yield stretch


def _draw_band(chart: TimeChart, frame: Frame, bands: dict[object, Band]) -> None:
    inside = [(frame.center(place), bands[slot]) for place, slot in enumerate(chart.slots) if slot in bands]
    if not inside:
        return
    over = [(x, frame.values.place(band.high)) for x, band in inside]
    under = [(x, frame.values.place(band.low)) for x, band in reversed(inside)]
    frame.drawing.shape(
        f"{_path([*over, *under])} Z", chart.series[0].role if chart.series else Role.OTHER, kind="band"
    )


def _path(places: list[Place]) -> str:
    if len(places) == 1:
        places = [places[0], (places[0][0] + DOT, places[0][1])]
    return "M" + " L".join(f"{number(x)},{number(y)}" for x, y in places)
