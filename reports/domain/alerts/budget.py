"""Soft budgets: how much of the budget of an open billing period its charges have reached."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from billing_engine.core.calendar.spans import months_of
from billing_engine.core.money import MOST_PLACES, in_words
from leads.models import BillingPeriod
from receivables.models import EventKind
from reports.domain.alerts.finding import Finding

RULE = (
    "The charges of an open billing period reach 80%, or 100%, of the customer’s soft budget, prorated if the period is"
    " no whole month. Resolved when they are below, and when the period closes."
)
STEPS = {80: EventKind.BUDGET_80, 100: EventKind.BUDGET_100}  # by percent


def budgets(*, at: datetime) -> Iterator[Finding]:
    """Find open periods whose charges reached a step of their customer's soft budget."""
    charged = BillingPeriod.objects.open().filter(tally__amount__gt=0, start_at__lte=at)
    for period in charged.select_related("customer", "tally").prefetch_related("customer__terms"):
        budget = budget_of(period)
        if budget:
            yield from _found(period, budget)


def budget_of(period: BillingPeriod) -> Fraction | None:
    """Return the soft budget of the period, by the terms of its first day; None without one."""
    zone = period.customer.zone
    first, after = (instant.astimezone(zone).date() for instant in (period.start_at, period.end_at))
    terms = period.customer.terms.on(first)
    if terms.monthly_budget is None or terms.hard_budget:
        return None
    return Fraction(terms.monthly_budget) * months_of(first, after)


def _found(period: BillingPeriod, budget: Fraction) -> Iterator[Finding]:
    amount, customer = period.tally.amount, period.customer
    used = Fraction(amount) * 100 / budget
    reached = [step for step in STEPS if used >= step]
    told = in_words(Decimal(budget.numerator) / Decimal(budget.denominator), customer.currency)
    for step in reached:
        yield Finding(
            cause=f"{period.pk}:{step}",
            title=f"{customer}: {int(used):,}% of the budget of {period.in_words} used",
            words=(
                f"{in_words(amount, customer.currency)} is charged for {period.in_words}, of a soft budget of {told}."
                " Charges go on: a soft budget only alerts."
            ),
            customer=customer.pk,
            opens=step == reached[-1],  # those who hear of 100% need not hear of 80%
            event=STEPS[step],
            facts={
                "period": period.pk,
                "label": period.label,
                "amount": amount,
                "budget": round(Decimal(budget.numerator) / Decimal(budget.denominator), MOST_PLACES),
                "currency": customer.currency,
            },
        )
