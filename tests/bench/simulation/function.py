"""The baseline of a simulation: the rating function alone, with its actions already in memory."""

import time
from collections import deque
from itertools import groupby

from django.db import transaction

from leads.models import BillingPeriod
from pricing.domain.rate.actions import START, StoredActions, period_of
from pricing.domain.rate.book.books import books_of
from pricing.domain.rate.carry_over import carried_over
from pricing.domain.rate.inputs import period_facts
from pricing.domain.rate.sweep import TOGETHER
from pricing.rating.period import rate_period


def function_alone(periods: list[int]) -> tuple[float, float]:
    """Seconds to decide every action of these periods, and to fetch them before."""
    decided = fetched = 0.0
    for start in range(0, len(periods), TOGETHER):
        with transaction.atomic():
            deciding, fetching = _some(periods[start : start + TOGETHER])
        decided, fetched = decided + deciding, fetched + fetching
    return decided, fetched


def _some(numbers: list[int]) -> tuple[float, float]:
    periods = list(BillingPeriod.objects.select_related("customer").filter(pk__in=numbers))
    customers = {period.pk: period.customer for period in periods}
    by_pk = {period.pk: period for period in periods}
    books = books_of(customers.values())
    carried = carried_over(periods, {pk: book.rules for pk, book in books.items()})
    started = time.perf_counter()
    actions = {pk: list(each) for pk, each in groupby(StoredActions(dict.fromkeys(numbers, START)), key=period_of)}
    fetched = time.perf_counter()
    for pk, each in actions.items():
        decisions = rate_period(
            each,
            customer=period_facts(by_pk[pk]),
            rules=books[customers[pk].pk].rules,
            catalog=books[customers[pk].pk].catalog,
            carried=carried[pk],
        )
        deque(decisions, maxlen=0)  # discarded at once
    return time.perf_counter() - fetched, fetched - started
