"""The roll-up added up by ids, so that joins, facts and time zones meet few rows."""

from collections.abc import Collection, Mapping
from typing import Any

from reports.queries.explore.asked.scope import Scope

DAILY, MONTHLY = "pricing_dailyactivity", "pricing_monthlyactivity"
# The column of the roll-up that a dimension is found by.
IDS = {
    "customer": "customer_id",
    "product": "product_id",
    "category": "product_id",
    "source": "source_id",
    "channel": "source_id",
    "action_type": "action_type_id",
    "rule": "rule_id",
    "outcome": "outcome",
    "period": "period_id",
}
# Filters that need no more than the ids; those by facts need the day, too.
BY_ID = {
    **{name: f"{IDS[name]} = ANY(%({name})s)" for name in ("customer", "product", "source", "action_type", "outcome")},
    "rule": "rule_id IN (SELECT id FROM pricing_pricerule WHERE COALESCE(first_revision_id, id) = ANY(%(rule)s))",
    "period": "period_id IN (SELECT id FROM leads_billingperiod WHERE label = ANY(%(period)s))",
}
# The first day of what a day belongs to: 1900 began on a Monday. date_trunc takes ten times as long as the week's.
MOMENTS = {
    "day": "day",
    "week": "day - (day - DATE '1900-01-01') %% 7",
    "month": "date_trunc('month', day::timestamp)::date",
}


def cells_of(
    scope: Scope, keys: Collection[str], sums: Mapping[str, str], *, by_currency: bool
) -> tuple[str, dict[str, Any]]:
    """A table of these sums by ids, currency and, if needed, day, week or month; the first day of each is its day."""
    used = (*keys, *(name for name in scope.chosen if name not in BY_ID))
    ids = list(dict.fromkeys(IDS[name] for name in used if name in IDS))
    moment, join = _moment(scope), ""
    if moment:
        ids.append("day")
    if not scope.is_one_reach:
        ids = list(dict.fromkeys([*ids, "customer_id"]))
    groups = [f"activity.{each}" for each in ids]
    if by_currency:
        # Grouped by customer, sums would be many more than by currency.
        join = "JOIN leads_customer customer ON customer.id = activity.customer_id"
        groups.append("customer.currency")
    rows, parameters = _rows(scope, MOMENTS.get(moment, "day"))
    columns = [*groups, *(f"{statement} AS {code}" for code, statement in sums.items())]
    columns += [] if moment else ["%(first)s::date AS day"]
    grouped = f"GROUP BY {', '.join(groups)}" if groups else "HAVING count(*) > 0"
    return f"(SELECT {', '.join(columns)} FROM ({rows}) activity {join} {grouped})", parameters  # noqa: S608 -- names of our own columns


def _moment(scope: Scope) -> str:
    """The longest time by which sums still answer the question; "" if it is all of it."""
    times = {each.code for each in scope.question.dimensions if each.is_time}
    if "day" in times or scope.is_by_day:
        return "day"
    if "week" in times:
        return "week" if times == {"week"} and not scope.changes else "day"
    return "month" if times or scope.changes else ""


def _rows(scope: Scope, moment: str) -> tuple[str, dict[str, Any]]:
    """The rows of whole months from the sums of months, all others from those of days."""
    first, last = scope.reach
    parameters = dict[str, Any](first=first, last=last)
    conditions = ""
    for name, values in scope.chosen.items():
        parameters[name] = list(values)
        conditions += f" AND {BY_ID[name]}" if name in BY_ID else ""
    parts = list[str]()
    for table, day, shown, runs in (
        (MONTHLY, "month", "month", scope.stretches.months),
        (DAILY, "day", moment, scope.stretches.days),
    ):
        for run in runs:
            name = f"run{len(parts)}"
            parameters |= {f"{name}_first": run[0], f"{name}_last": run[1]}
            parts.append(
                f"SELECT {COLUMNS}, {shown} AS day FROM {table}"  # noqa: S608 -- names of our own columns
                f" WHERE {day} BETWEEN %({name}_first)s AND %({name}_last)s{conditions}"
            )
    return " UNION ALL ".join(parts), parameters


COLUMNS = ", ".join((*dict.fromkeys(IDS.values()), "actions", "quantity", "amount", "full_amount"))
