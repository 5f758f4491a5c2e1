"""What a month's billing periods come to so far, from the roll-up, and what the month before came to."""

from dataclasses import dataclass
from decimal import Decimal

from billing_engine.core.calendar.spans import Cycle
from billing_engine.core.money import ZERO
from billing_engine.core.read_replica import rows_of

# The periods of two months are some hundreds each; what they hold is found by their index.
UNBILLED = """
    SELECT customer.currency, sum(activity.amount),
           COALESCE(sum(activity.amount) FILTER (WHERE activity.month < %(first)s), 0)
      FROM leads_billingperiod period
      JOIN leads_customer customer ON customer.id = period.customer_id
      JOIN pricing_monthlyactivity activity ON activity.period_id = period.id
     WHERE period.label = ANY (%(labels)s) AND period.state = 'open'
     GROUP BY 1
"""
CHARGED = """
    SELECT customer.currency, sum(tally.amount)
      FROM leads_billingperiod period
      JOIN leads_customer customer ON customer.id = period.customer_id
      JOIN pricing_periodtally tally ON tally.period_id = period.id
     WHERE period.label = ANY (%(labels)s)
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
    asked = {"labels": list(month.labels), "first": month.first}
    found = {currency: (amount, late) for currency, amount, late in rows_of(UNBILLED, asked)}
    before: dict[str, Decimal] = dict(rows_of(CHARGED, {"labels": list(month.previous().labels)}))
    return [
        Unbilled(currency, *found.get(currency, (ZERO, ZERO)), before.get(currency, ZERO))
        for currency in sorted({*found, *before})
    ]
