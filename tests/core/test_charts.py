"""Charts as SVG: whole small ones, and what holds for every one of them."""

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from django.template import Context, Template
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_engine.core.charts.bars import sparkline, stacked_bars
from billing_engine.core.charts.chart import Band, Bar, Point, RankChart, Row, Series, TimeChart, counts, money
from billing_engine.core.charts.drawing import Svg, cut, width_of
from billing_engine.core.charts.lines import lines
from billing_engine.core.charts.picture import picture_of
from billing_engine.core.charts.ranking import ranked_bars
from billing_engine.core.charts.role import LITERAL, Role, shades
from billing_engine.core.charts.summary import as_text, summary
from billing_engine.core.charts.time_axis import Step, labels, slot_of, slots
from billing_engine.core.charts.value_axis import ticks

OCTOBER_30 = date(2026, 10, 30)
HOSTILE = '<b onload="x">&\'Würth'
NUMBERS = re.compile(r"-?\d+(?:\.\d+)?")

amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False)
stacks = st.lists(st.lists(st.none() | amounts, min_size=1, max_size=40), min_size=1, max_size=4)


def over(*values: int | None, name: str = "charged", role: Role = Role.CHARGED, address: str = "") -> Series:
    """A series from October 30, 2026 on, with gaps where a value is None."""
    return Series(
        name,
        role,
        tuple(
            Point(OCTOBER_30 + timedelta(place), Decimal(value), address)
            for place, value in enumerate(values)
            if value is not None
        ),
    )


def by_day(*series: Series, days: int = 3, **more: object) -> TimeChart:
    """A chart of some days from October 30, 2026 on."""
    last = OCTOBER_30 + timedelta(days - 1)
    return replace(TimeChart("Actions by day", OCTOBER_30, last, Step.DAY, counts(), series), **more)  # type: ignore[arg-type]  # any of its fields


def ranked(*rows: Row, columns: tuple[tuple[str, Role], ...] = (("", Role.CHARGED),)) -> RankChart:
    return RankChart("By customer", money("USD"), columns, rows)


def row(name: str, *values: int | None, address: str = "") -> Row:
    return Row(name, tuple(Bar(None if value is None else Decimal(value)) for value in values), address)


def test_a_small_chart_whole():
    chart = by_day(over(2, None, 1, address="/rows?a=1&b=2"), note="By the customer’s day.")

    assert sparkline(chart, width=30, height=12) == (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 12"'
        ' class="chart-drawing chart-small" style="min-width:25.5px;max-width:45px"'
        ' role="group" aria-label="Actions by day" font-family="Inter, \'Noto Sans\', sans-serif" font-size="12">'
        "<title>Actions by day</title><desc>By the customer’s day. October 30, 2026 – November 1, 2026, by day."
        " charged: 3, most 2 (October 30, 2026).</desc>"
        '<a href="/rows?a=1&amp;b=2" aria-label="October 30, 2026: charged 2">'
        '<rect x="1.4" y="1" width="7.2" height="10" class="chart-charged">'
        "<title>October 30, 2026: charged 2</title></rect></a>"
        '<a href="/rows?a=1&amp;b=2" aria-label="November 1, 2026: charged 1">'
        '<rect x="21.4" y="6" width="7.2" height="5" class="chart-charged">'
        "<title>November 1, 2026: charged 1</title></rect></a></svg>"
    )


def test_a_chart_for_an_email_has_its_colors_in_it_and_no_links():
    chart = by_day(over(2, address="/rows"), days=1)

    drawn = sparkline(chart, width=10, height=12, literal=True)

    assert drawn == (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 12" width="10" height="12" role="img"'
        ' aria-label="Actions by day" font-family="Inter, \'Noto Sans\', sans-serif" font-size="12">'
        "<title>Actions by day</title><desc>October 30, 2026, by day. charged: 2, most 2 (October 30, 2026).</desc>"
        '<rect width="10" height="12" fill="#ffffff"/><rect x="1.4" y="1" width="7.2" height="10" fill="#7c3aed">'
        "<title>October 30, 2026: charged 2</title></rect></svg>"
    )


def test_a_gap_has_no_bar_and_zero_has_a_stub():
    drawn = sparkline(by_day(over(0, None, 4)))

    assert [box.get("height") for box in _rects(drawn)] == ["22", "1"]
    assert _rects(sparkline(by_day(over(None, None)))) == []


def test_stacked_bars_of_a_day_stand_on_each_other():
    drawn = stacked_bars(by_day(over(5, 0, 3), over(1, 2, 3, name="excluded", role=Role.EXCLUDED)))

    bars = [box for box in _rects(drawn) if box.get("rx") is None]
    first = [box for box in bars if box.get("x") == bars[0].get("x")]
    below, above = sorted(first, key=lambda box: -Decimal(box.get("y", "")))
    assert Decimal(above.get("y", "")) + Decimal(above.get("height", "")) == Decimal(below.get("y", ""))


def test_the_axes_of_a_chart():
    drawn = stacked_bars(by_day(over(5, 0, 290)))

    assert _texts(drawn) == ["0", "100", "200", "300", "Oct 30", "31", "Nov 1"]
    assert _texts(stacked_bars(by_day(over(5000), measure=money("JPY")))) == [
        *("¥0", "¥2,000", "¥4,000", "¥6,000"),
        *("Oct 30", "31", "Nov 1"),
    ]


def test_more_than_one_series_have_a_legend():
    drawn = stacked_bars(by_day(over(1), over(1, name="unrated", role=Role.UNRATED)))

    assert _texts(drawn)[-2:] == ["charged", "unrated"]


@given(stacks)
@settings(max_examples=60, deadline=None)
def test_bars_add_up_and_nothing_leaves_the_view_box(values: list[list[Decimal | None]]):
    series = tuple(over(*each, name=f"s{place}") for place, each in enumerate(values))  # type: ignore[arg-type]  # any of its fields
    chart = by_day(*series, days=40)

    for drawn in (stacked_bars(chart), sparkline(chart), lines(chart), stacked_bars(chart, width=200, literal=True)):
        _stays_inside(drawn)

    heights = sum(Decimal(box.get("height", "")) for box in _rects(stacked_bars(chart)) if not box.get("rx"))
    whole = sum(abs(value) for each in values for value in each if value)
    frame = stacked_bars(chart)
    marks = [Decimal(line.get("y1", "")) for line in _tree(frame).iter("{http://www.w3.org/2000/svg}line")]
    scale = ticks(_reach(values), Decimal(1))
    drawn_for = (max(marks) - min(marks)) / (scale[-1] - scale[0]) * whole
    assert abs(heights - drawn_for) <= Decimal("0.01") * sum(map(len, values)) + Decimal("0.01")


@given(st.lists(st.lists(st.none() | amounts, min_size=3, max_size=3), max_size=12), st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_ranked_bars_stay_inside_whatever_is_in_them(values: list[list[Decimal | None]], name: str):
    rows = [Row(name, tuple(map(Bar, each))) for each in values]

    _stays_inside(ranked_bars(ranked(*rows, columns=tuple(zip("abc", shades(3), strict=True)))))


def test_all_zero_and_nothing_at_all_are_drawn_too():
    for chart in (by_day(over(0, 0, 0)), by_day(over(None)), by_day()):
        assert [text for text in _texts(stacked_bars(chart)) if text.isdigit()][:2] == ["0", "1"]
    assert _texts(ranked_bars(ranked())) == ["No values."]
    assert _texts(ranked_bars(ranked(row("Ash", 0), row("Birch", None)))) == ["Ash", "$0.00", "Birch", "–"]


def test_names_are_escaped_and_long_ones_cut_with_the_whole_name_on_hover():
    long = "Arbor & Grain Northern Surfaces and Interiors"
    drawn = ranked_bars(ranked(row(HOSTILE, 3), row(long, 2, address='/?q="><script>&'), row("株" * 40, 1)))

    assert [text for text in _texts(drawn) if not text.startswith("$")] == [
        HOSTILE,
        long,  # the title, shown on hover, comes before the text
        "株" * 40,
    ]
    assert "<script>" not in drawn
    assert "<b " not in drawn
    assert re.search(r"</title>Arbor &amp; Grain [A-Za-z ]+…</text>", drawn)
    assert cut(long, Decimal(100)).endswith("…")
    assert width_of(cut(long, Decimal(100))) <= 100


def test_all_others_are_written_and_do_not_dwarf_the_rest():
    others = Row("All others", (Bar(Decimal(1000)),), is_drawn=False)

    (bar,) = _rects(ranked_bars(ranked(row("Ash", 5), others)))

    assert Decimal(bar.get("width", "")) > 300
    assert _texts(ranked_bars(ranked(row("Ash", 5), others))) == ["Ash", "$5.00", "All others", "$1,000.00"]


def test_negative_values_go_down_and_to_the_left():
    up, down = _rects(stacked_bars(by_day(over(5, -5))))
    right, left = _rects(ranked_bars(ranked(row("Ash", 10), row("Birch", -10))))

    assert Decimal(up.get("y", "")) + Decimal(up.get("height", "")) == Decimal(down.get("y", ""))
    assert Decimal(left.get("x", "")) + Decimal(left.get("width", "")) == Decimal(right.get("x", ""))


def test_a_gap_interrupts_a_line_and_a_forecast_is_dashed_over_its_band():
    counted, expected = over(1, 2, None, 4, 5), replace(over(None, None, None, None, 5, 6, 7), dashed=True)
    band = tuple(Band(OCTOBER_30 + timedelta(place), Decimal(4), Decimal(8)) for place in (4, 5, 6))

    drawn = lines(by_day(counted, expected, days=7, bands=band))

    paths = {path.get("class"): path.get("d", "") for path in _tree(drawn).iter("{http://www.w3.org/2000/svg}path")}
    assert {look: (path.count("M"), path.count("L")) for look, path in paths.items()} == {
        "chart-band chart-charged": (1, 5),
        "chart-line chart-charged": (2, 2),
        "chart-dashed chart-charged": (1, 2),
    }


@pytest.mark.parametrize(
    ("values", "unit", "expected"),
    [
        ([263], 1, [0, 100, 200, 300]),
        ([3], 1, [0, 1, 2, 3]),
        ([1], 1, [0, 1]),
        ([], 1, [0, 1]),
        ([-7, 12], 1, [-10, -5, 0, 5, 10, 15]),
        ([-3], 1, [-3, -2, -1, 0]),
        ([10**12], 1, [0, 5 * 10**11, 10**12]),
    ],
)
def test_ticks_are_round_and_hold_every_value(values: list[int], unit: int, expected: list[int]):
    assert list(ticks(map(Decimal, values), Decimal(unit))) == expected


def test_weeks_are_monday_to_sunday_and_the_first_may_be_a_part_of_one():
    found = slots(date(2026, 7, 1), date(2026, 7, 20), Step.WEEK)

    assert found == (date(2026, 7, 1), date(2026, 7, 6), date(2026, 7, 13), date(2026, 7, 20))
    assert slot_of(date(2026, 6, 29), found[0], Step.WEEK) == date(2026, 7, 1)
    assert slot_of(date(2026, 7, 12), found[0], Step.WEEK) == date(2026, 7, 6)


def test_labels_are_thinned_and_name_the_month_where_it_changes():
    days = slots(date(2026, 10, 20), date(2026, 11, 2), Step.DAY)
    year = slots(date(2025, 11, 1), date(2026, 10, 31), Step.DAY)
    months = slots(date(2025, 11, 1), date(2026, 2, 28), Step.MONTH)

    assert list(labels(days, Step.DAY, Decimal(22), Decimal(44)).values()) == [
        *("Oct 20", "22", "24", "26", "28", "30", "Nov 1"),
    ]
    assert list(labels(year, Step.DAY, Decimal("1.5"), Decimal(60)).values()) == [
        *("Nov 2025", "Jan 2026", "Mar", "May", "Jul", "Sep"),
    ]
    assert list(labels(months, Step.MONTH, Decimal(90), Decimal(60)).values()) == ["Nov 2025", "Dec", "Jan 2026", "Feb"]


def test_a_chart_refuses_what_it_cannot_draw_truly():
    with pytest.raises(ValueError, match="Two points of charged are in one month"):
        by_day(over(1, 2), step=Step.MONTH, last=date(2026, 12, 1))
    with pytest.raises(ValueError, match="1 to 800 places"):
        by_day(days=801)
    with pytest.raises(ValueError, match="one bar per column"):
        ranked(row("Ash", 1, 2))


def test_a_chart_in_words():
    time = by_day(over(2, None, 1), over(0, name="unrated", role=Role.UNRATED), note="By the customer’s day.")
    rank = ranked(row("Ash", 3, 4), row("Birch", None, None), columns=(("Jul", Role.SHADE_1), ("Aug", Role.SHADE_2)))

    assert as_text(time).splitlines() == [
        "Actions by day",
        "By the customer’s day.",
        "October 30, 2026: charged 2, unrated 0",
        "October 31, 2026: –",
        "November 1, 2026: charged 1",
    ]
    assert as_text(rank).splitlines() == ["By customer", "Ash: $7.00 (Jul $3.00, Aug $4.00)", "Birch: – (Jul –, Aug –)"]
    assert summary(rank) == "Ash: $7.00; Birch: –."


def test_a_template_writes_a_chart_as_it_is():
    drawn = sparkline(by_day(over(1)))

    assert Template("{{ chart }}").render(Context({"chart": drawn})) == str(drawn)


def test_every_role_has_a_color_and_shades_go_from_light_to_dark():
    assert set(LITERAL) == set(Role)
    for count in range(1, 13):
        chosen = shades(count)
        assert len(chosen) == count
        assert list(chosen) == sorted(chosen)


def test_a_picture_is_a_png_twice_as_large_with_a_margin():
    png = picture_of(stacked_bars(by_day(over(3, 4, 5, name="株式会社")), width=300, height=100, literal=True))

    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
    assert (width, height) == (_on_paper(300), _on_paper(100))


def _on_paper(length: int) -> int:
    """Pixels of 1/96 inch, with 12 points around, at 144 dots per inch."""
    return round((length * 72 / 96 + 24) * 2)


def _reach(values: list[list[Decimal | None]]) -> list[Decimal]:
    days = range(max(map(len, values)))
    stacks = [[each[day] for each in values if day < len(each) and each[day] is not None] for day in days]
    return [
        sum((value for value in stack if value and sign * value > 0), Decimal(0))
        for stack in stacks
        for sign in (1, -1)
    ]


def _stays_inside(drawn: Svg) -> None:
    """Every box, end of a line and point of a path lies in the view box, and every number is one."""
    tree = _tree(drawn)
    _, _, width, height = map(Decimal, tree.get("viewBox", "").split())
    for part in tree.iter():
        name = part.tag.rpartition("}")[2]
        if name == "rect":
            x, y, across, down = (Decimal(part.get(each, "0")) for each in ("x", "y", "width", "height"))
            assert across >= 0
            assert down >= 0
            places = [(x, y), (x + across, y + down)]
        elif name == "line":
            places = [(Decimal(part.get(f"x{end}", "")), Decimal(part.get(f"y{end}", ""))) for end in "12"]
        elif name == "path":
            found = [Decimal(each) for each in NUMBERS.findall(part.get("d", ""))]
            places = list(zip(found[::2], found[1::2], strict=True))
        elif name == "text":
            places = [(Decimal(part.get("x", "")), Decimal(part.get("y", "")))]
        else:
            continue
        slack = Decimal("0.02")
        assert all(-slack <= x <= width + slack and -slack <= y <= height + slack for x, y in places)


def _tree(drawn: Svg) -> ET.Element:
    return ET.fromstring(drawn)


def _rects(drawn: Svg) -> list[ET.Element]:
    return list(_tree(drawn).iter("{http://www.w3.org/2000/svg}rect"))


def _texts(drawn: Svg) -> list[str]:
    """The words, each whole where it was cut."""
    return [next(iter(text.itertext())) for text in _tree(drawn).iter("{http://www.w3.org/2000/svg}text")]
