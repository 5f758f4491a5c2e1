"""The figure of a customer's page with the forecast of the month."""

from django.utils.timezone import now

from billing_engine.core.admin_kit.overview.parts import Figure, figures_on
from billing_engine.core.calendar.spans import Month
from billing_engine.core.read_replica import from_copy
from leads.models import Customer
from reports.admin.forecast_words import confidence_in_words, estimate, exact_in_words, notes_in_words, range_in_words
from reports.queries.forecast import Forecast, forecast_of


@figures_on("leads.customer", place=40, needs=("pricing.view_charge",))
@from_copy
def forecast(customer: Customer) -> list[Figure]:
    """Return what the month is expected to come to, with its range and what the terms do with it."""
    at = now()
    month = Month.of_day(customer.day_of(at))
    return [_figure(each) for each in forecast_of([customer], at, month)]


def _figure(found: Forecast) -> Figure:
    currency = found.customer.currency
    is_ranged = found.low is not None and found.low != found.high
    range_ = range_in_words(found.low, found.high, currency) if is_ranged else ""
    why_not = f"{confidence_in_words(found)}." if found.forecast is None else ""
    before = f"{found.month.previous().first:%B}: {exact_in_words(found.last_month, currency)}."
    return Figure(
        f"{found.month.first:%B} forecast",
        estimate(found.forecast, currency),
        " ".join(filter(None, [f"{range_}." if range_ else "", why_not, before, *notes_in_words(found)])),
    )
