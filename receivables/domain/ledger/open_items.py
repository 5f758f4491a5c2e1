"""Open items on a basis: the one computation behind ageing, statements, the trial balance and what is outstanding.

Every document adds its amount to its item, and every allocation takes its amount from both of its items. What remains is
what the items have left, and any sum of it by customer, currency or age is such a sum, too.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from billing_engine.core.calendar.edges import FARTHEST_EAST, FARTHEST_WEST
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.read_replica import rows_of

DAY = timedelta(days=1)


class Question(StrEnum):
    """The two questions about a day."""

    DATED = "dated"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Basis:
    """A day, and which rows count: those dated up to it (the books), or those recorded by its end, in the customer's zone."""

    day: date
    question: Question = Question.DATED
    newest: int | None = None  # documents only: none that was written after this one counts

    def counts(self, row: str) -> str:
        """Return the SQL condition that a document or allocation counts."""
        if self.newest is not None:
            return f"({row}.posted_on <= %(day)s AND {row}.id <= %(newest)s)"
        if self.question is Question.DATED:
            return f"{row}.posted_on <= %(day)s"
        # Only rows around midnight ask for the customer's zone, which is slow.
        zone = f"(SELECT time_zone FROM leads_customer WHERE leads_customer.id = {row}.customer_id)"  # noqa: S608 -- a name of our own
        midnight = f"(%(after)s::timestamp AT TIME ZONE {zone})"
        return (
            f"({row}.recorded_at < %(surely)s OR ({row}.recorded_at < %(perhaps)s AND {row}.recorded_at < {midnight}))"
        )

    @property
    def parameters(self) -> dict[str, Any]:
        """The values that the condition names."""
        midnight = datetime.combine(self.day + DAY, time(), UTC)
        return {
            "day": self.day,
            "newest": self.newest,
            "after": self.day + DAY,
            "surely": midnight - FARTHEST_EAST,
            "perhaps": midnight + FARTHEST_WEST,
        }

    def in_words(self) -> str:
        """`dated up to November 3, 2026`, `known on November 3, 2026`."""
        words = {Question.DATED: "dated up to", Question.KNOWN: "known on"}[self.question]
        return f"{words} {day_in_words(self.day)}"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose items: of some customers, in a currency, of a company; empty fields mean all, company 0 is the settings' own."""

    customers: Collection[int] | None = None
    currency: str = ""
    company: int | None = None

    def holds(self, item: str = "item") -> str:
        """Return the SQL condition that a document is an item in the scope."""
        return f"{item}.side <> '' AND {self.any_side(item)}"

    def any_side(self, item: str = "item") -> str:
        """Return the SQL condition that a document is in the scope, also one without an open item; or an allocation."""
        parts = ["TRUE"]
        if self.customers is not None:
            parts.append(f"{item}.customer_id = ANY(%(customers)s)")
        if self.currency:
            parts.append(f"{item}.currency = %(currency)s")
        if self.company is not None:
            parts.append(f"COALESCE({item}.seller_id, 0) = %(company)s")
        return " AND ".join(parts)

    @property
    def parameters(self) -> dict[str, Any]:
        """The values that the condition names."""
        return {"customers": list(self.customers or ()), "currency": self.currency, "company": self.company}


@dataclass(frozen=True, slots=True)
class OpenItem:
    """A document with what it has left on the basis; on the side of its document, never negative."""

    document: int
    kind: str
    reference: str
    customer: int
    company: int  # 0: the seller in the settings
    currency: str
    side: str
    posted_on: date
    due_on: date  # without a due day, the day in the books
    amount: Decimal
    left: Decimal
    invoice: int | None = None


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which open items a list shows: one side, and of debit items due days between two days, both included."""

    side: str = ""
    due_from: date | None = None
    due_to: date | None = None
    open_only: bool = True
    first: int = 0
    most: int | None = None
    parameters: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        asked = {"side": self.side, "due_from": self.due_from, "due_to": self.due_to, "most": self.most}
        object.__setattr__(self, "parameters", asked | {"first": self.first})


def moves_sql(basis: Basis, scope: Scope) -> str:
    """Return a subquery with every move of an item: item, side, due day (of credit items none), amount."""
    matched = "\n UNION ALL ".join(
        f"""SELECT allocation.{side}_id, '{side}', {due}, -allocation.amount FROM receivables_allocation allocation
             WHERE {scope.any_side("allocation")} AND {basis.counts("allocation")}"""  # noqa: S608 -- conditions of our own
        for side, due in (("debit", "allocation.due_on"), ("credit", "NULL"))
    )
    return f"""SELECT item.id, item.side, CASE item.side WHEN 'debit' THEN COALESCE(item.due_on, item.posted_on) END AS due_on,
                      item.amount
              FROM receivables_ledgerdocument item
             WHERE {scope.holds()} AND {basis.counts("item")}
         UNION ALL {matched}"""  # noqa: S608 -- conditions of our own


def open_items(basis: Basis, scope: Scope, narrowed: Narrowed = Narrowed()) -> Iterator[OpenItem]:
    """Return the items with something left, or all of them, the oldest due day first."""
    conditions = ["TRUE"]
    if narrowed.side:
        conditions.append("moved.side = %(side)s")
    if narrowed.due_from:
        conditions.append("moved.due_on >= %(due_from)s")
    if narrowed.due_to:
        conditions.append("moved.due_on <= %(due_to)s")
    sql = f"""
        WITH moved AS ({moves_sql(basis, scope)}),
        remaining AS (
            SELECT moved.id, sum(moved.amount) AS left_over FROM moved WHERE {" AND ".join(conditions)}
             GROUP BY moved.id {"HAVING sum(moved.amount) > 0" if narrowed.open_only else ""}
        )
        SELECT item.id, item.kind, item.reference, item.customer_id, COALESCE(item.seller_id, 0), item.currency,
               item.side, item.posted_on, COALESCE(item.due_on, item.posted_on) AS due, item.amount,
               remaining.left_over, item.invoice_id
          FROM remaining JOIN receivables_ledgerdocument item ON item.id = remaining.id
         ORDER BY due, item.id LIMIT %(most)s OFFSET %(first)s
    """  # noqa: S608 -- conditions of our own
    asked = basis.parameters | scope.parameters | dict(narrowed.parameters)
    return (OpenItem(*row) for row in rows_of(sql, asked))
