"""The price list in words, as a table."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from billing_engine.core.admin_kit.cells import link
from billing_engine.core.calendar.wall_clock import in_words
from leads.models import Customer
from pricing.domain.rule_wording import price_in_words, scope_in_words
from pricing.models import PriceRule
from reports.queries.prices.file import placed, then_in_words
from reports.queries.prices.price_list import ListedRule, PriceList

NAMED = 3  # of the rules that outrank one; the file has all of them
THIS_CUSTOMER = "this customer"
MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A rule, formatted."""

    place: str
    name: str
    scope: str
    priority: int
    price: str
    first: str
    last: str
    outranked: list[str]
    more: int
    never: bool
    then: str


def in_force_rows(found: PriceList, customer: Customer | None) -> list[PriceRow]:
    """Format the rules in force, best first; `customer` is the one whose list it is."""
    return [_row(one, customer, place) for place, one in placed(found)]


def announced_rows(found: PriceList, customer: Customer | None) -> list[PriceRow]:
    """Format the rules that start later."""
    return [_row(ListedRule(rule), customer) for rule in found.announced]


def first_in_words(rule: PriceRule) -> str:
    """The first day, with its time unless that is midnight."""
    return in_words(rule.wall_from)


def last_in_words(rule: PriceRule) -> str:
    """The last day, or the time at which it ends."""
    if rule.wall_to is None:
        return "no end"
    return in_words(_day(rule.wall_to)) if rule.wall_to.time() == time.min else f"until {in_words(rule.wall_to)}"


def _day(wall_to: datetime) -> datetime:
    return datetime.combine(wall_to - MOMENT, time.min)


def _row(one: ListedRule, customer: Customer | None, place: int | None = None) -> PriceRow:
    rule = one.rule
    scope = scope_in_words(rule)
    if customer is not None and rule.customer_id == customer.pk:
        scope[0] = THIS_CUSTOMER
    return PriceRow(
        place="" if place is None else f"{place:,}",
        name=link(rule),
        scope=" · ".join(scope) or "everything",
        priority=rule.priority,
        price=price_in_words(rule),
        first=first_in_words(rule),
        last=last_in_words(rule),
        outranked=[link(other) for other in one.outranked_by[:NAMED]],
        more=max(0, len(one.outranked_by) - NAMED),
        never=one.never_wins,
        then=then_in_words(one),
    )
