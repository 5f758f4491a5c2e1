"""The actions behind a figure, latest day first: the roll-up says on which days they are, and only those are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from billing_engine.core.read_replica import rows_of
from pricing.domain.rate.activity import OUTCOME, WITH_CHARGE
from reports.domain.question.faults import BadQuestion
from reports.queries.explore.asked.cells import DAILY
from reports.queries.explore.asked.scope import Scope
from reports.queries.explore.asked.sql import conditions_of, joins_of

ROWS_A_PAGE = 100
CELLS_AT_A_TIME = 2_000
DAYS = """
    SELECT period_id, day, sum(actions), count(*)
      FROM (SELECT activity.period_id, activity.day, activity.actions
              FROM {daily} activity
              JOIN leads_customer customer ON customer.id = activity.customer_id
              {joins}
             WHERE {conditions} AND {after}
             ORDER BY activity.day DESC, activity.period_id DESC
             LIMIT {most}) cells
     GROUP BY 1, 2 ORDER BY day DESC, period_id DESC
"""
# Each action in the shape of the roll-up, so that the same conditions apply to it. Of each day only the last ones are read,
# in the order of the index: without COALESCE, the planner takes them for so few that it reads and sorts the whole day. Names
# are joined to what was found, because planning one join of all these tables takes longer than running it.
ACTIONS = """
    SELECT found.id, found.occurred_at, found.period_id, found.day, found.customer, found.time_zone, found.currency,
           lead.external_id, product.name, source.name, type.name, found.outcome, found.rule_id, found.quantity,
           found.amount, found.full_amount
      FROM unnest(%(of_periods)s::bigint[], %(of_days)s::date[]) AS asked (period_id, day)
     CROSS JOIN LATERAL (
        SELECT activity.*, customer.name AS customer, customer.time_zone, customer.currency
          FROM (SELECT action.id, action.lead_id, action.occurred_at, action.quantity, asked.period_id, asked.day,
                       period.customer_id, lead.product_id, lead.source_id, action.action_type_id, charge.rule_id,
                       {outcome} AS outcome, charge.amount, charge.full_amount
                  FROM leads_billingperiod period
                  JOIN leads_action action ON action.period_id = period.id
                       AND action.occurred_at >= asked.day::timestamp - interval '1 day'
                       AND action.occurred_at < asked.day::timestamp + interval '2 days'
                  JOIN leads_lead lead ON lead.id = action.lead_id
                  {with_charge}
                   AND period.id = asked.period_id) activity
          JOIN leads_customer customer ON customer.id = activity.customer_id
          {joins}
         WHERE COALESCE((activity.occurred_at AT TIME ZONE customer.time_zone)::date = activity.day, FALSE)
           AND {conditions} AND {after}
         ORDER BY activity.occurred_at DESC, activity.id DESC
         LIMIT {most}) found
      JOIN leads_lead lead ON lead.id = found.lead_id
      JOIN leads_product product ON product.id = found.product_id
      JOIN leads_source source ON source.id = found.source_id
      JOIN leads_actiontype type ON type.id = found.action_type_id
     ORDER BY found.day DESC, found.period_id DESC, found.occurred_at DESC, found.id DESC
     LIMIT {most}
"""
FROM_THE_DAY = "(activity.day, activity.period_id) <= (%(after_day)s::date, %(after_period)s)"
AFTER = """
    (activity.day, activity.period_id, activity.occurred_at, activity.id)
        < (%(after_day)s::date, %(after_period)s, %(after_at)s::timestamptz, %(after_action)s)
"""


Cell = tuple[int, date, Decimal, int]  # billing period, day, actions, and how many rows of the roll-up


class Place(NamedTuple):
    """The row after which a page begins."""

    day: date
    period: int
    occurred_at: datetime
    action: int

    @classmethod
    def read(cls, text: str) -> "Place":
        """From an address; raises BadQuestion."""
        try:
            day, period, at, action = text.split("_")
            occurred_at = datetime.fromisoformat(at)
            if occurred_at.tzinfo is None or max(len(period), len(action)) > len(str(2**62)):
                raise ValueError(text)
            return cls(date.fromisoformat(day), int(period), occurred_at, int(action))
        except ValueError:
            raise BadQuestion("after", "This page of rows does not exist. Start again from the first.") from None

    @property
    def asked(self) -> dict[str, Any]:
        """The parameters of a statement."""
        return {
            "after_day": self.day,
            "after_period": self.period,
            "after_at": self.occurred_at,
            "after_action": self.action,
        }

    def __str__(self) -> str:
        return f"{self.day}_{self.period}_{self.occurred_at.isoformat()}_{self.action}"


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """One action and its outcome."""

    action: int
    occurred_at: datetime
    period: int
    day: date
    customer: str
    time_zone: str
    currency: str
    lead: str
    product: str
    source: str
    action_type: str
    outcome: str
    rule: int | None
    quantity: Decimal
    amount: Decimal | None
    full_amount: Decimal | None

    @property
    def place(self) -> Place:
        """Where the next page begins."""
        return Place(self.day, self.period, self.occurred_at, self.action)


def page_of_rows(scope: Scope, after: Place | None = None, *, most: int = ROWS_A_PAGE) -> list[ActivityRow]:
    """At most so many actions that the question is about, those after a place."""
    return list(_after(scope, after, most))


def all_rows(scope: Scope) -> Iterator[ActivityRow]:
    """All of them, page by page, in flat memory."""
    after, most = None, CELLS_AT_A_TIME
    while page := page_of_rows(scope, after, most=most):
        yield from page
        after = page[-1].place


def _after(scope: Scope, after: Place | None, most: int) -> Iterator[ActivityRow]:
    conditions, parameters = conditions_of(scope)
    asked: dict[str, Any] = parameters | (after.asked if after else {})
    sql = {"joins": joins_of(scope.chosen), "conditions": " AND ".join(conditions)}
    while most > 0:
        first = FROM_THE_DAY if "after_day" in asked else "TRUE"
        cells = list(rows_of(DAYS.format(daily=DAILY, after=first, most=CELLS_AT_A_TIME, **sql), asked))
        days = _enough(cells, most)
        if not days:
            return
        of = {"of_periods": [period for period, *_ in days], "of_days": [day for _, day, *_ in days]}
        then = AFTER if "after_action" in asked else "TRUE"
        found = [
            ActivityRow(*row)
            for row in rows_of(
                ACTIONS.format(after=then, most=most, outcome=OUTCOME, with_charge=WITH_CHARGE, **sql), asked | of
            )
        ]
        yield from found
        most -= len(found)
        if len(days) == len(cells) and sum(cell[3] for cell in cells) < CELLS_AT_A_TIME:
            return
        # The next days begin after the last of these.
        period, day, *_ = days[-1]
        asked |= {"after_day": day, "after_period": period - 1}
        asked.pop("after_action", None)


def _enough(cells: Sequence[Cell], most: int) -> list[Cell]:
    """The first days that hold so many actions, besides those of the first day, which may lie before the page."""
    counted = Decimal(0)
    for place, cell in enumerate(cells):
        counted += cell[2] if place else 0
        if counted >= most:
            return list(cells[: place + 1])
    return list(cells)
