"""Unbilled activity as formatted tables, and as rows of a file."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.urls import reverse

from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.calendar.wording import day_in_words, days_of, named_in_words
from billing_engine.core.counts import count_in_words
from billing_engine.core.money import in_words, price_in_words
from reports.queries.unbilled.file import state_in_words
from reports.queries.unbilled.unbilled import Unbilled, UnbilledBridge, UnbilledPeriod

ROWS_SHOWN = 500  # the file has all of them
NONE = "–"


@dataclass(frozen=True, slots=True)
class Row:
    """One period, formatted; or a currency's total."""

    name: str
    customer: str  # address
    period: str
    charged: str
    charges: str  # address
    unrated: str
    unrated_actions: str  # address
    waiting: str
    amount: str
    since: tuple[str, ...]
    minimum: str
    state: str = ""
    invoice: str = ""  # address


@dataclass(frozen=True, slots=True)
class Card:
    """One currency: its rows, their total, and how it came about."""

    currency: str
    customers: str
    amount: str
    rows: list[Row]
    hidden: int
    total: Row
    steps: list[tuple[str, str]]
    adds_up: bool


def card_of(answer: Unbilled, *, day: date, previous: date) -> Card:
    """Format one currency's answer."""
    count, currency = answer.customers, answer.currency
    return Card(
        currency=currency,
        customers=f"{count:,} customer{'' if count == 1 else 's'}",
        amount=price_in_words(answer.sum("amount"), currency),
        rows=[_row(row) for row in answer.rows[:ROWS_SHOWN]],
        hidden=max(0, len(answer.rows) - ROWS_SHOWN),
        total=_total(answer),
        steps=_steps(answer.bridge, currency, day=day, previous=previous),
        adds_up=answer.bridge.adds_up,
    )


def _row(row: UnbilledPeriod) -> Row:
    of_period = {"action__period__id__exact": str(row.period)}
    return Row(
        name=row.name,
        customer=reverse("admin:leads_customer_change", args=[row.customer]),
        period=named_in_words(*days_of(row.start_at, row.end_at, ZoneInfo(row.time_zone))),
        charged=count_in_words(row.charged),
        charges=list_of("pricing.charge", **of_period) if row.charged else "",
        unrated=count_in_words(row.unrated),
        unrated_actions=list_of("pricing.unratedaction", period__id__exact=str(row.period)) if row.unrated else "",
        waiting=count_in_words(row.waiting),
        amount=price_in_words(row.amount, row.currency),
        since=_since(row.arrived, row.arrived_amount, row.voided, row.waived, row.currency),
        minimum=in_words(row.minimum, row.currency) if row.minimum else NONE,
        state=row.number or state_in_words(row),
        invoice=reverse("admin:invoices_invoice_change", args=[row.invoice]) if row.invoice else "",
    )


def _total(answer: Unbilled) -> Row:
    currency, minimum = answer.currency, answer.sum("minimum")
    since = (answer.count("arrived"), answer.sum("arrived_amount"), answer.count("voided"), answer.count("waived"))
    return Row(
        name=f"Total, {currency}",
        customer="",
        period="",
        charged=count_in_words(answer.count("charged")),
        charges="",
        unrated=count_in_words(answer.count("unrated")),
        unrated_actions="",
        waiting=count_in_words(answer.count("waiting")),
        amount=price_in_words(answer.sum("amount"), currency),
        since=_since(*since, currency),
        minimum=in_words(minimum, currency) if minimum else NONE,
    )


def _since(arrived: int, amount: Decimal, voided: int, waived: int, currency: str) -> tuple[str, ...]:
    """`2 arrived, $5.00`, `1 voided`, `1 waived`; empty if nothing is known to have changed."""
    found = [f"{arrived:,} arrived, {price_in_words(amount, currency)}"] if arrived else []
    return (*found, *(f"{count:,} {what}" for count, what in ((voided, "voided"), (waived, "waived")) if count))


def _steps(bridge: UnbilledBridge, currency: str, *, day: date, previous: date) -> list[tuple[str, str]]:
    def words(amount: Decimal) -> str:
        return price_in_words(amount, currency).replace("-", "−")

    return [
        (f"Unbilled at the end of {day_in_words(previous)}", words(bridge.opening)),
        ("+ Charged for the days after it", words(bridge.charged)),
        ("− Invoiced", words(bridge.invoiced)),
        ("+ Back from voided invoices", words(bridge.voided)),
        (f"Unbilled at the end of {day_in_words(day)}", words(bridge.closing)),
    ]
