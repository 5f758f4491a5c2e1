"""The SQL of a question: one aggregation of the roll-up, joined only with what it needs."""

from collections.abc import Container, Iterable
from typing import Any

from reports.domain.question.dimensions import TIMES
from reports.queries.explore.scope import Scope

DAILY, MONTHLY = "pricing_dailyactivity", "pricing_monthlyactivity"
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
    "category": "category.fact",
    "source": "activity.source_id",
    "channel": "channel.fact",
    "action_type": "activity.action_type_id",
    "rule": "COALESCE(rule.first_revision_id, rule.id)",
    "outcome": "activity.outcome",
    "period": "period.label",
    **{code: f"date_trunc('{code}', activity.day::timestamp)::date" for code in TIMES},
    "day": "activity.day",
}
# A fact is in force until the next revision in force begins; of one day, the last counts.
FACTS = """
    JOIN (SELECT {subject}_id AS subject, {fact} AS fact, first_day,
                 lead(first_day, 1, 'infinity') OVER (PARTITION BY {subject}_id ORDER BY first_day, in_force_at, id) AS until
            FROM leads_{subject}revision WHERE in_force_at IS NOT NULL) {fact}
         ON {fact}.subject = activity.{subject}_id AND activity.day >= {fact}.first_day AND activity.day < {fact}.until
"""
JOINS = {
    "category": FACTS.format(subject="product", fact="category"),
    "channel": FACTS.format(subject="source", fact="channel"),
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
    keys = list(keys)
    return _select(
        scope, _activity(scope), keys, [f"COALESCE({SUMS[code]}, 0)" for code in sums], by_currency=by_currency
    )


def leads_sql(scope: Scope, keys: Iterable[str], *, by_currency: bool) -> tuple[str, dict[str, Any]]:
    """The same of the leads received: one sum, their count."""
    return _select(scope, LEADS, list(keys), ["sum(activity.leads)"], by_currency=by_currency)


def _activity(scope: Scope) -> str:
    return f"(SELECT *, month AS day FROM {MONTHLY})" if scope.by_months else DAILY  # noqa: S608 -- our own tables


def _select(
    scope: Scope, table: str, keys: list[str], sums: list[str], *, by_currency: bool
) -> tuple[str, dict[str, Any]]:
    columns = ["customer.currency" if by_currency else "''", *(KEYS[key] for key in keys), *sums]
    conditions, parameters = conditions_of(scope)
    groups = ", ".join(str(place + 1) for place in range(1 + len(keys)))
    statement = f"""
        SELECT {", ".join(columns)}
          FROM {table} activity
          JOIN leads_customer customer ON customer.id = activity.customer_id
          {joins_of({*keys, *scope.chosen})}
         WHERE {" AND ".join(conditions)}
         GROUP BY {groups}
    """  # noqa: S608 -- names of our own columns; what was asked for goes into parameters
    return statement, parameters


def joins_of(used: Container[str]) -> str:
    """What a statement has to join for these dimensions."""
    return " ".join(join for code, join in JOINS.items() if code in used)


def conditions_of(scope: Scope) -> tuple[list[str], dict[str, Any]]:
    """What rows of the roll-up the question is about, and the parameters."""
    first, last = scope.reach
    conditions, parameters = ["activity.day BETWEEN %(first)s AND %(last)s"], dict[str, Any](first=first, last=last)
    if not scope.is_one_reach:
        conditions.append(
            "EXISTS (SELECT FROM unnest(%(zones)s::text[], %(begins)s::date[], %(untils)s::date[]) AS asked (zone, begin, until)"
            " WHERE asked.zone = customer.time_zone AND activity.day BETWEEN asked.begin AND asked.until)"
        )
        begins, untils = zip(*scope.reaches.values(), strict=True)
        parameters |= {"zones": list(scope.reaches), "begins": list(begins), "untils": list(untils)}
    for name, values in scope.chosen.items():
        conditions.append(f"{KEYS[name]} = ANY(%({name})s)")
        parameters[name] = list(values)
    return conditions, parameters
