"""Ageing as formatted rows, whose figures open their items, and as rows of a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils.timezone import now

from billing_engine.core.money import in_words
from billing_engine.core.tables.table import Cell, Column, Kind, Notes, Table
from receivables.admin.asked import MEANS, Asked, company_names
from receivables.queries.ageing import BALANCE, BUCKETS, TITLES, Ageing, AgeingRow, Bucket, Order, Sums, ageing

SHOWN = (*BUCKETS, Bucket.UNAPPLIED, BALANCE)
ITEMS = "admin:receivables_open_items"


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount; with an address, a link to its items."""

    title: str
    words: str
    address: str
    tone: str  # a CSS class


@dataclass(frozen=True, slots=True)
class Row:
    """One customer, or a currency's total."""

    name: str
    code: str
    address: str
    company: str
    figures: tuple[Figure, ...]


def row_of(row: AgeingRow, currency: str, asked: Asked, companies: Mapping[str, str]) -> Row:
    """Format one customer's sums."""
    company = companies.get(str(row.company), "")
    return Row(
        row.name,
        row.code,
        reverse("admin:leads_customer_change", args=[row.customer]),
        company,
        figures_of(
            row.sums, currency, asked, customer=row.customer, company=row.company if len(companies) > 1 else None
        ),
    )


def figures_of(
    sums: Sums, currency: str, asked: Asked, *, customer: int | None = None, company: int | None = None
) -> tuple[Figure, ...]:
    """Format sums, each linked to its items."""

    def figure(name: str) -> Figure:
        amount = amount_of(sums, name)
        where = {"currency": currency, "customer": customer, "company": company, "bucket": name}
        address = asked.link(reverse(ITEMS), **where) if amount else ""
        return Figure(TITLES[name], in_words(amount, currency), address, _tone(name, amount))

    return tuple(figure(str(name)) for name in SHOWN)


def amount_of(sums: Sums, name: str) -> Decimal:
    """Return the amount as the column shows it: what is unapplied is in the customer's favor, so below zero."""
    if name == BALANCE:
        return sums.balance
    amount = sums.of(Bucket(name))
    return -amount if name == Bucket.UNAPPLIED else amount


def table_of(asked: Asked) -> Table:
    """Return every row of every currency as a file."""
    heads = [TITLES[str(name)] for name in SHOWN]
    return Table(
        name=f"ageing-{asked.basis.day}",
        title=f"Ageing, {asked.basis.in_words()}",
        columns=[
            *(Column(name) for name in ("Currency", "Customer code", "Customer", "Company")),
            *(
                Column(f"{head} days" if head[0].isdigit() or head == "Over 90" else head, Kind.DECIMAL)
                for head in heads
            ),
        ],
        rows=_cells(asked),
        notes=Notes(
            question=f"Open items by due date, {asked.basis.in_words()}. {MEANS[asked.basis.question]}", made_at=now()
        ),
    )


def _cells(asked: Asked) -> Iterator[list[Cell]]:
    companies = company_names()
    for total in ageing(asked.basis, asked.scope, most=0).totals:
        found: Ageing = ageing(asked.basis, asked.scope, currency=total.currency, order=Order.NAME)
        for row in found.rows:
            amounts = [amount_of(row.sums, str(name)) for name in SHOWN]
            yield [found.currency, row.code, row.name, companies.get(str(row.company), ""), *amounts]


def _tone(name: str, amount: Decimal) -> str:
    if not amount:
        return "glance-zero"
    if name in (Bucket.TO_90, Bucket.OVER_90):
        return "ageing-old"
    return "ageing-sum" if name == BALANCE else ""
