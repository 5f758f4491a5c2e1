"""What a customer's past month would have cost under the prices of a later day, rated by the billing function.

Few actions are rated while the page waits; more of them by a worker, and kept until a rule, a fact, the customer's terms
or the month's charges change.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core.calendar.spans import Month, midnight
from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.collector import collector_off
from billing_engine.core.queues.leased import LeasedQueue
from leads.models import BillingPeriod, Customer
from pricing.domain.rate.book.books import Book, book_of, book_version
from pricing.domain.simulation.comparison.period import Tried, compare
from pricing.models import AnnouncedCost, PeriodTally
from pricing.rating.instants import Instant, moment
from pricing.rating.values import RuleFacts

AT_ONCE = 5_000  # actions, about a tenth of a second

State = AnnouncedCost.State


class ProductCost(NamedTuple):
    """What one product cost and would have cost, in micro-units, and how many of its actions have no price then."""

    product: int
    now: int = 0
    then: int = 0
    unpriced: int = 0


def announced_cost(customer: Customer, month: Month, *, prices_of: date, at: datetime) -> AnnouncedCost | None:
    """Return what the month would have cost, or that a worker is calculating it; None if the month is not rated."""
    periods = _periods(customer, month)
    tallies = list(PeriodTally.objects.filter(period__in=periods).order_by("period"))
    if not periods or len(tallies) < len(periods):
        return None
    asked = AnnouncedCost(customer=customer)
    asked.month, asked.prices_of = str(month), prices_of
    asked.version = _version(asked, periods, tallies)
    if sum(tally.actions for tally in tallies) > AT_ONCE:
        return _kept(asked, at=at)
    asked.state, asked.products = State.DONE, rated_by_prices_of(prices_of, customer, month)
    return asked


@transaction.atomic
def _kept(asked: AnnouncedCost, *, at: datetime) -> AnnouncedCost:
    """Return what is kept, if nothing changed; otherwise ask a worker for it."""
    customer = Customer.objects.select_for_update(no_key=True).get(pk=asked.customer_id)
    kept = AnnouncedCost.objects.filter(customer=customer).first()
    if kept is not None and kept.version == asked.version:
        return kept
    asked.state, asked.next_attempt_at = State.WAITING, at
    asked.save(force_insert=kept is None, force_update=kept is not None)
    ANNOUNCED_COSTS.ask_for(asked)
    return asked


@collector_off()
@transaction.atomic
def rated_by_prices_of(day: date, customer: Customer, month: Month) -> list[ProductCost]:
    """Rate the month's actions by the rules in force on a day; the sums are those of stored charges, and those then."""
    periods = _periods(customer, month)
    book = book_of(customer)
    start, then = moment(periods[0].start_at), moment(midnight(day, customer.zone))
    tried = {customer.pk: Tried(Book(_rules_of(book, then, since=start), book.catalog))}
    found = dict[int, ProductCost]()
    for period in periods:
        [comparison] = compare([period], tried, grouped_by="product")
        for (_, grouped), sums in comparison.sums().items():
            product: Any = grouped  # the number of a stored product
            was = found.get(product, ProductCost(product))
            found[product] = ProductCost(
                product, was.now + sums.now.amount, was.then + sums.then.amount, was.unpriced + sums.then.unrated
            )
    return sorted(found.values())


def _rules_of(book: Book, then: Instant, *, since: Instant) -> list[RuleFacts]:
    """The rules in force at an instant, as if they were always in force since another one; no others."""
    return [
        replace(rule, effective_from=min(rule.effective_from, since), effective_to=None)
        for rule in book.rules
        if rule.effective_from <= then and (rule.effective_to is None or rule.effective_to > then)
    ]


def _periods(customer: Customer, month: Month) -> list[BillingPeriod]:
    found = BillingPeriod.objects.filter(customer=customer, label__in=month.labels).order_by("start_at")
    return list(found.select_related("customer").prefetch_related("customer__terms"))


def _version(asked: AnnouncedCost, periods: Sequence[BillingPeriod], tallies: Sequence[PeriodTally]) -> str:
    depends_on = (
        asked.month,
        asked.prices_of.isoformat(),
        book_version(),
        [period.customer_terms.pk for period in periods],
        [(tally.pk, tally.actions, str(tally.amount), tally.rated_at.isoformat()) for tally in tallies],
    )
    return sha256(repr(depends_on).encode()).hexdigest()


class AnnouncedCosts(LeasedQueue[AnnouncedCost, list[ProductCost]]):
    """Months of large customers to rate by announced prices."""

    task = "pricing.rate_announced"
    lease = timedelta(hours=1)

    def waiting(self) -> QuerySet[AnnouncedCost]:
        return AnnouncedCost.objects.filter(state=State.WAITING).select_related("customer")

    def ours(self, item: AnnouncedCost) -> QuerySet[AnnouncedCost]:
        """As for every queue; a result for prices that changed meanwhile is not written."""
        return super().ours(item).filter(version=item.version)

    def act(self, item: AnnouncedCost, *, at: datetime) -> list[ProductCost]:
        year, month = map(int, item.month.split("-"))
        return rated_by_prices_of(item.prices_of, item.customer, Month(year, month))

    def settle(self, item: AnnouncedCost, result: list[ProductCost], *, at: datetime) -> None:
        item.state, item.products, item.next_attempt_at = State.DONE, [list(each) for each in result], None

    def fail(self, item: AnnouncedCost, failure: Failure, *, at: datetime) -> None:
        item.state, item.message, item.next_attempt_at = State.FAILED, failure.words, None


ANNOUNCED_COSTS = AnnouncedCosts()
