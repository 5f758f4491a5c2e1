"""Where the money of one currency comes from: by month, by customer, product and source, and what moved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wording import days_in_words
from billing_engine.core.charts.bars import stacked_bars
from billing_engine.core.charts.chart import Bar, Measure, Point, RankChart, Row, Series, TimeChart, money
from billing_engine.core.charts.ranking import ranked_bars
from billing_engine.core.charts.role import Role
from billing_engine.core.charts.time_axis import Step
from billing_engine.core.counts import count_in_words
from billing_engine.core.money import in_words, rounded, whole_in_words
from reports.admin.desk.explored import between, explored
from reports.admin.desk.operations import Tile
from reports.domain.question.days import Days
from reports.domain.question.question import Question
from reports.queries.desk.revenue import by_customers, by_month, changes, of_month
from reports.queries.explore.names import names_of

DAY = timedelta(days=1)
MONTHS, MOST, MOVERS = 12, 5, 7
WIDE, NARROW = 376, 264
OTHERS = "All others"
MEANS = (
    "Exact charges of each month’s billing periods with their late activity, before line rounding, minimums and tax."
)
BY_DAY = "Exact charges before line rounding, minimums and tax, by the day of occurrence in each customer’s time zone."
RANKED = (("customer", "Top customers"), ("product", "Top products"), ("source", "Top sources"))


@dataclass(frozen=True, slots=True)
class Window:
    """Whole days of this month, and the same days of the month before; on a first day, the two months before."""

    first: date
    last: date
    first_before: date
    last_before: date

    @classmethod
    def on(cls, today: date) -> "Window":
        """Return the window up to yesterday."""
        month = Month.of_day(today - DAY)
        before = month.previous()
        last = today - DAY
        same = before.last if last == month.last else min(before.first + DAY * (last.day - 1), before.last)
        return cls(month.first, last, before.first, same)


def trends(at: datetime, chosen: str) -> dict[str, Any] | None:
    """Return the charts of the chosen currency, or of the one that most customers have; None without revenue."""
    month = Month.of_day(at.date())
    revenue = by_month(_months_ago(month), month)
    if not revenue:
        return None
    currencies = [currency for currency in by_customers() if currency in revenue]
    currency = chosen if chosen in revenue else currencies[0]
    return {
        "currency": currency,
        "currencies": currencies,
        "revenue": _by_month(revenue[currency], currency, month),
        "ranked": _tops(month, currency),
        "means": BY_DAY,
        "movers": _movers(Window.on(at.date()), currency),
    }


def _months_ago(month: Month) -> Month:
    for _ in range(MONTHS - 1):
        month = month.previous()
    return month


def _by_month(amounts: Mapping[date, Decimal], currency: str, last: Month) -> Tile:
    points = tuple(
        Point(month, rounded(amount, currency), explored(_billed_with(Month.of_day(month))))
        for month, amount in amounts.items()
    )
    chart = TimeChart(
        f"Revenue by month, {currency}",
        *(_months_ago(last).first, last.last),
        Step.MONTH,
        money(currency),
        (Series("Revenue", Role.CHARGED, points),),
        note=MEANS,
    )
    asked = Question(show=("amount",), group=("period",), days=between(_months_ago(last).first, last.last))
    return Tile("Revenue by month", currency, MEANS, explored(asked), stacked_bars(chart, width=WIDE))


def _billed_with(month: Month) -> Question:
    """Return the question about a month's billing periods, whenever their activity occurred."""
    return Question(show=("amount",), days=Days("all")).with_filter("period", str(month))


def _tops(month: Month, currency: str) -> list[Tile]:
    """Return the largest of this month, each with all others in one row, so that the rows add up to the total."""
    found = of_month(month, currency, most=MOST)
    tiles = []
    for dimension, title in RANKED:
        ranked = found[dimension]
        asked = Question(show=("amount",), group=(dimension,), days=between(month.first, month.last))
        names = names_of(dimension, [key for key, _ in ranked.largest])
        rows = [
            Row(
                names[key].words,
                (Bar(rounded(amount, currency), explored(asked.with_filter(dimension, names[key].value))),),
            )
            for key, amount in ranked.largest
        ]
        if ranked.others:
            rest = Bar(rounded(ranked.rest, currency))
            rows.append(Row(f"{OTHERS} ({count_in_words(ranked.others)})", (rest,), is_drawn=False))
        chart = RankChart(f"{title}, {currency}", money(currency), (("", Role.CHARGED),), tuple(rows))
        drawn = ranked_bars(chart, width=NARROW)
        tiles.append(Tile(title, "this month", BY_DAY, explored(asked), drawn))
    return tiles


def _movers(window: Window, currency: str) -> dict[str, Any]:
    """Return the customers whose amount changed most against the same days of the month before."""
    days, before = (window.first, window.last), (window.first_before, window.last_before)
    found = changes(days, before, currency, most=MOVERS)
    names = names_of("customer", [key for key, _ in found])
    now, earlier = (Question(show=("amount",), days=between(*each)) for each in (days, before))
    rows = tuple(
        Row(
            names[key].words, (Bar(rounded(change, currency), explored(now.with_filter("customer", names[key].value))),)
        )
        for key, change in found
    )
    chart = RankChart(f"Top movers, {currency}", _signed(currency), (("", Role.CHARGED),), rows)
    return {
        "chart": ranked_bars(chart, width=WIDE),
        "now": days_in_words(*days),
        "now_address": explored(now),
        "before": days_in_words(*before),
        "before_address": explored(earlier),
    }


def _signed(currency: str) -> Measure:
    def signed(amount: Decimal) -> str:
        return f"{'+' if amount > 0 else '−' if amount < 0 else ''}{in_words(abs(amount), currency)}"

    return Measure(signed, lambda amount: whole_in_words(amount, currency))
