"""The price list of a day, as a table for files."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from django.contrib.auth.models import User
from django.http import QueryDict

from billing_engine.core.calendar.wall_clock import written
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.read_replica import freshness, from_copy
from billing_engine.core.tables.table import Cell, Column, Kind, Notes, Table
from leads.models import Channel
from pricing.domain.rule_wording import price_in_words
from pricing.models import PriceRule
from reports.domain.exports.registry import Exportable, register
from reports.domain.question.wording import WHOSE_DAYS
from reports.queries.freshness import freshness_in_words
from reports.queries.prices.asked import list_asked
from reports.queries.prices.price_list import ListedRule, PriceList, price_list

PERMISSION = "pricing.view_pricerule"
COLUMNS = (
    Column("Place", Kind.INTEGER),
    *map(Column, ("State", "Rule", "Currency", "Customer", "Product", "Category", "Source", "Channel", "Action type")),
    Column("Priority", Kind.INTEGER),
    *map(Column, ("Price", "From", "Until (exclusive)", "Outranked by", "Never applies on this day", "Then")),
)


def placed(found: PriceList) -> Iterator[tuple[int, ListedRule]]:
    """Each rule with its place in the list of its currency."""
    places = Counter[str]()
    for one in found.in_force:
        places[one.rule.currency] += 1
        yield places[one.rule.currency], one


def then_in_words(one: ListedRule) -> str:
    """The price that follows when the rule ends; empty if none does."""
    return price_in_words(one.followed_by) if one.followed_by else ""


@from_copy
def prices_table(query: str, _: User, at: datetime) -> Table:
    """Every rule in force on the day, best first, and those that start later; raises BadQuestion."""
    customer, day = list_asked(QueryDict(query).dict(), at=at)
    found = price_list(customer, day)
    asked = f"Price list of {customer or 'all customers'}, {day_in_words(day)}"
    return Table(
        name="-".join(["prices", *([customer.code] if customer else []), str(day)]),
        title=asked,
        columns=COLUMNS,
        rows=_rows(found),
        notes=Notes(
            question=asked,
            time_zone=customer.time_zone if customer else WHOSE_DAYS,
            made_at=at,
            freshness=freshness_in_words(freshness()),
            total_rows=len(found.in_force) + len(found.announced),
        ),
    )


def _rows(found: PriceList) -> Iterator[list[Cell]]:
    for place, one in placed(found):
        outranked, never = "; ".join(map(str, one.outranked_by)), "yes" if one.never_wins else ""
        yield [place, "In force", *_cells(one.rule), outranked, never, then_in_words(one)]
    for rule in found.announced:
        yield [None, "Starts later", *_cells(rule), "", "", ""]


def _cells(rule: PriceRule) -> list[Cell]:
    return [
        rule.name,
        rule.currency,
        rule.customer.code if rule.customer else "",
        rule.product.sku if rule.product else "",
        rule.category,
        rule.source.code if rule.source else "",
        Channel(rule.channel).label if rule.channel else "",
        rule.action_type.code if rule.action_type else "",
        rule.priority,
        price_in_words(rule),
        written(rule.wall_from),
        written(rule.wall_to) if rule.wall_to else "",
    ]


PRICES = register(Exportable("prices", needs=(PERMISSION,), table=prices_table))
