"""What a change of terms does to amounts: the upper layers, which know amounts, register what they can tell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from leads.models import BillingPeriod, Customer, CustomerTerms
from leads.models.revision import in_force_on


@dataclass(frozen=True, slots=True)
class ProposedTerms:
    """The terms of a customer as they would be, and the periods whose amounts could differ."""

    customer: Customer
    first_day: date
    revisions: Sequence[CustomerTerms]  # of the customer, as if the change was in force
    periods: Sequence[BillingPeriod]

    def on(self, day: date) -> CustomerTerms:
        return in_force_on(self.revisions, day)


@dataclass(frozen=True, slots=True)
class PeriodEffect:
    """The amount of one period in words: now, with the change, and the difference."""

    period: BillingPeriod
    now: str
    then: str
    difference: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does, as people see it before they make or approve it."""

    periods: list[PeriodEffect] = field(default_factory=list)
    failing_checks: list[str] = field(default_factory=list)
    note: str = ""


Tell = Callable[[ProposedTerms, datetime], Effect]
_told_by: list[Tell] = []


def register(tell: Tell) -> None:
    """Add what an upper layer tells of a change."""
    _told_by.append(tell)


def effect_of(proposed: ProposedTerms, *, at: datetime) -> Effect:
    """Return what all layers tell of this change."""
    found = [tell(proposed, at) for tell in _told_by]
    return Effect(
        [each for one in found for each in one.periods],
        [each for one in found for each in one.failing_checks],
        " ".join(one.note for one in found if one.note),
    )
