"""Ageing: what is open by how long it is overdue, per customer, company and currency, and what is unapplied, apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from billing_engine.core.read_replica import few_rows_of
from receivables.domain.ledger.open_items import Basis, Narrowed, Scope
from receivables.models import LedgerDocument

Side = LedgerDocument.Side


class Bucket(StrEnum):
    """An age: not due on the day, or so many days past due."""

    NOT_DUE = "not_due"
    TO_30 = "1-30"
    TO_60 = "31-60"
    TO_90 = "61-90"
    OVER_90 = "over_90"
    UNAPPLIED = "unapplied"


# The least and the most days past due; None: no limit.
AGES: Mapping[str, tuple[int | None, int | None]] = {
    Bucket.NOT_DUE: (None, 0),
    Bucket.TO_30: (1, 30),
    Bucket.TO_60: (31, 60),
    Bucket.TO_90: (61, 90),
    Bucket.OVER_90: (91, None),
}
BUCKETS = tuple(Bucket(each) for each in AGES)
# Sums of several buckets, which lists of items show, too.
OUTSTANDING, OVERDUE, BALANCE = "outstanding", "overdue", "balance"
TITLES: Mapping[str, str] = {
    Bucket.NOT_DUE: "Not due",
    Bucket.TO_30: "1–30",
    Bucket.TO_60: "31–60",
    Bucket.TO_90: "61–90",
    Bucket.OVER_90: "Over 90",
    Bucket.UNAPPLIED: "Unapplied",
    OUTSTANDING: "Outstanding",
    OVERDUE: "Overdue",
    BALANCE: "Balance",
}


def narrowed(name: str, day: date, *, first: int = 0, most: int | None = None) -> Narrowed:
    """Return what lists exactly the items of a bucket, or of a sum of them, as of a day; raises KeyError."""
    if name == BALANCE:
        return Narrowed(first=first, most=most)
    if name == Bucket.UNAPPLIED:
        return Narrowed(side=Side.CREDIT, first=first, most=most)
    youngest, oldest = {OUTSTANDING: (None, None), OVERDUE: (1, None), **AGES}[name]
    due_to = None if youngest is None else day - timedelta(days=youngest)
    due_from = None if oldest is None else day - timedelta(days=oldest)
    return Narrowed(side=Side.DEBIT, due_from=due_from, due_to=due_to, first=first, most=most)


@dataclass(frozen=True, slots=True)
class Sums:
    """Amounts by bucket; what is unapplied is not negative, and lowers the balance."""

    buckets: tuple[Decimal, ...]  # in the order of BUCKETS
    unapplied: Decimal

    def of(self, bucket: Bucket) -> Decimal:
        """Return the amount of one bucket."""
        return self.unapplied if bucket is Bucket.UNAPPLIED else self.buckets[BUCKETS.index(bucket)]

    @property
    def outstanding(self) -> Decimal:
        """What debit items have left."""
        return sum(self.buckets, Decimal(0))

    @property
    def overdue(self) -> Decimal:
        """What is past due."""
        return sum(self.buckets[1:], Decimal(0))

    @property
    def balance(self) -> Decimal:
        """What is owed after all that is unapplied: the receivable account."""
        return self.outstanding - self.unapplied


@dataclass(frozen=True, slots=True)
class AgeingRow:
    """One customer's sums with one company."""

    customer: int
    code: str
    name: str
    company: int  # 0: the seller in the settings
    sums: Sums


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """All rows of a currency."""

    currency: str
    rows: int
    sums: Sums


@dataclass(frozen=True, slots=True)
class Ageing:
    """One page of rows of one currency, and the totals of every currency."""

    currency: str  # empty: nothing is open in any
    rows: Sequence[AgeingRow]
    totals: Sequence[CurrencyTotal]

    @property
    def total(self) -> CurrencyTotal:
        """The total of the currency shown."""
        zero = Decimal(0)
        none = CurrencyTotal(self.currency, 0, Sums((zero,) * len(BUCKETS), zero))
        return next((each for each in self.totals if each.currency == self.currency), none)


class Order(StrEnum):
    """How rows are sorted."""

    OVERDUE = "overdue"
    BALANCE = "balance"
    NAME = "name"


ORDERS = {
    Order.OVERDUE: "overdue DESC, balance DESC, name, customer_id, company",
    Order.BALANCE: "balance DESC, name, customer_id, company",
    Order.NAME: "name, customer_id, company",
}
SUMMED = "not_due, to_30, to_60, to_90, over_90, unapplied"


def ageing(
    basis: Basis,
    scope: Scope,
    *,
    currency: str = "",
    order: Order = Order.OVERDUE,
    first: int = 0,
    most: int | None = None,
) -> Ageing:
    """Return the rows of a currency, of the one with most rows if none is named."""
    # The total rows come first and have no customer. One statement, so that rows and totals are of one snapshot.
    sql = f"""
        WITH {_sums(basis, scope)},
        total AS (
            SELECT currency, count(*) AS rows_in_all, {", ".join(f"sum({each}) AS {each}" for each in SUMMED.split(", "))}
              FROM sums GROUP BY currency
        ),
        page AS (
            SELECT sums.*, customer.code, customer.name, to_30 + to_60 + to_90 + over_90 AS overdue,
                   not_due + to_30 + to_60 + to_90 + over_90 - unapplied AS balance
              FROM sums JOIN leads_customer customer ON customer.id = sums.customer_id
             WHERE sums.currency = COALESCE(NULLIF(%(shown)s, ''),
                   (SELECT currency FROM total ORDER BY rows_in_all DESC, currency LIMIT 1))
             ORDER BY {ORDERS[order]} LIMIT %(most)s OFFSET %(first)s
        )
        SELECT NULL, NULL, NULL, rows_in_all, currency, {SUMMED} FROM total
         UNION ALL
        SELECT * FROM (SELECT customer_id, code, name, company, currency, {SUMMED} FROM page ORDER BY {ORDERS[order]}) shown
    """  # noqa: S608 -- conditions of our own
    asked = basis.parameters | scope.parameters | _days(basis.day) | {"shown": currency, "first": first, "most": most}
    totals, rows = list[CurrencyTotal](), list[AgeingRow]()
    for customer, code, name, other, of, *amounts in few_rows_of(sql, asked):
        sums = Sums(tuple(amounts[:-1]), amounts[-1])
        if customer is None:
            totals.append(CurrencyTotal(of, other, sums))
        else:
            rows.append(AgeingRow(customer, code, name, other, sums))
    totals.sort(key=lambda each: (-each.rows, each.currency))
    return Ageing(currency or (totals[0].currency if totals else ""), rows, totals)


DUE = {
    "not_due": "{due} >= %(day_0)s",
    "to_30": "{due} < %(day_0)s AND {due} >= %(day_30)s",
    "to_60": "{due} < %(day_30)s AND {due} >= %(day_60)s",
    "to_90": "{due} < %(day_60)s AND {due} >= %(day_90)s",
    "over_90": "{due} < %(day_90)s",
}


def _sums(basis: Basis, scope: Scope) -> str:
    """Documents add to what is open and matches take from it: each table is read once, and added up before they meet."""
    item_due = "COALESCE(item.due_on, item.posted_on)"
    owed = [f"sum(amount) FILTER (WHERE side = 'debit' AND {part.format(due=item_due)})" for part in DUE.values()]
    matched = [f"-sum(amount) FILTER (WHERE {part.format(due='allocation.due_on')})" for part in DUE.values()]
    names = (*DUE, "unapplied")
    whose = "customer_id, seller_id, currency"
    return f"""moved ({whose}, {", ".join(names)}) AS (
            SELECT {whose}, {", ".join(owed)}, sum(amount) FILTER (WHERE side = 'credit')
              FROM receivables_ledgerdocument item WHERE {scope.holds()} AND {basis.counts("item")} GROUP BY {whose}
             UNION ALL
            SELECT {whose}, {", ".join(matched)}, -sum(amount)
              FROM receivables_allocation allocation
             WHERE {scope.any_side("allocation")} AND {basis.counts("allocation")} GROUP BY {whose}
        ),
        added AS (
            SELECT customer_id, COALESCE(seller_id, 0) AS company, currency,
                   {", ".join(f"COALESCE(sum({name}), 0) AS {name}" for name in names)}
              FROM moved GROUP BY {whose}
        ),
        sums AS (SELECT * FROM added WHERE {" + ".join(DUE)} > 0 OR unapplied > 0)"""  # noqa: S608 -- conditions of our own


def _days(day: date) -> dict[str, Any]:
    return {f"day_{days}": day - timedelta(days=days) for days in (0, 30, 60, 90)}
