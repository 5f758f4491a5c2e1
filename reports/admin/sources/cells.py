"""The columns of the tables about sources: each figure with its rows, and beside its own past."""

from collections.abc import Callable
from datetime import UTC
from decimal import Decimal

from django.urls import reverse

from billing_engine.core.calendar.instants import NOTHING, instant_in_words
from billing_engine.core.money import in_words
from pricing.wording.decision import reason_in_words
from reports.admin.sources import rows
from reports.admin.sources.table import Cell, Column, counted, duration, percent
from reports.queries.source_quality.days import Days
from reports.queries.source_quality.groups import GROUPS
from reports.queries.source_quality.latency import Latency
from reports.queries.source_quality.quality import Quality
from reports.queries.source_quality.received import Received
from reports.queries.source_quality.worth import Worth

PARTS = {"disputed": "Disputed", "credited": "Credited"}
PARTS_NOTE = (
    " Disputed and credited: of these actions, those that were until now, each with its amount before tax and its share of all"
    " actions, for reasons that the source answers for; without withdrawn disputes, and without credits of whole lines."
)
PART_SHARES: dict[str, Callable[[Worth], Decimal | None]] = {
    "disputed": lambda worth: worth.disputed_share,
    "credited": lambda worth: worth.credited_share,
}
WORSE = Decimal("0.01")  # one percentage point

Columns = list[Column[Quality]]


def name_column(days: Days, by: str) -> Column[Quality]:
    """The name, which opens a source's own page in the same range."""

    def cell(each: Quality) -> Cell:
        if each.source is None:
            return Cell(each.name)
        page = reverse("admin:reports_source", args=[each.source.code])
        return Cell(each.name, f"{page}?days={days}", each.source.code)

    return Column("source", GROUPS[by], cell, lambda each: each.name.casefold(), is_name=True)


def received_columns(days: Days) -> Columns:
    """What arrived."""

    def of(key: str, title: str, count: Callable[[Received], int]) -> Column[Quality]:
        return Column(
            key,
            title,
            lambda each: counted(count(each.received), rows.deliveries(each, days)),
            lambda each: count(each.received),
        )

    return [
        of("deliveries", "Deliveries", lambda received: received.deliveries),
        of("items", "Items", lambda received: received.items),
        of("stored", "Stored", lambda received: received.stored),
        Column(
            "duplicates",
            "Duplicates",
            lambda each: duplicates_cell(each, days),
            lambda each: each.received.duplicate_share,
        ),
        Column("refused", "Refused", lambda each: refused_cell(each, days), lambda each: each.received.refused_share),
        Column(
            "latency",
            "To receipt",
            lambda each: latency_cell(each.latency),
            lambda each: each.latency and each.latency.median,
        ),
        Column("last", "Last delivery", last_cell, lambda each: each.last_delivery),
    ]


def duplicates_cell(each: Quality, days: Days) -> Cell:
    """How many items were sent again, and which share that is."""
    more = beside(each.received.duplicate_share, each.before.duplicate_share)
    return counted(each.received.duplicate, rows.deliveries(each, days), more=more)


def refused_cell(each: Quality, days: Days) -> Cell:
    """How many items were refused, which share that is, and why; orange if it is clearly more than before."""
    share, before = each.received.refused_share, each.before.refused_share
    hint = ", ".join(f"{one.items:,} {one.code}" for one in each.refusals)
    tone = "orange" if is_worse(each) else ""
    return counted(each.received.refused, rows.refused(each, days), more=beside(share, before), hint=hint, tone=tone)


def is_worse(each: Quality) -> bool:
    """Whether the share of refused items is clearly larger than before."""
    return (each.received.refused_share or 0) > (each.before.refused_share or 0) + WORSE


def beside(share: Decimal | None, before: Decimal | None, what: str = "") -> str:
    """`10.0%, before 0.4%`, or with a word `10.0% refused, before 0.4%`."""
    if share is None:
        return ""
    words = f"{percent(share)} {what}".strip()
    return words if before is None else f"{words}, before {percent(before)}"


def first_charge_column() -> Column[Quality]:
    """How long leads take to their first charged action."""
    return Column(
        "first",
        "To first charge",
        lambda each: latency_cell(each.first_charge, "lead"),
        lambda each: each.first_charge and each.first_charge.median,
    )


def latency_cell(latency: Latency | None, of: str = "action") -> Cell:
    """The median and the 95th percentile of the sample."""
    if latency is None:
        return Cell(NOTHING)
    hint = f"A sample of {latency.sample:,} {of}{'s' * (latency.sample != 1)}"
    return Cell(duration(latency.median), more=f"95% in {duration(latency.p95)}", hint=hint)


def last_cell(each: Quality) -> Cell:
    """When it delivered last."""
    return Cell(instant_in_words(each.last_delivery, UTC) if each.last_delivery else "Never")


def worth_columns(days: Days, currency: str, *, disputes: bool) -> Columns:
    """What the leads were worth in one currency, and what of it was disputed and credited."""
    none = Worth(currency)

    def of(each: Quality) -> Worth:
        return each.worth.get(currency, none)

    def before(each: Quality) -> Cell:
        return per_lead_cell(each.worth_before.get(currency, none))

    def explored(each: Quality, show: str, group: str = "customer") -> str:
        return rows.explored(each, days, show=show, group=group)

    found = [
        Column(
            "leads", "Leads", lambda each: counted(of(each).leads, rows.leads(each, days)), lambda each: of(each).leads
        ),
        Column(
            "actions",
            "Actions",
            lambda each: counted(of(each).actions, explored(each, "actions")),
            lambda each: of(each).actions,
        ),
        Column(
            "charged",
            "Charged",
            lambda each: charged_cell(of(each), explored(each, "actions", "outcome")),
            lambda each: of(each).charged_share,
        ),
        Column(
            "excluded",
            "Excluded",
            lambda each: excluded_cell(of(each), explored(each, "actions", "outcome")),
            lambda each: of(each).excluded_share,
        ),
        Column(
            "amount",
            "Amount",
            lambda each: amount_cell(of(each), explored(each, "amount")),
            lambda each: of(each).amount,
        ),
        Column(
            "per_lead",
            "Per lead",
            lambda each: per_lead_cell(of(each), explored(each, "per_lead,amount,leads")),
            lambda each: of(each).per_lead,
        ),
        Column("before", "Before", before),
    ]
    return found + [_part_column(part, days, currency) for part in PARTS] if disputes else found


def _part_column(part: str, days: Days, currency: str) -> Column[Quality]:
    none = Worth(currency)

    def cell(each: Quality) -> Cell:
        worth, before = each.worth.get(currency, none), each.worth_before.get(currency, none)
        return part_cell(part, worth, before, rows.disputed(each, days, part=part, currency=currency))

    return Column(part, PARTS[part], cell, lambda each: PART_SHARES[part](each.worth.get(currency, none)))


def part_cell(part: str, worth: Worth, before: Worth, address: str = "") -> Cell:
    """How many actions were disputed or credited, for how much, and which share that is."""
    count, share = getattr(worth, part), PART_SHARES[part]
    amount = in_words(count.amount, worth.currency) if count.actions else ""
    shares = beside(share(worth), share(before)) if count.actions or share(before) else ""
    more = ", ".join(each for each in (amount, shares) if each)
    return counted(count.actions, address, more=more)


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
    return Cell(in_words(worth.amount, worth.currency), address if worth.amount else "", tone=_zero(worth.amount))


def per_lead_cell(worth: Worth, address: str = "") -> Cell:
    """The amount by the leads received."""
    words = NOTHING if worth.per_lead is None else in_words(worth.per_lead, worth.currency)
    return Cell(words, address if worth.per_lead else "", tone=_zero(worth.per_lead))


def _zero(amount: Decimal | None) -> str:
    return "" if amount else "zero"


def rank_cell(rank: int | None, before: int | None) -> Cell:
    """`3`, and below `was 2`."""
    if rank is None:
        return Cell(NOTHING)
    return Cell(str(rank), more="new" if before is None else "" if before == rank else f"was {before}")
