"""Prices that begin later, and what last month would have cost under them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from billing_engine.core import money
from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wording import day_in_words
from leads.models import Customer, Product
from portal.words import counted, signed
from pricing.domain.rate.charges import to_decimal
from pricing.domain.simulation.announced import ProductCost, announced_cost
from pricing.models import AnnouncedCost, PriceRule

MOST_PRODUCTS = 50


@dataclass(frozen=True, slots=True)
class CostRow:
    """What one product cost, what it would have cost, and the difference."""

    product: str
    now: str
    then: str
    difference: str


@dataclass(frozen=True, slots=True)
class MonthThen:
    """A month under announced prices; without rows, a worker is still calculating it, or failed to."""

    month: str
    since: str
    is_waiting: bool
    rows: Sequence[CostRow] = ()
    total: CostRow | None = None
    unpriced: str = ""


def month_then(customer: Customer, announced: Sequence[PriceRule], month: Month, *, at: datetime) -> MonthThen | None:
    """Return what the month would have cost once all of these apply; None if none is announced or it was not rated."""
    if not announced:
        return None
    last = announced[-1].wall_from
    day = last.date() if last.time() == time.min else last.date() + timedelta(days=1)
    found = announced_cost(customer, month, prices_of=day, at=at)
    if found is None:
        return None
    name, since = f"{month.first:%B}", day_in_words(day)
    if found.state != AnnouncedCost.State.DONE:
        return MonthThen(name, since, found.state == AnnouncedCost.State.WAITING)
    costs = [ProductCost(*each) for each in found.products]
    unpriced = sum(each.unpriced for each in costs)
    return MonthThen(
        name,
        since,
        is_waiting=False,
        rows=list(_rows(customer, [each for each in costs if each.now or each.then])),
        total=_row("All products", costs, customer.currency),
        unpriced=counted(unpriced, "action") if unpriced else "",
    )


def _rows(customer: Customer, costs: Sequence[ProductCost]) -> list[CostRow]:
    """The products by name; of very many, those whose cost changes most, and the others together."""
    by_change = sorted(costs, key=lambda each: (-abs(each.then - each.now), -each.then))
    shown, others = by_change[:MOST_PRODUCTS], by_change[MOST_PRODUCTS:]
    names = dict(Product.objects.filter(pk__in=[each.product for each in shown]).values_list("pk", "name"))
    rows = sorted((_row(names[each.product], [each], customer.currency) for each in shown), key=lambda row: row.product)
    if others:
        rows.append(_row(counted(len(others), "other product"), others, customer.currency))
    return rows


def _row(name: str, costs: Sequence[ProductCost], currency: str) -> CostRow:
    now, then = (to_decimal(sum(sums)) for sums in zip(*((each.now, each.then) for each in costs), strict=True))
    change = "no change" if then == now else f"{'+' if then > now else ''}{signed(then - now, currency)}"
    return CostRow(name, money.in_words(now, currency), money.in_words(then, currency), change)
