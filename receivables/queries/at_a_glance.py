"""What is disputed, and days sales outstanding by month: how many days of sales are not paid at a month's end."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import F, Sum

from billing_engine.core.calendar.spans import Month
from billing_engine.core.money import ZERO
from billing_engine.core.read_replica import few_rows_of
from receivables.domain.disputes.disputed import ON_AN_ISSUED_INVOICE
from receivables.domain.ledger.open_items import Basis, Scope
from receivables.models import Dispute

MONTHS_OF_SALES = 3
DEFINITION = (
    "Receivable account at the end of the month, divided by what was invoiced in the three months up to it (invoices less"
    " voids and credit notes, with tax), times the days of those months. Dated by posting date."
)
TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """A month with the receivable account at its end (for the current month, up to the day), and its sales."""

    month: Month
    days: int  # of the month, up to the day
    balance: Decimal
    invoiced: Decimal
    sales_outstanding: Decimal | None  # days; None without sales in the three months


def month_ends(basis: Basis, scope: Scope, *, months: int) -> list[MonthEnd]:
    """Return the last months up to the day, the earliest first, of one currency."""
    first = last = Month.of_day(basis.day)
    for _ in range(months + MONTHS_OF_SALES - 2):
        first = first.previous()
    sql = f"""
        SELECT GREATEST(date_trunc('month', item.posted_on)::date, %(first)s - 1) AS month,
               sum(CASE item.side WHEN 'debit' THEN item.amount ELSE -item.amount END),
               COALESCE(sum(CASE item.side WHEN 'debit' THEN item.amount ELSE -item.amount END)
                   FILTER (WHERE item.kind IN ('invoice', 'void', 'credit_note')), 0)
          FROM receivables_ledgerdocument item
         WHERE {scope.holds()} AND {basis.counts("item")}
         GROUP BY 1
    """  # noqa: S608 -- conditions of our own
    asked = basis.parameters | scope.parameters | {"first": first.first}
    moved: dict[date, tuple[Decimal, Decimal]] = {row[0]: (row[1], row[2]) for row in few_rows_of(sql, asked)}
    balance = sum((amount for day, (amount, _) in moved.items() if day < first.first), ZERO)
    found, month = list[MonthEnd](), first
    while month <= last:
        amount, invoiced = moved.get(month.first, (ZERO, ZERO))
        balance += amount
        days = (min(month.last, basis.day) - month.first).days + 1
        found.append(_with_days(found, MonthEnd(month, days, balance, invoiced, None)))
        month = month.next()
    return found[MONTHS_OF_SALES - 1 :]


def _with_days(before: Sequence[MonthEnd], end: MonthEnd) -> MonthEnd:
    stretch = [*before[-(MONTHS_OF_SALES - 1) :], end]
    sales, days = sum((each.invoiced for each in stretch), ZERO), sum(each.days for each in stretch)
    if sales <= 0:
        return end
    outstanding = (end.balance * days / sales).quantize(TENTH, rounding=ROUND_HALF_UP)
    return MonthEnd(end.month, end.days, end.balance, end.invoiced, max(outstanding, ZERO))


def disputed_in(currency: str, *, customers: Collection[int] | None = None) -> Decimal:
    """Return what is disputed of issued invoices now, with tax, in one currency: of all customers, or of some."""
    found = Dispute.objects.undecided().filter(ON_AN_ISSUED_INVOICE, period__invoices__currency=currency)
    if customers is not None:
        found = found.filter(customer__in=customers)
    return found.aggregate(sum=Sum(F("amount") + F("tax")))["sum"] or ZERO
