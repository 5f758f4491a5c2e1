"""The ranking of sources or channels: what arrived, and what the leads were worth, each beside its own past."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from billing_engine.core.calendar.instants import NOTHING, instant_in_words, UTC
from billing_engine.core.calendar.wording import named_in_words
from billing_engine.core.money import in_words
from billing_engine.core.read_replica import freshness, from_copy
from pricing.wording.decision import reason_in_words
from reports.admin.freshness import freshness_in_words
from reports.admin.sources import rows
from reports.admin.sources.table import Cell, Column, Table, counted, duration, heads, in_order, percent, sort_of
from reports.domain.question.days import NAMED
from reports.domain.question.faults import BadQuestion
from reports.queries.source_quality.days import Days
from reports.queries.source_quality.groups import GROUPS, SOURCE
from reports.queries.source_quality.quality import Figures, Quality, quality_of, ranks
from reports.queries.source_quality.received import Received
from reports.queries.source_quality.worth import Worth, by_currency

PAGE = "admin:reports_sources"
USUAL_DAYS = "last_30_days"
RECEIVED_SORTS = ("source", "deliveries", "items", "stored", "duplicates", "refused", "latency", "last")
WORTH_SORTS = ("source", "leads", "actions", "charged", "excluded", "amount", "per_lead")
ARRIVED = (
    "By UTC day of receipt. An item is a lead or an action. Refused: in conflict with what is stored, or quarantined;"
    " the smaller figure is that of the {count} before. Occurred to received: median, and 95% below, of the actions"
    " of the newest {latest} deliveries of each source."
)
WORTH = (
    "By the customer’s day: leads by receipt, actions and amounts by occurrence. Per lead is the amount charged ÷ leads"
    " received, before tax, minimums and credits; test leads don’t count. Charged: actions above {zero}; what is neither"
    " charged nor excluded was included at no charge or is unrated. Before: the {count} before."
)


def figures_for(request: HttpRequest) -> Figures:
    """What this person may see."""
    may = request.user.has_perm
    return Figures(
        received=may("leads.view_delivery"),
        refusals=may("leads.view_delivery") and may("leads.view_quarantineditem"),
        worth=may("pricing.view_charge"),
    )


def days_of(request: HttpRequest) -> Days:
    """The days that the address asks for: a range, or its two ends from the form. Raises BadQuestion."""
    asked = request.GET.get("days", "")
    if asked == "other":
        asked = f"{request.GET.get('from', '')}..{request.GET.get('to', '')}"
    return Days.read(asked or USUAL_DAYS, today=now().date())


@needs("leads.view_source")
@from_copy
def ranking_page(request: HttpRequest) -> HttpResponse:
    """Show all sources or channels in the range of days that the address holds."""
    page: dict[str, Any] = {**admin.site.each_context(request), "title": "Source quality"}
    page |= {"freshness": freshness_in_words(freshness()), "ranges": [(key, name) for key, (name, _) in NAMED.items() if key != "all"]}
    asked = request.GET.get("days", "") or USUAL_DAYS
    by = request.GET.get("by", SOURCE)
    page |= {"chosen": asked if asked in NAMED else "other", "by": by, "groups": GROUPS.items()}
    try:
        if by not in GROUPS:
            raise BadQuestion("by", f"“{by[:40]}” is no grouping. Choose from {', '.join(GROUPS)}.")
        days = days_of(request)
        sort = sort_of(request.GET.get("sort", ""), tuple(dict.fromkeys((*RECEIVED_SORTS, *WORTH_SORTS))))
    except BadQuestion as refusal:
        return TemplateResponse(request, "reports/sources.html", page | {"refusal": str(refusal)}, status=400)
    page |= {"days": days, "days_in_words": named_in_words(days.first, days.last)}
    sees = figures_for(request)
    found = quality_of(days, by=by, sees=sees)

    def address(sorted_by: str) -> str:
        asked_for = {"days": asked if asked in NAMED else str(days), "by": by, "sort": sorted_by}
        return f"?{urlencode(asked_for, safe='.')}"

    tables = [_received(found, days, by, sort, address)] if sees.received else []
    if sees.worth:
        currencies = by_currency(worth for each in found for worth in each.worth.values())
        tables += [_worth(found, currency, days, by, sort, address) for currency in currencies]
    page |= {"tables": tables, "is_empty": not any(each.received.deliveries or each.worth for each in found)}
    return TemplateResponse(request, "reports/sources.html", page)


def count_of(days: Days) -> str:
    """`30 days`, `day`."""
    return "day" if days.count == 1 else f"{days.count} days"


def name_cell(each: Quality, days: Days) -> Cell:
    """The name of a source, which opens its own page in the same range."""
    if each.source is None:
        return Cell(each.name, is_name=True)
    address = f"{reverse('admin:reports_source', args=[each.source.code])}?days={days}"
    return Cell(each.name, address, each.source.code, is_name=True)


def _received(
    found: list[Quality], days: Days, by: str, sort: tuple[str, bool], address: Callable[[str], str]
) -> Table:
    def of(count: Callable[[Received], int]) -> Callable[[Quality], Cell]:
        return lambda each: counted(count(each.received), rows.deliveries(each, days))

    columns = [
        Column[Quality]("source", GROUPS[by], lambda each: each.name.casefold(), lambda each: name_cell(each, days), is_name=True),
        Column("deliveries", "Deliveries", lambda each: each.received.deliveries, of(lambda one: one.deliveries)),
        Column("items", "Items", lambda each: each.received.items, of(lambda one: one.items)),
        Column("stored", "Stored", lambda each: each.received.stored, of(lambda one: one.stored)),
        Column("duplicates", "Duplicates", lambda each: each.received.duplicate_share, lambda each: duplicates_cell(each, days)),
        Column("refused", "Refused", lambda each: each.received.refused_share, lambda each: refused_cell(each, days)),
        Column("latency", "Occurred to received", lambda each: each.latency and each.latency.median, latency_cell),
        Column("last", "Last delivery", lambda each: each.last_delivery, last_cell),
    ]
    whole = sum((each.received for each in found), Received())
    before = sum((each.before for each in found), Received())
    total = Quality("", "Total", None, whole, before)
    latest = "" if by == SOURCE else ""
    return Table(
        title="What arrived",
        note=ARRIVED.format(count=count_of(days), latest=20) + latest,
        heads=heads(columns, sort, address),
        rows=[[column.cell(each) for column in columns] for each in in_order(found, columns, sort)],
        total=[Cell("Total", is_name=True), *(column.cell(total) for column in columns[1:6]), Cell(""), Cell("")],
    )


def duplicates_cell(each: Quality, days: Days) -> Cell:
    """How many items were sent again, and which share that is."""
    share = percent(each.received.duplicate_share)
    return counted(each.received.duplicate, rows.deliveries(each, days), more=_beside(share, each.before.duplicate_share))


def refused_cell(each: Quality, days: Days) -> Cell:
    """How many items were refused, which share that is, and why."""
    share, before = each.received.refused_share, each.before.refused_share
    hint = ", ".join(f"{one.items:,} {one.code}" for one in each.refusals)
    is_worse = share is not None and share > (before or 0)
    tone = "orange" if is_worse else ""
    return counted(each.received.refused, rows.refused(each, days), more=_beside(percent(share), before), hint=hint, tone=tone)


def _beside(share: str, before: Decimal | None) -> str:
    """`10.0%, before 0.4%`."""
    return "" if share == NOTHING else share if before is None else f"{share}, before {percent(before)}"


def latency_cell(each: Quality) -> Cell:
    """The median and the 95th percentile of the sample."""
    if each.latency is None:
        return Cell(NOTHING)
    return Cell(
        duration(each.latency.median),
        more=f"95% in {duration(each.latency.p95)}",
        hint=f"A sample of {each.latency.sample:,} actions",
    )


def last_cell(each: Quality) -> Cell:
    """When it delivered last."""
    return Cell(instant_in_words(each.last_delivery, UTC) if each.last_delivery else "Never")


def _worth(
    found: list[Quality], currency: str, days: Days, by: str, sort: tuple[str, bool], address: Callable[[str], str]
) -> Table:
    shown = [each for each in found if currency in each.worth or currency in each.worth_before]
    now_ranked = ranks([(each.key, each.worth.get(currency)) for each in shown])
    then_ranked = ranks([(each.key, each.worth_before.get(currency)) for each in shown])
    none = Worth(currency)

    def of(each: Quality) -> Worth:
        return each.worth.get(currency, none)

    columns = [
        Column[Quality]("source", GROUPS[by], lambda each: each.name.casefold(), lambda each: name_cell(each, days), is_name=True),
        *worth_columns(of, lambda each: each.worth_before.get(currency, none), days),
        Column("rank", "Rank", lambda each: None, lambda each: rank_cell(now_ranked.get(each.key), then_ranked.get(each.key))),
    ]
    ranked = sorted(shown, key=lambda each: (now_ranked.get(each.key, len(found) + 1), each.name.casefold()))
    total = Quality("", "", None)
    total.worth = by_currency(of(each) for each in shown)
    total.worth_before = by_currency(each.worth_before.get(currency, none) for each in shown)
    return Table(
        title=f"What the leads were worth, {currency}",
        note=WORTH.format(count=count_of(days), zero=in_words(Decimal(0), currency)),
        heads=heads(columns, sort if sort[0] else ("per_lead", True), address),
        rows=[[column.cell(each) for column in columns] for each in in_order(ranked, columns, sort)],
        total=[Cell(f"Total, {currency}", is_name=True), *(_unlinked(column.cell(total)) for column in columns[1:-1]), Cell("")],
    )


def worth_columns(
    of: Callable[[Quality], Worth], before: Callable[[Quality], Worth], days: Days
) -> list[Column[Quality]]:
    """The columns from the leads to the amount per lead, now and before."""
    return [
        Column("leads", "Leads", lambda each: of(each).leads, lambda each: counted(of(each).leads, rows.leads(each, days))),
        Column("actions", "Actions", lambda each: of(each).actions, lambda each: counted(of(each).actions, rows.explored(each, days, show="actions"))),
        Column("charged", "Charged", lambda each: of(each).charged_share, lambda each: charged_cell(of(each), rows.explored(each, days, show="actions", group="outcome"))),
        Column("excluded", "Excluded", lambda each: of(each).excluded_share, lambda each: excluded_cell(of(each), rows.explored(each, days, show="actions", group="outcome"))),
        Column("amount", "Amount", lambda each: of(each).amount, lambda each: amount_cell(of(each), rows.explored(each, days, show="amount"))),
        Column("per_lead", "Per lead", lambda each: of(each).per_lead, lambda each: per_lead_cell(of(each), rows.explored(each, days, show="per_lead,amount,leads"))),
        Column("before", "Before", lambda each: None, lambda each: per_lead_cell(before(each), "")),
    ]


def charged_cell(worth: Worth, address: str = "") -> Cell:
    """The share of actions with a charge above zero."""
    hint = f"{worth.charged:,} of {worth.actions:,}; included {worth.included:,}, unrated {worth.unrated:,}"
    return Cell(percent(worth.charged_share), address if worth.actions else "", hint=hint if worth.actions else "")


def excluded_cell(worth: Worth, address: str = "") -> Cell:
    """The share of excluded actions; the tooltip says how many for which reason."""
    reasons = ", ".join(f"{count:,} {reason_in_words(code).lower()}" for code, count in worth.excluded_by.items())
    return Cell(percent(worth.excluded_share), address if worth.excluded else "", hint=reasons)


def amount_cell(worth: Worth, address: str = "") -> Cell:
    """The amount charged, rounded to the currency's minor unit."""
    return Cell(in_words(worth.amount, worth.currency), address if worth.amount else "")


def per_lead_cell(worth: Worth, address: str = "") -> Cell:
    """The amount by the leads received."""
    return Cell(NOTHING if worth.per_lead is None else in_words(worth.per_lead, worth.currency), address if worth.per_lead else "")


def rank_cell(rank: int | None, before: int | None) -> Cell:
    """`3, was 2`."""
    if rank is None:
        return Cell(NOTHING)
    return Cell(str(rank), more="new" if before is None else "" if before == rank else f"was {before}")


def _unlinked(cell: Cell) -> Cell:
    return Cell(cell.words, more=cell.more, hint=cell.hint)


page_at("reports/sources/", ranking_page, name="reports_sources")
in_menu("Sources", 25, Item("Source quality", "leaderboard", PAGE, "leads.view_source"))
