"""The outlook of each customer for a month: as kept, or worked out from the days before it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import mode

from billing_engine.core.calendar.spans import Month
from leads.models import Customer
from reports.domain.forecast.commitments import Commitments
from reports.domain.forecast.daily_amounts import daily_amounts, elapsed_days
from reports.domain.forecast.outlook import Outlook, add_up, outlook_of, spreads_of
from reports.domain.forecast.prepare import outlook_in, spread_in
from reports.domain.forecast.trials import Spread, Trial
from reports.models import ForecastBasis

Spreads = dict[str, Spread]  # of the total, by currency


def outlooks_of(
    customers: Sequence[Customer], month: Month, at: datetime, commitments: Mapping[int, Commitments]
) -> tuple[dict[int, Outlook], Spreads]:
    """Return the outlook by customer, and the spread of the total of all customers by currency.

    A total's spread is that of its sums in the past, after as many days as are over for most customers of the currency.
    It means something only for all customers.
    """
    kept = ForecastBasis.objects.filter(month=month.first)
    rows = {basis.customer_id: basis for basis in kept.filter(customer__in=customers)}
    elapsed = {each.pk: elapsed_days(each.day_of(at), month) for each in customers}
    found = {each.pk: outlook_in(rows[each.pk], elapsed[each.pk]) for each in customers if each.pk in rows}
    usual = {currency: mode(elapsed[each.pk] for each in own) for currency, own in _by_currency(customers).items()}
    totals = kept.filter(customer=None, currency__in=usual)
    spreads = {basis.currency: spread_in(basis, usual[basis.currency]) for basis in totals}
    missing = [each for each in customers if each.pk not in rows]
    if missing:
        outlooks, worked_out = _worked_out(missing, month, elapsed, usual, commitments)
        found, spreads = found | outlooks, worked_out | spreads
    return found, {currency: spread for currency, spread in spreads.items() if spread is not None}


def _worked_out(
    customers: Sequence[Customer],
    month: Month,
    elapsed: Mapping[int, int],
    usual: Mapping[str, int],
    commitments: Mapping[int, Commitments],
) -> tuple[dict[int, Outlook], dict[str, Spread | None]]:
    days = (month.next().first - month.first).days
    amounts = daily_amounts(customers, month, commitments)
    outlooks, totals = dict[int, Outlook](), dict[str, dict[int, list[Trial]]]()
    for customer in customers:
        if customer.pk in amounts:
            of_total = usual[customer.currency]
            history, asked = amounts[customer.pk].history, {elapsed[customer.pk], of_total}
            outlooks[customer.pk], trials = outlook_of(history, days, asked)
            add_up(totals.setdefault(customer.currency, {}), {of_total: trials[of_total]})
    return outlooks, {currency: spreads_of(trials).get(usual[currency]) for currency, trials in totals.items()}


def _by_currency(customers: Sequence[Customer]) -> dict[str, list[Customer]]:
    found = defaultdict[str, list[Customer]](list)
    for each in customers:
        found[each.currency].append(each)
    return found
