"""Rate periods with drafts and compare with the current charges; only sums and the largest changes are kept."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from leads.models import BillingPeriod, CustomerTerms
from pricing.domain.rate.book.books import Book
from pricing.domain.rate.decisions import DecidedPeriod, in_rating_order
from pricing.domain.rate.inputs import period_facts
from pricing.domain.simulation.comparison.carry import Carry, begun
from pricing.domain.simulation.comparison.charged_actions import ChargedActions, Current, ReadAhead, Stopped
from pricing.domain.simulation.comparison.outcomes import Comparison

AT_A_TIME = 10_000


@dataclass(slots=True)
class Tried:
    """What a customer's periods are rated by, and what they have carried over so far."""

    book: Book
    carry: Carry = field(default_factory=Carry)


@dataclass(slots=True, kw_only=True)
class SimulatedPeriod(DecidedPeriod):
    """A period being simulated."""

    comparison: Comparison = field(default_factory=Comparison)


def terms_of(period: BillingPeriod) -> CustomerTerms:
    """The terms of the period's first day."""
    return period.customer_terms


def compare(
    periods: Sequence[BillingPeriod],
    tried: Mapping[int, Tried],
    *,
    terms: Callable[[BillingPeriod], CustomerTerms] = terms_of,
    may_go_on: Callable[[], bool] = lambda: True,
    grouped_by: str = "action_type",
) -> list[Comparison]:
    """Rate one period of each of several customers, and compare; raises Stopped.

    `tried` is by customer. The sums are by rule and action type, or what else `grouped_by` names of an action.
    A customer's earlier periods come in earlier calls. Runs inside a transaction, writes nothing.
    """
    theirs = {period.customer_id: tried[period.customer_id] for period in periods}
    rules = {customer: each.book.rules for customer, each in theirs.items()}
    counters = begun(periods, rules, {customer: each.carry for customer, each in theirs.items()})
    these = [
        SimulatedPeriod(
            period=period,
            customer=period_facts(period, terms(period)),
            book=tried[period.customer_id].book,
            counters=counters[period.pk],
        )
        for period in periods
    ]
    _decide(these, may_go_on, grouped_by)
    for each in these:
        tried[each.period.customer_id].carry.end(each.period, each.counters)
    return [each.comparison for each in these]


def _decide(periods: Sequence[SimulatedPeriod], may_go_on: Callable[[], bool], grouped_by: str) -> None:
    current = deque[Current]()
    with ReadAhead(may_go_on) as ahead:
        stored = partial(ChargedActions, current=current, grouped_by=grouped_by, soon=ahead.soon)
        for each, actions in in_rating_order(periods, stored):
            decisions = each.decide(actions, faults={})  # actions that can't be priced count as unrated
            while batch := list(islice(decisions, AT_A_TIME)):
                each.comparison.add(current, batch)
    if not may_go_on():
        raise Stopped
