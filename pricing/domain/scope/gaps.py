"""Action types of products that no rule would price at a wall-clock time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from leads.models import Product, ProductRevision, Source, SourceRevision
from leads.models.action import billable_on
from leads.models.revision import fact_on
from pricing.domain.scope.scopes import fixed_scope, in_time
from pricing.models import PriceRule

Row = dict[str, object]
LONGEST_NAME = 40
SCOPE = ("id", "customer_id", "product_id", "category", "source_id", "channel", "action_type_id", "currency")


@dataclass(frozen=True, slots=True)
class Gap:
    """An action type of a product that has no price from at least one active source."""

    product: str
    action_type: str


def gaps(
    rule: PriceRule,
    *,
    at: datetime,
    besides: Iterable[int] = (),
    with_rule: bool = True,
    within: PriceRule | None = None,
) -> list[Gap]:
    """The action types of products in the rule's scope, or in another one's, that no rule in force would price at `at`.

    `besides` are rules that will have ended by then; `with_rule` counts the rule itself as in force.
    """
    day = at.date()
    kinds = list(billable_on(day).order_by("name").values_list("pk", "name"))
    channel = fact_on(SourceRevision, "channel", day)
    sources = list(Source.objects.filter(is_active=True).annotate(channel=channel).values_list("pk", "channel"))
    force = PriceRule.objects.in_force().filter(currency=rule.currency, wall_from__lte=at).exclude(pk__in=besides)
    rows = list(in_time(force, at, None).values(*SCOPE))
    if with_rule:
        rows.append({name: getattr(rule, name) for name in SCOPE})
    found = list[Gap]()
    for customer, products in groupby(_products(within or rule, day), key=itemgetter("customer_id")):
        own = [row for row in rows if row["customer_id"] in (None, customer)]
        named = {row["product_id"] for row in own}
        # Rules can't tell products of one category apart unless they name them, so each kind is checked once.
        unpriced: dict[Any, list[str]] = {}
        for product in products:
            kind = product["pk"] if product["pk"] in named else product["category"]
            if kind not in unpriced:
                unpriced[kind] = _unpriced([row for row in own if _is_about(row, product)], kinds, sources)
            found += [Gap(_name(product), action_type) for action_type in unpriced[kind]]
    return found


def _unpriced(rows: list[Row], kinds: list[tuple[int, str]], sources: list[tuple[int, str]]) -> list[str]:
    """The action types that these rules do not price from every source."""
    return [
        name
        for kind, name in kinds
        if not _is_priced([row for row in rows if row["action_type_id"] in (None, kind)], sources)
    ]


def _name(product: Any) -> str:
    name = product["name"]
    return f"{product['sku']} · {name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + '…'}"


def _products(rule: PriceRule, day: date) -> Iterable[Any]:
    """The products in the rule's scope on a day, by customer."""
    known = fixed_scope(rule)
    names = {"customer_id": "customer_id", "product_id": "pk", "category": "category"}
    where = {names[name]: value for name, value in known.items() if name in names}
    found = Product.objects.filter(customer__currency=rule.currency, customer__is_active=True)
    found = found.annotate(category=fact_on(ProductRevision, "category", day)).filter(**where)
    return found.order_by("customer_id", "sku").values("pk", "customer_id", "sku", "name", "category")


def _is_about(row: Row, product: Any) -> bool:
    return row["product_id"] in (None, product["pk"]) and row["category"] in ("", product["category"])


def _is_priced(rows: list[Row], sources: list[tuple[int, str]]) -> bool:
    """Whether each active source finds a rule; a rule open to all sources makes the check unnecessary."""
    if any(row["source_id"] is None and row["channel"] == "" for row in rows):
        return True
    return bool(sources) and all(
        any(row["source_id"] in (None, source) and row["channel"] in ("", channel) for row in rows)
        for source, channel in sources
    )
