"""Who gets a statement of a month, with what closing balance, and who is left out and why."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.read_replica import rows_of
from leads.models import Customer
from receivables.domain.ledger.open_items import Basis, Scope, moves_sql
from receivables.models import LedgerDocument, StatementMail

CUSTOMERS_AT_ONCE = 500
DAY = timedelta(days=1)
QUIET = "Nothing moved and nothing is open."
NO_CONTACT = "No billing contacts."
NOT_OVER = "The month is not over in the customer’s time zone."

Account = tuple[int, int, str]  # customer, company (0: the seller in the settings), currency


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account, the days of its statement, its closing balance, and why it gets none."""

    customer: Customer
    company: int
    currency: str
    first: date
    last: date
    closing: Decimal
    why_not: str


def plan(
    month: Month,
    *,
    at: datetime,
    customers: Collection[int] | None = None,
    company: int | None = None,
    also_quiet: bool = False,
) -> Iterator[Candidate]:
    """Yield the accounts of a month, a few hundred customers at a time, by customer."""
    found = LedgerDocument.objects.exclude(side="")
    if customers is not None:
        found = found.filter(customer__in=customers)
    ids = sorted(set(found.order_by().values_list("customer", flat=True).distinct()))
    for start in range(0, len(ids), CUSTOMERS_AT_ONCE):
        yield from _of_some(ids[start : start + CUSTOMERS_AT_ONCE], month, company, at=at, also_quiet=also_quiet)


def balances(basis: Basis, scope: Scope) -> dict[Account, tuple[Decimal, bool]]:
    """Return what each account owes, and whether any of its items is open."""
    sql = f"""
        WITH moved AS ({moves_sql(basis, scope)}),
        remaining AS (SELECT id, sum(amount) AS left_over FROM moved GROUP BY id)
        SELECT item.customer_id, COALESCE(item.seller_id, 0), item.currency,
               sum(CASE item.side WHEN 'debit' THEN left_over ELSE -left_over END), bool_or(left_over > 0)
          FROM remaining JOIN receivables_ledgerdocument item ON item.id = remaining.id
         GROUP BY item.customer_id, COALESCE(item.seller_id, 0), item.currency
    """  # noqa: S608 -- conditions of our own
    rows = rows_of(sql, basis.parameters | scope.parameters)
    return {(row[0], row[1], row[2]): (row[3], row[4]) for row in rows}


def _of_some(
    ids: Sequence[int], month: Month, company: int | None, *, at: datetime, also_quiet: bool
) -> Iterator[Candidate]:
    scope = Scope(ids, company=company)
    ending, stated = balances(Basis(month.last), scope), _stated(ids, month)
    states, moved = _requested(ids, month), _moved(month, scope, stated)
    customers = Customer.objects.prefetch_related("terms").in_bulk(list(ids))
    for account in sorted(ending):
        customer, (closing, is_open) = customers[account[0]], ending[account]
        is_quiet = not (is_open or account in moved or also_quiet)
        why_not = states.get(account, "") or _why_not(customer, month, at=at, is_quiet=is_quiet)
        first = stated[account].last + DAY if account in stated else month.first
        yield Candidate(customer, account[1], account[2], first, month.last, closing, why_not)


def _moved(month: Month, scope: Scope, stated: Mapping[Account, StatementMail]) -> set[Account]:
    """The accounts with a document that their last statement did not count; without one, with a document of the month."""
    sql = f"""
        SELECT DISTINCT item.customer_id, COALESCE(item.seller_id, 0), item.currency
          FROM receivables_ledgerdocument item
          LEFT JOIN unnest(%(of)s::bigint[], %(by)s::bigint[], %(in)s::text[], %(to)s::date[], %(counted)s::bigint[])
               AS said (customer, company, currency, day, newest)
            ON said.customer = item.customer_id AND said.company = COALESCE(item.seller_id, 0)
           AND said.currency = item.currency
         WHERE {scope.holds()} AND item.posted_on <= %(last)s
           AND NOT (item.posted_on <= COALESCE(said.day, %(before)s) AND item.id <= COALESCE(said.newest, item.id))
    """  # noqa: S608 -- conditions of our own
    told = {
        "of": [account[0] for account in stated],
        "by": [account[1] for account in stated],
        "in": [account[2] for account in stated],
        "to": [mail.last for mail in stated.values()],
        "counted": [mail.newest for mail in stated.values()],
    }
    days = {"last": month.last, "before": month.first - DAY}
    return {(row[0], row[1], row[2]) for row in rows_of(sql, scope.parameters | told | days)}


def _why_not(customer: Customer, month: Month, *, at: datetime, is_quiet: bool) -> str:
    today = customer.day_of(at)
    if month.last >= today:
        return NOT_OVER
    if is_quiet:
        return QUIET
    return "" if customer.terms.on(today).billing_contacts else NO_CONTACT


def _requested(ids: Sequence[int], month: Month) -> Mapping[Account, str]:
    """The accounts that have a statement of this month, and how it stands."""
    found = StatementMail.objects.filter(customer__in=ids, month=month.first).select_related(None)
    return {
        (mail.customer_id, mail.seller_id or 0, mail.currency): (
            f"Requested on {day_in_words(mail.requested_at.date())}: {mail.outcome.lower()}."
        )
        for mail in found
    }


def _stated(ids: Sequence[int], month: Month) -> Mapping[Account, StatementMail]:
    """The last monthly statement of each account that the customer has."""
    told = StatementMail.objects.told().filter(customer__in=ids, month__lt=month.first)
    found = told.order_by("customer", "seller", "currency", "-last").distinct("customer", "seller", "currency")
    return {(mail.customer_id, mail.seller_id or 0, mail.currency): mail for mail in found.defer("subject", "body")}
