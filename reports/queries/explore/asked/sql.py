"""The SQL of a question: one aggregation of the roll-up, joined only with what it needs."""

from collections.abc import Container, Iterable
from typing import Any

from leads.models.revision import facts_in_force
from reports.domain.question.dimensions import TIMES
from reports.queries.explore.asked.cells import BY_ID, cells_of
from reports.queries.explore.asked.scope import Scope

CHARGED, COUNTED = "activity.outcome = 'charged'", "activity.outcome IN ('charged', 'included')"
SUMS = {
    "actions": "sum(activity.actions)",
    "charged": f"sum(activity.actions) FILTER (WHERE {CHARGED})",
    "included": "sum(activity.actions) FILTER (WHERE activity.outcome = 'included')",
    "excluded": f"sum(activity.actions) FILTER (WHERE NOT ({COUNTED}) AND activity.outcome <> 'unrated')",
    "unrated": "sum(activity.actions) FILTER (WHERE activity.outcome = 'unrated')",
    "quantity": f"sum(activity.quantity) FILTER (WHERE {COUNTED})",
    "amount": "sum(activity.amount)",
    "full_amount": "sum(activity.full_amount)",
}
KEYS = {
    "customer": "activity.customer_id",
    "product": "activity.product_id",
    "category": "category.category",
    "source": "activity.source_id",
    "channel": "channel.channel",
    "action_type": "activity.action_type_id",
    "rule": "COALESCE(rule.first_revision_id, rule.id)",
    "outcome": "activity.outcome",
    "period": "period.label",
    **{code: f"date_trunc('{code}', activity.day::timestamp)::date" for code in TIMES},
    "day": "activity.day",
}
# Weeks and months may begin before the first day that is asked for.
FACTS = """
    JOIN {table} {fact}
         ON {fact}.{subject}_id = activity.{subject}_id AND greatest(activity.day, %(first)s) >= {fact}.first_day
            AND greatest(activity.day, %(first)s) < {fact}.until
"""


def _by_fact(subject: str, fact: str) -> str:
    return FACTS.format(table=facts_in_force(subject, fact), subject=subject, fact=fact)


JOINS = {
    "category": _by_fact("product", "category"),
    "channel": _by_fact("source", "channel"),
    "rule": "LEFT JOIN pricing_pricerule rule ON rule.id = activity.rule_id",
    "period": "JOIN leads_billingperiod period ON period.id = activity.period_id",
}
# Leads look like activity to the joins and filters: each is received on one day, with one product and source.
LEADS = """(
    SELECT product.customer_id, lead.product_id, lead.source_id,
           (lead.received_at AT TIME ZONE customer.time_zone)::date AS day, 1 AS leads
      FROM leads_lead lead
      JOIN leads_product product ON product.id = lead.product_id
      JOIN leads_customer customer ON customer.id = product.customer_id
     WHERE NOT lead.is_test AND lead.received_at >= %(first)s::date - interval '1 day'
       AND lead.received_at < %(last)s::date + interval '2 days'
)"""


def sums_sql(
    scope: Scope, keys: Iterable[str], sums: Iterable[str], *, by_currency: bool
) -> tuple[str, dict[str, Any]]:
    """A statement of the sums by these dimensions, and its parameters: currency ("" if not asked for), keys, sums."""
    keys, sums = list(keys), list(sums)
    cells, parameters = cells_of(scope, keys, {code: SUMS[code] for code in sums}, by_currency=by_currency)
    zones, more = _zones(scope)
    conditions = [*zones, *(_filter(name) for name in scope.chosen if name not in BY_ID)]
    used = {*keys, *(name for name in scope.chosen if name not in BY_ID)}
    table = f"{cells} activity {'' if scope.is_one_reach else CUSTOMERS} {joins_of(used)}"
    added = [f"COALESCE(sum(activity.{code}), 0)" for code in sums]
    currency = "activity.currency" if by_currency else "''"
    return _select(table, [currency, *(KEYS[key] for key in keys)], added, conditions), parameters | more


def leads_sql(scope: Scope, keys: Iterable[str], *, by_currency: bool) -> tuple[str, dict[str, Any]]:
    """The same of the leads received: one sum, their count."""
    keys = list(keys)
    conditions, parameters = conditions_of(scope)
    table = f"{LEADS} activity {CUSTOMERS} {joins_of({*keys, *scope.chosen})}"
    currency = "customer.currency" if by_currency else "''"
    return _select(table, [currency, *(KEYS[key] for key in keys)], ["sum(activity.leads)"], conditions), parameters


CUSTOMERS = "JOIN leads_customer customer ON customer.id = activity.customer_id"


def _select(table: str, keys: list[str], sums: list[str], conditions: list[str]) -> str:
    groups = ", ".join(str(place + 1) for place, _ in enumerate(keys))
    return f"""
        SELECT {", ".join([*keys, *sums])}
          FROM {table}
         WHERE {" AND ".join(conditions or ["TRUE"])}
         GROUP BY {groups}
    """  # noqa: S608 -- names of our own columns; what was asked for goes into parameters


def joins_of(used: Container[str]) -> str:
    """What a statement has to join for these dimensions."""
    return " ".join(join for code, join in JOINS.items() if code in used)


def conditions_of(scope: Scope) -> tuple[list[str], dict[str, Any]]:
    """What rows of the roll-up the question is about, and the parameters."""
    first, last = scope.reach
    zones, parameters = _zones(scope)
    conditions = ["activity.day BETWEEN %(first)s AND %(last)s", *zones, *map(_filter, scope.chosen)]
    chosen = {name: list(values) for name, values in scope.chosen.items()}
    return conditions, parameters | chosen | {"first": first, "last": last}


def _zones(scope: Scope) -> tuple[list[str], dict[str, Any]]:
    if scope.is_one_reach:
        return [], {}
    condition = (
        "EXISTS (SELECT FROM unnest(%(zones)s::text[], %(begins)s::date[], %(untils)s::date[]) AS asked (zone, begin, until)"
        " WHERE asked.zone = customer.time_zone AND activity.day BETWEEN asked.begin AND asked.until)"
    )
    begins, untils = zip(*scope.reaches.values(), strict=True)
    return [condition], {"zones": list(scope.reaches), "begins": list(begins), "untils": list(untils)}


def _filter(name: str) -> str:
    return f"{KEYS[name]} = ANY(%({name})s)"
