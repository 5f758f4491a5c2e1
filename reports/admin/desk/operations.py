"""The desk of Operations: is anything odd in what came in, and which prices are about to change?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.safestring import SafeString

from billing_engine.core.admin_kit.cells import NOTHING, list_of, page_of
from billing_engine.core.calendar.wall_clock import in_words
from billing_engine.core.calendar.wording import age_in_words
from billing_engine.core.charts.bars import sparkline, stacked_bars
from billing_engine.core.charts.chart import Point, Series, TimeChart, counts
from billing_engine.core.charts.drawing import Svg
from billing_engine.core.charts.role import Role
from billing_engine.core.charts.time_axis import Step
from billing_engine.core.counts import count_in_words
from billing_engine.core.models import ApprovalRequest
from leads.models import Channel
from pricing.domain.rule_wording import model_in_words
from pricing.domain.scope.effective import Standing, Zones, standing, zones_of_each
from pricing.models import PriceRule
from reports.admin.desk.explored import between, explored
from reports.admin.desk.outcomes import series_by_outcome
from reports.admin.sources.state import silence_chip
from reports.domain.alerts.silence import Silence
from reports.domain.question.question import Question
from reports.queries.desk.price_changes import PriceChange, price_changes
from reports.queries.desk.received import SHOWN_DAYS, Delivered, delivered, held_by_day
from reports.queries.explore.answer import answer_of

DAY = timedelta(days=1)
DAYS = 14
SOURCES = 7
ODD_SHARE = Decimal("0.05")  # refused, of a source's items
PERCENT = Decimal("0.1")
CHART_WIDTH, CHART_HEIGHT = 340, 270


@dataclass(frozen=True, slots=True)
class Tile:
    """A chart with its heading, its definition, and where its figures open."""

    title: str
    note: str
    means: str
    address: str
    chart: Svg


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source as it delivered in the last days."""

    name: str
    channel: str
    address: str
    age: str
    last: datetime | None
    silent: SafeString | str
    bars: Svg
    items: str
    deliveries: str
    refused: str
    is_odd: bool


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A price about to change."""

    name: str
    address: str
    starts: str
    where: str
    now: str
    new: str
    state: str


def actions_by_day(at: datetime, *, with_held: bool) -> Tile:
    """Return the chart of the last days by outcome; with the actions in quarantine, for those who may see it."""
    last = at.date()
    first = last - DAY * (DAYS - 1)
    days = between(first, last)
    asked = Question(show=("actions",), group=("outcome",), columns="day", days=days)
    series = series_by_outcome(answer_of(asked, at=at), asked, first, last)
    if with_held:
        held, address = held_by_day(first, last), list_of("leads.quarantineditem")
        points = tuple(Point(day, Decimal(actions), address) for day, actions in sorted(held.items()) if actions)
        series.append(Series("quarantined", Role.QUARANTINED, points))
    chart = TimeChart("Actions by day", first, last, Step.DAY, counts(), tuple(series))
    return Tile(
        "Actions by day",
        f"last {DAYS} days",
        "By the day on which they occurred in each customer’s time zone. Quarantined: still waiting."
        if with_held
        else "By the day on which they occurred in each customer’s time zone.",
        explored(asked),
        stacked_bars(chart, width=CHART_WIDTH, height=CHART_HEIGHT),
    )


def source_rows(at: datetime, silences: Iterable[Silence]) -> tuple[list[SourceRow], int]:
    """Return the sources with the most items of the last days, silent ones first, and how many there are."""
    today = at.date()
    found = delivered(at, silences)
    shown = [today - DAY * place for place in reversed(range(SHOWN_DAYS))]
    found.sort(key=lambda one: (one.silence is None, -sum(one.items.get(day, 0) for day in shown)))
    return [_source_row(one, shown, at) for one in found[:SOURCES]], len(found)


def _source_row(one: Delivered, days: list[date], at: datetime) -> SourceRow:
    items = sum(one.items.get(day, 0) for day in days)
    refused = sum(one.refused.get(day, 0) for day in days)
    return SourceRow(
        one.source.name,
        Channel(one.channel).label if one.channel else "",
        page_of("leads.source", one.source.pk),
        f"{age_in_words(at - one.last)} ago" if one.last else "never",
        one.last,
        silence_chip(one.silence, at=at) if one.silence else "",
        _by_day(one, days),
        count_in_words(items),
        list_of("leads.delivery", source__id__exact=one.source.pk),
        _percent(refused, items),
        is_odd=bool(items) and Decimal(refused) / items > ODD_SHARE,
    )


def _by_day(one: Delivered, days: list[date]) -> Svg:
    stored = tuple(Point(day, Decimal(one.items.get(day, 0) - one.refused.get(day, 0))) for day in days)
    refused = tuple(Point(day, Decimal(one.refused.get(day, 0))) for day in days)
    series = (Series("accepted", Role.CHARGED, stored), Series("refused", Role.QUARANTINED, refused))
    return sparkline(TimeChart(f"{one.source.name}, items by day", days[0], days[-1], Step.DAY, counts(), series))


def _percent(part: int, whole: int) -> str:
    if not part or not whole:
        return "0%" if whole else NOTHING
    return f"{percent}%" if (percent := (Decimal(part) * 100 / whole).quantize(PERCENT)) else f"< {PERCENT}%"


def price_rows(at: datetime) -> tuple[list[PriceRow], int]:
    """Return the next changes of prices, and how many there are in all."""
    changes, count = price_changes(at)
    zones = zones_of_each([change.rule for change in changes])
    return [_price_row(change, at, zones[change.rule.pk]) for change in changes], count


def _price_row(change: PriceChange, at: datetime, zones: Zones) -> PriceRow:
    rule = change.rule
    is_one = rule.customer_id or rule.product_id
    return PriceRow(
        rule.name,
        page_of("pricing.pricerule", rule.pk),
        in_words(rule.wall_from),
        next(iter(zones)).key.rpartition("/")[2].replace("_", " ") if is_one else "each customer’s time zone",
        model_in_words(change.replaces) if change.replaces else NOTHING,
        model_in_words(rule),
        _state(change, at, zones),
    )


def _state(change: PriceChange, at: datetime, zones: Zones) -> str:
    """`Scheduled`; where a draft's request for approval stands: `Draft, sent back`."""
    if change.rule.state == PriceRule.State.ACTIVE:
        return "Scheduled" if standing(change.rule, at=at, zones=zones) is Standing.TO_COME else "Active"
    shown = (ApprovalRequest.State.WAITING, ApprovalRequest.State.SENT_BACK)
    request = change.request
    asked = f", {request.get_state_display().lower()}" if request and request.state in shown else ""
    return f"{change.rule.get_state_display()}{asked}"
