"""The invariant of the roll-up: it is what the charges add up to."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from billing_engine.core.money import ZERO
from billing_engine.core.read_replica import rows_of
from pricing.domain.audit.activity import BY_PERIOD
from reports.queries.sums.invariant import Invariant, Sides


def rolled_up(parameters: Mapping[str, Any]) -> Invariant:
    """6a. The roll-up by day, and that by month, are the charges and the unrated actions of each period."""
    found = Invariant(
        "6a",
        "roll-up of activity",
        "charges and unrated actions, row by row, per period",
        "A period that is about to be rated again counts if it agrees. manage.py rebuild_rollups --verify lists the rows.",
    )
    actions, amounts = [0, 0], defaultdict[str, list[Any]](lambda: [ZERO, ZERO])
    for pk, currency, is_waiting, *sums, days, months in rows_of(BY_PERIOD, parameters):
        if is_waiting and (days or months):
            continue  # a lead or an action has changed since
        for n in (0, 1):
            actions[n] += sums[n]
            amounts[currency][n] += sums[2 + n]
        for count, form in ((days, "day"), (months, "month")):
            if count:
                found.add_breach(
                    "leads.billingperiod", pk, f"{count:,} row{'s' * (count != 1)} by {form} differ{'s' * (count == 1)}"
                )
    found.sides = [
        Sides("actions", actions[0], actions[1]),
        *(Sides(currency, both[0], both[1], currency) for currency, both in sorted(amounts.items())),
    ]
    return found
