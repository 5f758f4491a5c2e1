"""Customers' accounts in one currency: what is open, to pay and overdue on each customer's own day, a page by key at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import F, Sum

from billing_engine.core.calendar.edges import FARTHEST_WEST, today_somewhere
from billing_engine.core.read_replica import few_rows_of, rows_of
from receivables.domain.disputes.disputed import ON_AN_ISSUED_INVOICE
from receivables.domain.ledger.open_items import Basis, Scope, moves_sql
from receivables.models import Dispute, LedgerDocument

DAYS_AT_ONCE = 3  # the most days that it is somewhere on Earth at one instant


class Show(StrEnum):
    """Which accounts are listed."""

    ALL = "all"
    OPEN = "open"
    OVERDUE = "overdue"


SHOWN = {Show.ALL: "TRUE", Show.OPEN: "open > 0", Show.OVERDUE: "overdue > 0"}


class Order(StrEnum):
    """How accounts are sorted."""

    NAME = "name"
    OVERDUE = "overdue"
    OPEN = "open"


KEYS = {
    Order.NAME: "name, customer_id",
    Order.OVERDUE: "-overdue, name, customer_id",
    Order.OPEN: "-open, name, customer_id",
}


@dataclass(frozen=True, slots=True)
class Sums:
    """What is open, to pay (open without what is disputed), overdue, and unapplied."""

    open: Decimal
    to_pay: Decimal
    overdue: Decimal
    unapplied: Decimal


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One customer's account in the currency."""

    customer: int
    code: str
    name: str
    today: date
    sums: Sums


@dataclass(frozen=True, slots=True)
class Asked:
    """Which accounts: as of an instant, of customers and a company, in a currency."""

    at: datetime
    scope: Scope
    show: Show = Show.ALL
    order: Order = Order.NAME

    @property
    def basis(self) -> Basis:
        """Everything that is dated up to today, wherever the customer is."""
        return Basis(today_somewhere(self.at))


def accounts(asked: Asked, *, after: int | None = None, most: int | None = None) -> list[AccountRow]:
    """Return the accounts that come after a customer's."""
    key = KEYS[asked.order]
    sql = f"""
        WITH {_accounts_sql(asked)}
        SELECT customer_id, code, name, today, open, to_pay, overdue, unapplied FROM account
         WHERE %(after)s::bigint IS NULL OR NOT EXISTS (SELECT FROM account WHERE customer_id = %(after)s)
               OR ({key}) > (SELECT {key} FROM account WHERE customer_id = %(after)s)
         ORDER BY {key} LIMIT %(most)s
    """  # noqa: S608 -- conditions of our own
    rows = rows_of(sql, _parameters(asked) | {"after": after, "most": most})
    return [AccountRow(customer, code, name, today, Sums(*sums)) for customer, code, name, today, *sums in rows]


def total_of(asked: Asked) -> tuple[int, Sums]:
    """Return how many accounts there are, and their sums."""
    sums = ", ".join(f"COALESCE(sum({name}), 0)" for name in ("open", "to_pay", "overdue", "unapplied"))
    [(count, *amounts)] = few_rows_of(
        f"WITH {_accounts_sql(asked)} SELECT count(*), {sums} FROM account",  # noqa: S608 -- conditions of our own
        _parameters(asked),
    )
    return count, Sums(*amounts)


def currencies() -> list[str]:
    """Return the currencies of the ledger, that of the most documents first."""
    rows = few_rows_of("SELECT currency FROM receivables_ledgerdocument GROUP BY 1 ORDER BY count(*) DESC, 1", {})
    return [currency for (currency,) in rows]


def oldest_overdue(asked: Asked, rows: Sequence[AccountRow]) -> dict[int, date]:
    """Return the oldest due day of what is overdue, by customer."""
    scope = Scope([row.customer for row in rows if row.sums.overdue], asked.scope.currency, asked.scope.company)
    sql = f"""
        WITH moved AS ({moves_sql(asked.basis, scope)}),
        remaining AS (SELECT id, due_on FROM moved WHERE side = 'debit' GROUP BY id, due_on HAVING sum(amount) > 0)
        SELECT item.customer_id, min(remaining.due_on)
          FROM remaining JOIN receivables_ledgerdocument item ON item.id = remaining.id GROUP BY 1
    """  # noqa: S608 -- conditions of our own
    return dict(few_rows_of(sql, asked.basis.parameters | scope.parameters)) if scope.customers else {}


def last_payments(asked: Asked, rows: Sequence[AccountRow]) -> dict[int, LedgerDocument]:
    """Return the last payment by customer: that with the latest day, and of one day the one recorded last."""
    found = LedgerDocument.objects.filter(
        kind=LedgerDocument.Kind.PAYMENT,
        customer__in=[row.customer for row in rows],
        currency=asked.scope.currency,
        **_of_company(asked.scope, "seller"),
    )
    last = found.order_by("customer", "-posted_on", "-pk").distinct("customer")
    return {document.customer_id: document for document in last}


def _accounts_sql(asked: Asked) -> str:
    # Documents add and matches take, and each table is read once. The customer's zone is joined to the sums, not to a million
    # rows: each day that it may be there has a sum of its own.
    scope, basis, numbers = asked.scope, asked.basis, range(DAYS_AT_ONCE)
    late = [f"sum(amount) FILTER (WHERE side = 'debit' AND COALESCE(due_on, posted_on) < %(day_{n})s)" for n in numbers]
    matched = [f"-sum(amount) FILTER (WHERE due_on < %(day_{n})s)" for n in numbers]
    names = ("open", "unapplied", *(f"late_{n}" for n in numbers))
    chosen = " ".join(f"WHEN %(day_{n})s THEN late_{n}" for n in numbers)
    return f"""
        moved (customer_id, {", ".join(names)}) AS (
            SELECT customer_id, sum(amount) FILTER (WHERE side = 'debit'), sum(amount) FILTER (WHERE side = 'credit'),
                   {", ".join(late)}
              FROM receivables_ledgerdocument item WHERE {scope.holds()} AND {basis.counts("item")} GROUP BY 1
             UNION ALL
            SELECT customer_id, -sum(amount), -sum(amount), {", ".join(matched)}
              FROM receivables_allocation allocation
             WHERE {scope.any_side("allocation")} AND {basis.counts("allocation")} GROUP BY 1
        ),
        sums AS (
            SELECT customer_id, {", ".join(f"COALESCE(sum({name}), 0) AS {name}" for name in names)} FROM moved GROUP BY 1
        ),
        disputed AS (SELECT * FROM unnest(%(disputers)s::bigint[], %(disputed)s::numeric[]) AS t (customer_id, disputed)),
        days AS (
            SELECT sums.*, customer.code, customer.name, COALESCE(disputed, 0) AS disputed,
                   (%(at)s AT TIME ZONE customer.time_zone)::date AS today
              FROM sums JOIN leads_customer customer ON customer.id = sums.customer_id
              LEFT JOIN disputed ON disputed.customer_id = sums.customer_id
        ),
        account AS (
            SELECT * FROM (SELECT customer_id, code, name, today, open, GREATEST(open - disputed, 0) AS to_pay,
                                  CASE today {chosen} END AS overdue, unapplied FROM days) every
             WHERE {SHOWN[asked.show]}
        )
    """  # noqa: S608 -- conditions of our own


def _parameters(asked: Asked) -> dict[str, Any]:
    first = (asked.at.astimezone(UTC) - FARTHEST_WEST).date()
    days = {f"day_{number}": first + timedelta(days=number) for number in range(DAYS_AT_ONCE)}
    disputed = _disputed_by_customer(asked.scope)
    more = {"at": asked.at, "disputers": list(disputed), "disputed": list(disputed.values())}
    return asked.basis.parameters | asked.scope.parameters | days | more


def _disputed_by_customer(scope: Scope) -> dict[int, Decimal]:
    """What is disputed of issued invoices now, with tax."""
    found = Dispute.objects.undecided().filter(
        ON_AN_ISSUED_INVOICE,
        period__invoices__currency=scope.currency,
        **_of_company(scope, "period__invoices__series__seller"),
    )
    if scope.customers is not None:
        found = found.filter(customer__in=scope.customers)
    return dict(found.order_by("customer").values_list("customer").annotate(sum=Sum(F("amount") + F("tax"))))


def _of_company(scope: Scope, path: str) -> dict[str, Any]:
    """The lookup of the scope's company; 0 is the seller in the settings."""
    if scope.company is None:
        return {}
    return {path: scope.company} if scope.company else {f"{path}__isnull": True}
