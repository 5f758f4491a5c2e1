"""What a change of a customer's terms does: its open periods rated by them, and its price checks."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from billing_engine.core import money
from billing_engine.core.calendar.spans import midnight
from leads.domain.terms.effects import Effect, PeriodEffect, ProposedTerms
from leads.models import Action, BillingPeriod
from pricing.domain.rate.book.books import book_of
from pricing.domain.rate.charges import to_decimal
from pricing.domain.rule_book.checks import run_checks
from pricing.domain.simulation.comparison.outcomes import Comparison
from pricing.domain.simulation.comparison.period import Tried, compare
from pricing.models import PriceCheck

AT_ONCE = 100_000  # actions, about two seconds
CHARGES_ONLY = "The amounts are charges: minimums and taxes are added when the invoice is drafted."
CLOSED = "Closed periods keep their charges unless they are reopened."


def tell(proposed: ProposedTerms, at: datetime) -> Effect:
    """Return the amount of each open period now and with the terms, and the price checks that would fail."""
    open_ones = [period for period in proposed.periods if period.is_open]
    notes = [CHARGES_ONLY] if open_ones else []
    if len(open_ones) < len(proposed.periods):
        notes.append(CLOSED)
    rated: list[PeriodEffect] = []
    if _actions(open_ones) > AT_ONCE:
        notes.append(f"These periods have more than {AT_ONCE:,} actions, too many to rate while you wait.")
    else:
        rated = _rated(proposed, open_ones)
    return Effect(rated, _failing(proposed, at), " ".join(notes))


@transaction.atomic
def _rated(proposed: ProposedTerms, periods: Sequence[BillingPeriod]) -> list[PeriodEffect]:
    customer = proposed.customer
    tried = {customer.pk: Tried(book_of(customer))}
    found = list[PeriodEffect]()
    for period in periods:
        [comparison] = compare([period], tried, terms=lambda period: proposed.on(period.first_day))
        found.append(_in_words(period, comparison))
    return found


def _in_words(period: BillingPeriod, comparison: Comparison) -> PeriodEffect:
    currency = period.customer.currency
    now, then = map(to_decimal, comparison.amounts())
    difference = money.difference_in_words(then - now, currency)
    return PeriodEffect(period, money.price_in_words(now, currency), money.price_in_words(then, currency), difference)


def _failing(proposed: ProposedTerms, at: datetime) -> list[str]:
    """The checks of the customer that fail by these terms, and would not or otherwise without them."""
    customer = proposed.customer
    begins = at if proposed.first_day <= customer.day_of(at) else midnight(proposed.first_day, customer.zone)
    checks = PriceCheck.objects.filter(customer=customer)
    now, then = run_checks(checks, at=begins), run_checks(checks, at=begins, terms=proposed.on)
    return [
        f"“{one.check}”: {one.found}"
        for one, before in zip(then, now, strict=True)
        if not one.holds and one.found != before.found
    ]


def _actions(periods: Iterable[BillingPeriod]) -> int:
    return Action.objects.filter(period__in=[period.pk for period in periods])[: AT_ONCE + 1].count()
