"""What a customer's terms say of a month: its minimum, its hard budget, and the days of the contract."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from billing_engine.core.calendar.spans import Month, months_of
from leads.models import Customer, CustomerTerms


@dataclass(frozen=True, slots=True)
class Commitments:
    """Amounts of the whole month, prorated if the customer is billed from a later day of it."""

    minimum: Decimal | None
    hard_budget: Decimal | None
    days: int  # of the month, up to the end of the contract


def commitments_of(customers: Sequence[Customer], month: Month) -> dict[int, Commitments]:
    """Return the commitments of each customer by the terms of the month's first day."""
    found = (
        CustomerTerms.objects.filter(customer__in=customers, first_day__lte=month.first, in_force_at__isnull=False)
        .order_by("customer", "-first_day", "-in_force_at", "-pk")
        .distinct("customer")
        .only("customer", "monthly_minimum", "monthly_budget", "hard_budget", "contract_to")
    )
    terms = {each.customer_id: each for each in found}
    return {each.pk: _of(terms[each.pk], each, month) for each in customers if each.pk in terms}


def _of(terms: CustomerTerms, customer: Customer, month: Month) -> Commitments:
    after = month.next().first
    months = months_of(max(month.first, customer.billed_from), after)
    ends = min(after, terms.contract_to + timedelta(days=1)) if terms.contract_to else after

    def prorated(amount: Decimal | None) -> Decimal | None:
        return None if amount is None else amount * months.numerator / months.denominator

    return Commitments(
        minimum=prorated(terms.monthly_minimum),
        hard_budget=prorated(terms.monthly_budget if terms.hard_budget else None),
        days=max(0, (ends - month.first).days),
    )
