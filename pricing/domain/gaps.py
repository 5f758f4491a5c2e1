"""What has no price: action types of products, at a wall-clock time, that no rule would match."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from leads.models import ActionType, Product, Source
from pricing.domain.scopes import in_time, known_of
from pricing.models import PriceRule

Row = dict[str, object]
SCOPE = ("id", "customer_id", "product_id", "category", "source_id", "channel", "action_type_id", "currency")


@dataclass(frozen=True, slots=True)
class Gap:
    """An action type of a product that has no price, from some active source at least."""

    product: str
    action_type: str


def gaps(
    rule: PriceRule, *, at: datetime, besides: Iterable[int] = (), with_rule: bool = True, most: int = 20
) -> list[Gap]:
    """What of the rule's scope and its products' other actions no rule in force would price at `at`.

    `besides` are rules that will have ended then; `with_rule` counts the rule itself as in force.
    """
    found = list[Gap]()
    for gap in _gaps(rule, at, set(besides), with_rule=with_rule):
        found.append(gap)
        if len(found) == most:
            break
    return found


def _gaps(rule: PriceRule, at: datetime, besides: set[int], *, with_rule: bool) -> Iterator[Gap]:
    kinds = list(ActionType.objects.filter(is_billable=True).order_by("name").values_list("pk", "name"))
    sources = list(Source.objects.filter(is_active=True).values_list("pk", "channel"))
    force = PriceRule.objects.in_force().filter(currency=rule.currency, wall_from__lte=at).exclude(pk__in=besides)
    rows = list(in_time(force, at, None).values(*SCOPE))
    if with_rule:
        rows.append({name: getattr(rule, name) for name in SCOPE})
    for customer, products in groupby(_products(rule), key=itemgetter("customer_id")):
        own = [row for row in rows if row["customer_id"] in (None, customer)]
        for product in products:
            about = [row for row in own if _is_about(row, product)]
            for kind, name in kinds:
                if not _is_priced([row for row in about if row["action_type_id"] in (None, kind)], sources):
                    yield Gap(f"{product['sku']} · {product['name']}", name)


def _products(rule: PriceRule) -> Iterable[Any]:
    """Those the rule is about, by customer."""
    known = known_of(rule)
    names = {"customer_id": "customer_id", "product_id": "pk", "category": "category"}
    where = {names[name]: value for name, value in known.items() if name in names}
    found = Product.objects.filter(customer__currency=rule.currency, customer__is_active=True, **where)
    return found.order_by("customer_id", "sku").values("pk", "customer_id", "sku", "name", "category")


def _is_about(row: Row, product: Any) -> bool:
    return row["product_id"] in (None, product["pk"]) and row["category"] in ("", product["category"])


def _is_priced(rows: list[Row], sources: list[tuple[int, str]]) -> bool:
    """Whether each active source finds a rule; a rule open to all of them spares the look."""
    if any(row["source_id"] is None and row["channel"] == "" for row in rows):
        return True
    return bool(sources) and all(
        any(row["source_id"] in (None, source) and row["channel"] in ("", channel) for row in rows)
        for source, channel in sources
    )
