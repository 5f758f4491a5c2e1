"""The monthly minimums of periods that have ended, opened or not."""

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from django.db.models import QuerySet

from billing_engine.core.calendar.spans import midnight
from invoices.domain.lines.minimum import minimum_of
from leads.domain.periods import missing_periods
from leads.models import BillingPeriod, Customer


def minimums_of(periods: Collection[int]) -> dict[int, Decimal]:
    """Return the minimums of these periods by ID; those of inactive customers, and of others without one, are left out."""
    found = BillingPeriod.objects.filter(pk__in=periods, customer__in=_with_minimum())
    with_terms = found.select_related("customer").prefetch_related("customer__terms")
    minimums = {period.pk: minimum_of(period)[0] for period in with_terms}
    return {period: minimum for period, minimum in minimums.items() if minimum}


def never_opened(after: date, *, until: datetime) -> list[tuple[BillingPeriod, Decimal]]:
    """Return the periods with a minimum, unsaved, that ended by the midnight before `after` and were never opened.

    Nothing occurred in them. `until` is not before that midnight in any time zone.
    """
    customers = _with_minimum().prefetch_related("terms")
    missing = missing_periods(customers, until=until)
    over = (period for period in missing if period.end_at <= midnight(after, period.customer.zone))
    return [(period, minimum) for period in over if (minimum := minimum_of(period)[0])]


def _with_minimum() -> QuerySet[Customer]:
    return Customer.objects.filter(is_active=True, terms__monthly_minimum__gt=0).distinct()
