"""What the leads of one source were worth, by customer; why its actions were not charged; and its rank."""

from itertools import groupby

from django.urls import reverse

from billing_engine.core.calendar.instants import NOTHING
from pricing.wording.decision import reason_in_words
from reports.admin.sources import rows
from reports.admin.sources.asked import Asked
from reports.admin.sources.cells import (
    PARTS,
    PARTS_NOTE,
    amount_cell,
    charged_cell,
    excluded_cell,
    part_cell,
    per_lead_cell,
)
from reports.admin.sources.table import Cell, Head, Table, counted, percent
from reports.queries.source_quality.days import Days
from reports.queries.source_quality.health import Health, OfCustomer, Rank
from reports.queries.source_quality.quality import Quality
from reports.queries.source_quality.share import share
from reports.queries.source_quality.worth import Worth, by_currency

CUSTOMERS_SHOWN = 20
HEADS = [
    Head("Customer", is_name=True),
    *(Head(title) for title in ("Leads", "Actions", "Charged", "Excluded", "Amount", "Per lead", "Before")),
]
NOTE = (
    "By each customer’s own days: leads by receipt, actions by occurrence. Per lead = amount charged ÷ leads received,"
    " before tax, minimums and credits, without test leads. Before: {before}."
)


def of_customers(health: Health, asked: Asked, *, disputes: bool) -> Table:
    """The customers by currency, each currency with its total; those not shown are one row, so that rows add up."""
    shown = list[list[Cell]]()
    for currency, each in groupby(health.customers, key=lambda one: one.worth.currency):
        customers = list(each)
        shown += [_customer(health.quality, one, asked.days) for one in customers[:CUSTOMERS_SHOWN]]
        if others := customers[CUSTOMERS_SHOWN:]:
            shown.append(_sum(f"{len(others):,} others", others, currency))
        shown.append([Cell(f"Total, {currency}", tone="total"), *_sum("", customers, currency)[1:]])
    note = NOTE.format(before=asked.before_in_words) + PARTS_NOTE * disputes
    heads = [*HEADS, *(Head(title) for title in PARTS.values())]
    width = len(heads) if disputes else len(HEADS)
    return Table("What its leads were worth", note, heads[:width], [row[:width] for row in shown], [])


def _customer(quality: Quality, one: OfCustomer, days: Days) -> list[Cell]:
    code = one.customer.code

    def explored(show: str, group: str = "product") -> str:
        return rows.explored(quality, days, show=show, group=group, customer=code)

    def disputed(part: str) -> str:
        return rows.disputed(quality, days, part=part, currency=one.worth.currency, customer=code)

    return [
        Cell(one.customer.name, reverse("admin:leads_customer_change", args=[one.customer.pk])),
        counted(one.worth.leads, rows.leads(quality, days, customer=code)),
        counted(one.worth.actions, explored("actions")),
        *_figures(one.worth, one.before, explored("actions", "outcome"), explored("amount")),
        *_parts(one.worth, one.before, *(disputed(part) for part in PARTS)),
    ]


def _sum(name: str, customers: list[OfCustomer], currency: str) -> list[Cell]:
    worth = by_currency(one.worth for one in customers)[currency]
    before = by_currency(one.before for one in customers)[currency]
    return [
        Cell(name),
        counted(worth.leads),
        counted(worth.actions),
        *_figures(worth, before),
        *(part_cell(part, worth, before) for part in PARTS),
    ]


def _figures(worth: Worth, before: Worth, outcomes: str = "", amounts: str = "") -> list[Cell]:
    return [
        charged_cell(worth, outcomes),
        excluded_cell(worth, outcomes),
        amount_cell(worth, amounts),
        per_lead_cell(worth, amounts),
        per_lead_cell(before),
    ]


def _parts(worth: Worth, before: Worth, *addresses: str) -> list[Cell]:
    return [part_cell(part, worth, before, address) for part, address in zip(PARTS, addresses, strict=True)]


def not_charged(quality: Quality, days: Days) -> list[list[Cell]]:
    """The excluded actions by reason, most first, with their share of all actions."""
    worths = quality.worth.values()
    actions = sum(worth.actions for worth in worths)
    found = dict[str, int]()
    for worth in worths:
        for reason, count in worth.excluded_by.items():
            found[reason] = found.get(reason, 0) + count
    return [
        [
            Cell(reason_in_words(reason)),
            counted(count, rows.explored(quality, days, show="actions", outcome=reason)),
            Cell(percent(share(count, actions))),
        ]
        for reason, count in sorted(found.items(), key=lambda each: (-each[1], each[0]))
    ]


def rank_in_words(health: Health) -> list[str]:
    """`Rank by amount per lead in USD: 3 of 9 sources, was 2.`"""
    return [f"Rank by amount per lead in {currency}: {_rank(rank)}." for currency, rank in health.ranks.items()]


def _rank(rank: Rank) -> str:
    was = "" if rank.before in (None, rank.now) else f", was {rank.before}"
    return f"{rank.now or NOTHING} of {rank.among} source{'s' * (rank.among != 1)}{was}"
