"""Rate the customers of a simulation together: every customer's first period, then every second one, and so on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from django.db import transaction

from billing_engine.core.queues.collector import collector_off
from leads.models import BillingPeriod, Customer, UnratedMark
from pricing.domain.proposals import as_if_in_force, proposed
from pricing.domain.rate.book.books import Book, books_of
from pricing.domain.rule_book.drafts import drafts_as_rules, with_drafts
from pricing.domain.simulation.comparison.period import Tried, compare
from pricing.domain.simulation.comparison.results import keep
from pricing.models import PriceRule, SimulatedCustomer, Simulation
from pricing.rating.values import CustomerId, RuleFacts, RuleId

Drafts = list[tuple[RuleFacts, RuleId | None]]
Save = Callable[[Sequence[SimulatedCustomer]], None]


@collector_off()
def simulate(simulation: Simulation, items: Sequence[SimulatedCustomer], *, save: Save) -> None:
    """Rate the customers' periods with the drafts, and keep the results; raises Stopped.

    `save` is called in each transaction with the customers whose periods it rated.
    """
    of = {item.customer_id: item for item in items}
    with transaction.atomic():
        periods, tried = _inputs(simulation, of)
    for some in _one_per_customer(periods):
        with transaction.atomic():
            compared = compare(some, tried, may_go_on=lambda: not _is_stopped(simulation))
            keep(simulation, list(zip(some, compared, strict=True)))
            marked = set(UnratedMark.objects.filter(period__in=some).values_list("period", flat=True))
            for period, comparison in zip(some, compared, strict=True):
                item = of[period.customer_id]
                item.actions_rated += comparison.actions
                item.behind += int(period.pk in marked)
                if period is periods[period.customer_id][-1]:
                    item.state, item.next_attempt_at = SimulatedCustomer.State.DONE, None
            save([of[period.customer_id] for period in some])


def _inputs(
    simulation: Simulation, customers: Mapping[int, object]
) -> tuple[dict[int, list[BillingPeriod]], dict[int, Tried]]:
    """Each customer's periods in order, and what they are rated by, as if the proposals were in force."""
    with as_if_in_force(proposed(simulation.proposals), at=simulation.created_at):
        periods: dict[int, list[BillingPeriod]] = {customer: [] for customer in customers}
        for period in (
            BillingPeriod.objects.filter(customer__in=customers, label__in=simulation.months)
            .select_related("customer")
            .prefetch_related("customer__terms")
            .order_by("start_at")
        ):
            periods[period.customer_id].append(period)
        owners = [theirs[0].customer for theirs in periods.values()]
        books = books_of(owners)
    drafts = _drafts(simulation)
    tried = dict[int, Tried]()
    for owner in owners:
        book = books[owner.pk]
        rules = with_drafts(book.rules, drafts(owner.zone, periods[owner.pk][0].start_at))
        tried[owner.pk] = Tried(Book([rule for rule in rules if _is_open_to(rule, owner)], book.catalog))
    return periods, tried


def _drafts(simulation: Simulation) -> Callable[[ZoneInfo, datetime], Drafts]:
    """The drafts as rules in a time zone, from a customer's first period on if the simulation says so."""
    found = simulation.drafts.filter(state=PriceRule.State.DRAFT).order_by("wall_from", "pk")
    drafts = list(found.prefetch_related("tiers"))

    @cache  # most customers share a time zone and a first day
    def in_zone(zone: ZoneInfo, first: datetime) -> Drafts:
        return drafts_as_rules(drafts, zone=zone, since=first if simulation.from_the_start else None)

    return in_zone


def _is_open_to(rule: RuleFacts, customer: Customer) -> bool:
    return rule.customer in (None, CustomerId(customer.pk)) and rule.currency == customer.currency


def _one_per_customer(periods: Mapping[int, list[BillingPeriod]]) -> Iterator[list[BillingPeriod]]:
    for place in range(max(map(len, periods.values()))):
        yield [theirs[place] for theirs in periods.values() if place < len(theirs)]


def _is_stopped(simulation: Simulation) -> bool:
    return Simulation.objects.filter(pk=simulation.pk, stopped_at__isnull=False).exists()
