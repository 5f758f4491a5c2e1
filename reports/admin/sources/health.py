"""The health and worth of one source, as a page of its own and as a section of the source's page."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.menu import page_at
from billing_engine.core.calendar.instants import instant_in_words
from billing_engine.core.charts.bars import stacked_bars
from billing_engine.core.charts.chart import Point, Series, TimeChart, counts
from billing_engine.core.charts.drawing import Svg
from billing_engine.core.charts.role import Role
from billing_engine.core.charts.time_axis import Step
from billing_engine.core.read_replica import freshness, from_copy
from leads.admin.sources import SourceAdmin
from leads.domain.access.contacts import may_fix_items
from leads.models import Source
from reports.admin.sources import rows
from reports.admin.sources.asked import OTHER, RANGES, Asked, seen_by
from reports.admin.sources.cells import duplicates_cell, latency_cell, refused_cell
from reports.admin.sources.of_customers import not_charged, of_customers, rank_in_words
from reports.admin.sources.state import chips_of
from reports.admin.sources.table import Cell, counted, duration
from reports.domain.alerts.silence import silent_sources
from reports.domain.question.faults import BadQuestion
from reports.queries.freshness import freshness_in_words
from reports.queries.source_quality.days import Days
from reports.queries.source_quality.health import Health, health_of
from reports.queries.source_quality.quality import Quality
from reports.queries.source_quality.received import Received, received_by_day

NARROW = 440  # beside why items were refused
TEMPLATE = "reports/source.html"
SERIES = (
    ("Stored", Role.CHARGED, "stored"),
    ("Duplicate", Role.EXCLUDED, "duplicate"),
    ("Refused", Role.QUARANTINED, "refused"),
)


@needs("leads.view_source")
@from_copy
def source_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show one source in the range of days that the address holds."""
    source = get_object_or_404(Source, code=code)
    page: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": f"Health and worth of {source}",
        "source": source,
        "settings": reverse("admin:leads_source_change", args=[source.pk]),
        "freshness": freshness_in_words(freshness()),
        "ranges": RANGES,
    }
    try:
        asked = Asked.of(request)
    except BadQuestion as refusal:
        refused = {"refusal": str(refusal), "chosen": OTHER}
        return TemplateResponse(request, TEMPLATE, page | refused, status=refusal.http_status)
    sees = seen_by(request)
    health = health_of(source, asked.days, sees=sees)
    quality = health.quality
    if sees.received:
        at = now()
        silence = next(iter(silent_sources([source.pk], at=at)), None)
        page |= {"strip": strip_of(quality, asked, at=at), "chart": chart_of(health, asked.days)}
        if sees.worth:
            page["strip"].append(("Lead to first charge", latency_cell(quality.first_charge, "lead")))
        page["chips"] = chips_of(source, quality, silence, at=at)
        page["is_new"] = quality.last_delivery is None
        page["today"] = today_of(quality, asked.days, today=at.date())
    if sees.refusals:
        page["refusals"] = refusals_of(quality, asked.days, may_fix=may_fix_items(request.user))
    if sees.worth:
        page |= {
            "worth": of_customers(health, asked, disputes=sees.disputes),
            "reasons": not_charged(quality, asked.days),
            "ranks": rank_in_words(health),
            "explorer": rows.explored(quality, asked.days, show="leads,actions,amount,per_lead"),
        }
    page["sees_nothing"] = not (sees.received or sees.worth)
    return TemplateResponse(request, TEMPLATE, page | asked.as_form)


def strip_of(quality: Quality, asked: Asked, *, at: datetime) -> list[tuple[str, Cell]]:
    """The key figures of what arrived."""
    received, last = quality.received, quality.last_delivery
    deliveries = f"{received.deliveries:,} deliver{'y' if received.deliveries == 1 else 'ies'}"
    return [
        (
            "Last delivery",
            Cell(f"{duration(Decimal((at - last).total_seconds()))} ago", more=instant_in_words(last, UTC))
            if last
            else Cell("Never"),
        ),
        ("Items", counted(received.items, rows.deliveries(quality, asked.days), more=deliveries)),
        ("Refused", refused_cell(quality, asked.days)),
        ("Duplicates", duplicates_cell(quality, asked.days)),
        ("Occurred to received", latency_cell(quality.latency)),
    ]


def today_of(quality: Quality, days: Days, *, today: date) -> list[Cell]:
    """What arrived since midnight UTC and how much of it was refused, if the range ends before."""
    if quality.source is None or today in days:
        return []
    so_far = Days(today, today)
    received = received_by_day(quality.source.pk, so_far).get(today, Received())
    refused = rows.refused(quality, so_far)
    return [
        counted(received.items, rows.deliveries(quality, so_far)),
        counted(received.refused, refused, tone="orange"),
    ]


def chart_of(health: Health, days: Days) -> Svg:
    """Items by UTC day of receipt."""
    series = tuple(
        Series(
            name,
            role,
            tuple(Point(day, Decimal(getattr(received, part))) for day, received in sorted(health.by_day.items())),
        )
        for name, role, part in SERIES
    )
    chart = TimeChart("Items by day received", days.first, days.last, Step.DAY, counts(), series, note="UTC days.")
    return stacked_bars(chart, width=NARROW)


def refusals_of(quality: Quality, days: Days, *, may_fix: bool) -> list[dict[str, Any]]:
    """Why items were refused, most first, each with its latest item and the button that fixes or lists those that wait."""
    return [
        {
            "code": one.code,
            "message": one.message,
            "latest": reverse("admin:leads_quarantineditem_change", args=[one.latest]),
            "items": counted(one.items, rows.refused(quality, days, code=one.code)),
            "waiting": one.waiting,
            "fix": reverse("admin:leads_quarantineditem_fix", args=[one.to_fix]) if may_fix and one.to_fix else "",
            "these": rows.refused(quality, days, code=one.code, state="unsettled"),
        }
        for one in quality.refusals
    ]


def _section(source: Source) -> SafeString:
    """The page of the source, fetched when the section is shown; without a script a link to it."""
    address = reverse("admin:reports_source", args=[source.code])
    return format_html(
        '<div id="source-section" class="lb-wide" hx-get="{}" hx-trigger="load" hx-select="#source-figures"'
        ' hx-swap="innerHTML">'
        '<a class="text-link" href="{}">Health and worth of {}</a></div>'
        '<p class="source-way"><a class="text-link" href="{}">Choose other days</a></p>',
        address,
        address,
        source,
        address,
    )


page_at("reports/sources/<str:code>/", source_page, name="reports_source")
SourceAdmin.extend_section("Health and worth, last 30 days", {"health": column(_section, title="figures")}, after=None)
