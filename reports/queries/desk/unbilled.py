"""The charges of a month's billing periods so far, the late activity among them, and all of the month before."""

from dataclasses import dataclass
from decimal import Decimal

from billing_engine.core.calendar.spans import Cycle
from billing_engine.core.money import ZERO
from billing_engine.core.read_replica import rows_of

# Rating adds up each period with its charges, so that only its late activity is read from the roll-up.
CHARGED = """
    SELECT customer.currency,
           COALESCE(sum(tally.amount) FILTER (WHERE period.label = ANY (%(labels)s) AND period.state = 'open'), 0),
           COALESCE(sum(tally.amount) FILTER (WHERE period.label = ANY (%(before)s)), 0)
      FROM leads_billingperiod period
      JOIN leads_customer customer ON customer.id = period.customer_id
      JOIN pricing_periodtally tally ON tally.period_id = period.id
     WHERE period.label = ANY (%(labels)s) OR period.label = ANY (%(before)s)
     GROUP BY 1
     ORDER BY 1
"""
LATE = """
    SELECT customer.currency, sum(activity.amount)
      FROM leads_billingperiod period
      JOIN leads_customer customer ON customer.id = period.customer_id
      JOIN pricing_monthlyactivity activity ON activity.period_id = period.id AND activity.month < %(first)s
     WHERE period.label = ANY (%(labels)s) AND period.state = 'open'
     GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Unbilled:
    """One currency: charged in the month's open periods, how much of it is late activity, and all of the month before."""

    currency: str
    amount: Decimal = ZERO
    late: Decimal = ZERO
    before: Decimal = ZERO


def unbilled_in(month: Cycle) -> list[Unbilled]:
    """Return the currencies of the month and of the one before, in order."""
    before = list(month.previous().labels)
    asked = {"labels": list(month.labels), "before": before, "first": month.first}
    late: dict[str, Decimal] = dict(rows_of(LATE, asked))
    return [
        Unbilled(currency, amount, late.get(currency, ZERO), earlier)
        for currency, amount, earlier in rows_of(CHARGED, asked)
    ]
