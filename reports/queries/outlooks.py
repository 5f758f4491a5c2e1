"""The outlook of each customer for a month: as kept, or worked out from the days before it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from billing_engine.core.calendar.spans import Month
from leads.models import Customer
from reports.domain.forecast.commitments import Commitments
from reports.domain.forecast.daily_amounts import daily_amounts, elapsed_days
from reports.domain.forecast.outlook import Outlook, add_up, outlook_of, spreads_of
from reports.domain.forecast.prepare import UTC_ZONE, outlook_in, spread_in
from reports.domain.forecast.trials import Spread, Trial
from reports.models import ForecastBasis

Spreads = dict[str, Spread]  # of the total, by currency


def outlooks_of(
    customers: Sequence[Customer], month: Month, at: datetime, commitments: Mapping[int, Commitments]
) -> tuple[dict[int, Outlook], Spreads]:
    """Return the outlook by customer, and the spread of the total of all customers by currency.

    A total's spread is that of its sums in the past, as of the day in UTC. It means something only for all customers.
    """
    kept = ForecastBasis.objects.filter(month=month.first)
    rows = {basis.customer_id: basis for basis in kept.filter(customer__in=customers)}
    elapsed = {each.pk: elapsed_days(each.day_of(at), month) for each in customers}
    found = {each.pk: outlook_in(rows[each.pk], elapsed[each.pk]) for each in customers if each.pk in rows}
    today = elapsed_days(at.astimezone(UTC_ZONE).date(), month)
    spreads = {basis.currency: spread_in(basis, today) for basis in kept.filter(customer=None)}
    missing = [each for each in customers if each.pk not in rows]
    if missing:
        outlooks, totals = _worked_out(missing, month, elapsed, commitments)
        found, spreads = found | outlooks, totals | spreads
    return found, {currency: spread for currency, spread in spreads.items() if spread is not None}


def _worked_out(
    customers: Sequence[Customer], month: Month, elapsed: Mapping[int, int], commitments: Mapping[int, Commitments]
) -> tuple[dict[int, Outlook], dict[str, Spread | None]]:
    days = (month.next().first - month.first).days
    amounts = daily_amounts(customers, month, commitments)
    outlooks, totals = dict[int, Outlook](), dict[str, dict[int, list[Trial]]]()
    for customer in customers:
        if customer.pk in amounts:
            past = elapsed[customer.pk]
            outlook, trials = outlook_of(amounts[customer.pk].history, days, [past])
            outlooks[customer.pk] = outlook
            # Customers are up to a day apart, so the trials of a total are those of each one's own day.
            add_up(totals.setdefault(customer.currency, {}), {0: trials[past]})
    return outlooks, {currency: spreads_of(trials).get(0) for currency, trials in totals.items()}
