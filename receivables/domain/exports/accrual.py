"""The accrual: what was rated and not invoiced at the end of a day, as a journal that reverses itself."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from billing_engine.core import money
from billing_engine.core.calendar.spans import Month
from leads.models import BillingPeriod, Company, Customer, Product
from receivables.domain.exports.accounts import Accounts
from receivables.domain.exports.entries import BooksDiffer
from receivables.domain.exports.file import Cell, csv_file, number, read_back, sides
from receivables.models import AccountMapping

Account = AccountMapping.Account
HEADER = (
    *("Pair ID", "Date", "Entry", "Account", "Debit", "Credit", "Currency"),
    *("Customer code", "Customer", "Product", "Memo"),
)
# An invoice counts from its date until the day it was voided: what is in the books is not accrued as well.
UNBILLED = """
    SELECT daily.period_id, daily.product_id, sum(daily.amount)
      FROM pricing_dailyactivity daily
      JOIN leads_customer customer ON customer.id = daily.customer_id
     WHERE daily.day <= %(day)s
       AND NOT EXISTS (
           SELECT FROM invoices_invoice invoice
            WHERE invoice.period_id = daily.period_id AND invoice.issued_on <= %(day)s
              AND (invoice.voided_at IS NULL
                   OR invoice.voided_at >= (%(day)s::date + 1)::timestamp AT TIME ZONE customer.time_zone))
     GROUP BY 1, 2
    HAVING sum(daily.amount) <> 0
     ORDER BY 2, 1
"""


@dataclass(frozen=True, slots=True)
class UnbilledAmount:
    """What a customer was not invoiced yet for one product, rounded so that a customer's amounts add up."""

    customer: Customer
    product: Product
    amount: Decimal

    @property
    def currency(self) -> str:
        return self.customer.currency


def unbilled_at(seller: Company | None, day: date) -> list[UnbilledAmount]:
    """Return what was rated and not invoiced at the end of a day, by customer and product; each day is the customer's own."""
    exact = defaultdict[int, dict[int, Decimal]](dict)
    with connection.cursor() as cursor:
        cursor.execute(UNBILLED, {"day": day})
        found = cursor.fetchall()
    of = _sold_by(seller, {period for period, _, _ in found})
    for period, product, amount in found:
        if period in of:
            sums = exact[of[period].pk]
            sums[product] = sums.get(product, money.ZERO) + amount
    products = Product.objects.in_bulk({product for sums in exact.values() for product in sums})
    customers = sorted({each.pk: each for each in of.values()}.values(), key=lambda each: (each.name, each.pk))
    return [each for customer in customers for each in _rounded(customer, exact.get(customer.pk, {}), products)]


def _sold_by(seller: Company | None, periods: set[int]) -> dict[int, Customer]:
    """The customers of those periods that this company invoices."""
    found = BillingPeriod.objects.filter(pk__in=periods).select_related("customer")
    wanted = seller.pk if seller else None
    with_terms = found.prefetch_related("customer__terms")
    return {each.pk: each.customer for each in with_terms if each.customer_terms.seller_id == wanted}


def _rounded(
    customer: Customer, sums: Mapping[int, Decimal], products: Mapping[int, Product]
) -> Iterator[UnbilledAmount]:
    amounts = money.spread(list(sums.values()), customer.currency)
    found = [UnbilledAmount(customer, products[pk], each) for pk, each in zip(sums, amounts, strict=True) if each]
    yield from sorted(found, key=lambda each: (each.product.sku, each.product.pk))


def sums_of(found: Sequence[UnbilledAmount]) -> dict[str, Decimal]:
    """What is accrued, by currency."""
    sums = defaultdict[str, Decimal](Decimal)
    for each in found:
        sums[each.currency] += each.amount
    return dict(sorted(sums.items()))


def journal(seller: Company | None, day: date, accounts: Accounts, *, mark: str) -> tuple[bytes, list[UnbilledAmount]]:
    """The accrual with its reversal on the first of the next month, under one ID per pair; `mark` tells batches apart."""
    found = unbilled_at(seller, day)
    reversal = Month.of_day(day).next().first
    rows = list[Sequence[Cell]]()
    for place, each in enumerate(found, start=1):
        pair = f"ACCRUAL-{day}-{mark}-{place}"
        rows += _entry(each, pair, day, "Accrual", 1, accounts)
        rows += _entry(each, pair, reversal, "Reversal", -1, accounts)
    content = csv_file(HEADER, rows)
    _check(content, found, day=day, reversal=reversal)
    return content, found


def _entry(each: UnbilledAmount, pair: str, on: date, name: str, sign: int, accounts: Accounts) -> list[Sequence[Cell]]:
    codes = accounts.code(Account.UNBILLED), accounts.code(Account.REVENUE, product=each.product.pk)
    end = (each.currency, each.customer.code, each.customer.name, str(each.product))
    memo = "Rated and not invoiced yet" if sign > 0 else f"Reverses {pair}"
    return [
        (pair, on, name, code, *sides(moved, each.currency), *end, memo)
        for code, moved in zip(codes, (sign * each.amount, -sign * each.amount), strict=True)
    ]


def _check(content: bytes, found: Sequence[UnbilledAmount], *, day: date, reversal: date) -> None:
    """Read the file back: each pair is balanced on both days, undone by its reversal, and adds up to what is unbilled."""
    moved = defaultdict[tuple[str, str, str], list[Decimal]](list)
    for row in read_back(content):
        moved[row["Pair ID"], row["Date"], row["Currency"]].append(number(row["Debit"]) - number(row["Credit"]))
    sums = defaultdict[tuple[str, str], Decimal](Decimal)
    for (_, on, currency), (unbilled, revenue) in moved.items():
        if unbilled + revenue:
            raise BooksDiffer("An accrual does not balance.")
        sums[on, currency] += unbilled
    for currency, amount in sums_of(found).items():
        if (sums[str(day), currency], sums[str(reversal), currency]) != (amount, -amount):
            raise BooksDiffer(f"The accrual in {currency} does not add up to what is unbilled.")
