"""Decide the stored actions of many periods in one reading: what rating writes as charges, and a simulation compares."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from leads.models import BillingPeriod
from pricing.domain.rate.actions import START, Place, StoredActions, Without, period_of
from pricing.domain.rate.book.books import Book
from pricing.rating.counters import Counters, DailySums
from pricing.rating.period import needs_foresight, rate_period
from pricing.rating.values import ActionFacts, ActionId, CustomerFacts, Decision


@dataclass(slots=True, kw_only=True)
class DecidedPeriod:
    """A period whose actions are decided, and all that its decisions depend on besides them."""

    period: BillingPeriod
    customer: CustomerFacts
    book: Book
    counters: Counters
    after: Place = START

    @property
    def has_foresight(self) -> bool:
        return needs_foresight(self.book.rules)

    def decide(
        self, actions: Iterable[ActionFacts], *, faults: dict[ActionId, str], sums: DailySums | None = None
    ) -> Iterator[Decision]:
        """One decision per action, added to `sums`; those that can't be priced are added to `faults`."""
        return rate_period(
            actions,
            customer=self.customer,
            rules=self.book.rules,
            catalog=self.book.catalog,
            carried=self.counters,
            faults=faults,
            sums=sums,
        )


Decided = TypeVar("Decided", bound=DecidedPeriod)


def in_rating_order(
    periods: Iterable[Decided],
    read: Callable[[Mapping[int, Place]], StoredActions],
    *,
    aside: Container[ActionId] = (),
) -> Iterator[tuple[Decided, Iterable[ActionFacts]]]:
    """Each period with its actions, those set aside left out; periods that have none may be missing.

    Take a period's actions before the next period. `read` begins to read the actions of periods after these places.
    """
    # One period at a time if a rule needs foresight, because its actions are read more than once.
    for some in _together(periods):
        actions = read({each.period.pk: each.after for each in some})
        if some[0].has_foresight:
            kept = actions.remember()
            yield some[0], Without(kept, aside) if aside else kept
            continue
        of = {each.period.pk: each for each in some}
        for period, theirs in groupby(Without(actions, aside) if aside else actions, key=period_of):
            yield of[period], theirs


def _together(periods: Iterable[Decided]) -> list[list[Decided]]:
    alone, together = list[list[Decided]](), list[Decided]()
    for each in periods:
        if each.has_foresight:
            alone.append([each])
        else:
            together.append(each)
    return [*alone, together] if together else alone
