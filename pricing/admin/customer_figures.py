"""The figure on a customer's page of what is not billed yet."""

from billing_engine.core.admin_kit.cells import list_of
from billing_engine.core.admin_kit.overview.parts import Figure, figures_on
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.money import in_words
from leads.models import Customer
from pricing.queries.unbilled_now import unbilled_now


@figures_on("leads.customer", place=10, needs=("pricing.view_charge", "leads.view_billingperiod"))
def unbilled(customer: Customer) -> list[Figure]:
    """Return what was charged in open periods, which it opens."""
    found = unbilled_now(customer)
    since = f"since {day_in_words(customer.day_of(found.since))}" if found.since else "no open period"
    periods = list_of("leads.billingperiod", customer__id__exact=customer.pk, state__exact="open")
    return [Figure("Unbilled now", in_words(found.amount, customer.currency), since, periods)]
