"""The ranking of sources or channels: what arrived, and what the leads were worth, each beside its own past."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from billing_engine.core.money import in_words
from billing_engine.core.read_replica import freshness, from_copy
from reports.admin.sources.asked import OTHER, RANGES, Asked, seen_by
from reports.admin.sources.cells import (
    PARTS_NOTE,
    first_charge_column,
    name_column,
    rank_cell,
    received_columns,
    worth_columns,
)
from reports.admin.sources.table import Cell, Column, Table, heads, in_order
from reports.domain.question.faults import BadQuestion
from reports.queries.freshness import freshness_in_words
from reports.queries.source_quality.groups import GROUPS, SOURCE
from reports.queries.source_quality.latency import LATEST
from reports.queries.source_quality.quality import Quality, quality_of, ranks
from reports.queries.source_quality.received import Received
from reports.queries.source_quality.worth import by_currency

TEMPLATE = "reports/sources.html"
SORTS = (
    *("source", "deliveries", "items", "stored", "duplicates", "refused", "latency", "first", "last"),
    *("leads", "actions", "charged", "excluded", "amount", "per_lead", "disputed", "credited"),
)
ARRIVED = (
    "By UTC day of receipt. An item is a lead or an action. Refused items are in conflict with what is stored, or"
    " quarantined. To receipt: the time from occurred to received, the median and what 95% stay below, of the actions in"
    " each source’s newest deliveries, at most {latest}. Beside each share is that of {before}."
)
FIRST = (
    " To first charge: the time from a lead’s receipt to its first action that was charged more than zero, of the leads whose"
    " first one is in the same deliveries; an action that came with its lead took no time."
)
WORTH = (
    "By each customer’s own days: leads by receipt, actions by occurrence. Per lead = amount charged ÷ leads received,"
    " before tax, minimums and credits, without test leads. Charged means more than {zero}; actions that are neither charged"
    " nor excluded are included at no charge or unrated. Before and the former rank are of {before}."
)


@needs("leads.view_source")
@from_copy
def ranking_page(request: HttpRequest) -> HttpResponse:
    """Show all sources or channels in the range of days that the address holds."""
    page: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Source quality",
        "freshness": freshness_in_words(freshness()),
        "ranges": RANGES,
        "groups": GROUPS.items(),
    }
    try:
        asked = Asked.of(request, sorts=SORTS)
    except BadQuestion as refusal:
        refused = {"refusal": str(refusal), "chosen": OTHER, "by": SOURCE}
        return TemplateResponse(request, TEMPLATE, page | refused, status=refusal.http_status)
    sees = seen_by(request)
    found = quality_of(asked.days, by=asked.by, sees=sees)
    currencies = by_currency(worth for each in found for worth in each.worth.values())
    tables = [arrived(found, asked, with_charges=sees.worth)] if sees.received else []
    tables += [worth(found, asked, currency, disputes=sees.disputes) for currency in currencies]
    is_empty = not any(each.received.deliveries or each.worth for each in found)
    shown = {"tables": tables, "is_empty": is_empty, "sees_nothing": not (sees.received or sees.worth)}
    return TemplateResponse(request, TEMPLATE, page | asked.as_form | shown)


def arrived(found: list[Quality], asked: Asked, *, with_charges: bool) -> Table:
    """What arrived from each, and in total; for those who see charges, with how soon leads bring one."""
    *columns, last = [name_column(asked.days, asked.by), *received_columns(asked.days)]
    columns += [first_charge_column(), last] if with_charges else [last]
    note = ARRIVED.format(latest=LATEST, before=asked.before_in_words) + FIRST * with_charges
    whole = sum((each.received for each in found), Received())
    before = sum((each.before for each in found), Received())
    total = Quality("", "Total", None, whole, before)
    return Table(
        title="What arrived",
        note=note,
        heads=heads(columns, asked),
        rows=[[column.cell(each) for column in columns] for each in in_order(found, columns, asked)],
        total=[Cell("Total"), *(_of_all(column, total) for column in columns[1:])],
    )


def worth(found: list[Quality], asked: Asked, currency: str, *, disputes: bool) -> Table:
    """What the leads of each were worth in one currency, by rank."""
    shown = [each for each in found if currency in each.worth or currency in each.worth_before]
    rank = ranks([(each.key, each.worth.get(currency)) for each in shown])
    before = ranks([(each.key, each.worth_before.get(currency)) for each in shown])
    columns: list[Column[Quality]] = [
        name_column(asked.days, asked.by),
        *worth_columns(asked.days, currency, disputes=disputes),
        Column("rank", "Rank", lambda each: rank_cell(rank.get(each.key), before.get(each.key))),
    ]
    ranked = sorted(shown, key=lambda each: (rank.get(each.key, len(shown) + 1), each.name.casefold()))
    total = Quality("", "Total", None)
    total.worth = by_currency(each.worth[currency] for each in shown if currency in each.worth)
    total.worth_before = by_currency(each.worth_before[currency] for each in shown if currency in each.worth_before)
    return Table(
        title=f"What the leads were worth, {currency}",
        note=WORTH.format(zero=in_words(Decimal(0), currency), before=asked.before_in_words) + PARTS_NOTE * disputes,
        heads=heads(columns, asked),
        rows=[[column.cell(each) for column in columns] for each in in_order(ranked, columns, asked)],
        total=[Cell(f"Total, {currency}"), *(_of_all(column, total) for column in columns[1:-1]), Cell("")],
    )


def _of_all(column: Column[Quality], total: Quality) -> Cell:
    """A figure of the total; there is no list of the rows of all, and no last delivery or latency."""
    if column.key in ("last", "latency", "first"):
        return Cell("")
    cell = column.cell(total)
    return Cell(cell.words, more=cell.more, hint=cell.hint)


page_at("reports/sources/", ranking_page, name="reports_sources")
in_menu("Leads", 25, Item("Source quality", "leaderboard", "admin:reports_sources", "leads.view_source"))
