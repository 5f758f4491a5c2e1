"""A customer with a rated October, and people who change its terms."""

from datetime import UTC, date, datetime
from typing import Any

from django.contrib.auth.models import User

from billing_engine.core.models import ApprovalRequest
from leads.domain.terms.customer_terms import write_terms
from leads.models import BillingPeriod, Customer, CustomerTerms
from pricing.domain.rate.rate import rate
from pricing.models import Charge
from tests.factories.leads import CustomerFactory
from tests.invoices.made import a_price, an_open_period, received

AT = datetime(2026, 10, 20, 12, tzinfo=UTC)
OCTOBER_1, NOVEMBER_1, DECEMBER_1 = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)


def rated_october(**terms: Any) -> BillingPeriod:
    """Three sample orders of $2.50 each."""
    a_price()
    period = an_open_period(name="Acme", billing_contacts=["old@acme.example"], **terms)
    received(period, 1, 1, 1)
    rate(period, at=AT)
    return period


def written(
    customer: Customer, by: User, *, first_day: date = DECEMBER_1, reason: str = "Agreed by phone", **changes: Any
) -> CustomerTerms:
    return write_terms(customer, changes=changes, first_day=first_day, reason=reason, by=by, at=AT)


def of_day(customer: Customer, day: date, name: str) -> Any:
    return getattr(CustomerFactory._meta.model.objects.get(pk=customer.pk).terms.on(day), name)


def amounts() -> list[str]:
    return [str(amount) for amount in Charge.objects.order_by("pk").values_list("amount", flat=True)]


def the_request() -> ApprovalRequest:
    return ApprovalRequest.objects.get()
