"""The section of a customer's page with the month so far and its forecast."""

from django.utils.html import format_html
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import NOTHING
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.calendar.spans import Month
from billing_engine.core.read_replica import from_copy
from invoices.domain.wording import month_in_words
from leads.admin.customers import CustomerAdmin
from leads.models import Customer
from reports.admin.forecast_words import confidence_in_words, estimate, exact_in_words, notes_in_words, range_in_words
from reports.queries.forecast import Forecast, forecast_of


@from_copy
def forecast_fact(customer: Customer) -> str:
    """The customer's own month, with all that is known of it in one fact."""
    at = now()
    month = Month.of_day(customer.day_of(at))
    found = forecast_of([customer], at, month)
    return _in_words(found[0]) if found else NOTHING


def _in_words(forecast: Forecast) -> str:
    currency, month = forecast.customer.currency, month_in_words(str(forecast.month))
    so_far = f"{exact_in_words(forecast.so_far, currency)} charged so far for {month}"
    if forecast.forecast is None:
        return f"{so_far}. {confidence_in_words(forecast)}."
    whole = f"{estimate(forecast.forecast, currency)} expected in all"
    if forecast.low != forecast.high:
        whole += f", range {range_in_words(forecast.low, forecast.high, currency)}"
    before = f"{month_in_words(str(forecast.month.previous()))}: {exact_in_words(forecast.last_month, currency)}"
    return format_html("{}; {}.<br>{}", so_far, whole, " ".join([f"{before}.", *notes_in_words(forecast)]))


CustomerAdmin.extend_section(
    "Forecast",
    {"forecast": column(forecast_fact, lambda customer: customer, title="this month")},
    after="Billing",
    needs="pricing.view_charge",
)
