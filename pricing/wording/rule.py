"""A rule as data and as one sentence, which people approve and read on the page and in files.

A clause holds numbers and states all of them; nothing that decides an amount is left out. Tiers are stated as the
period counts, after the free allowance: with 10 free units, a tier up to 100 ends with unit 110.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pricing.rating.prices import Clause, Price
from pricing.rating.statement import Money, Statement, days, say
from pricing.wording.statement import words

NO_PRICE = "no price yet"


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms that a rule's sentence states; without a price while it is being written."""

    currency: str
    price: Price | None
    once_days: int = 0
    once_per_person: bool = False
    highest_only: bool = False
    cap_per_lead: int | None = None
    cap_per_period: int | None = None


@dataclass(frozen=True, slots=True)
class OncePer(Clause):
    """Repeats within this many days of a charge are not charged."""

    per_person: bool
    days: int

    @property
    def statement(self) -> Statement:
        return say(
            "once per person and action type in {days}"
            if self.per_person
            else "once per lead and action type in {days}",
            days=days(self.days),
        )


@dataclass(frozen=True, slots=True)
class HighestOnly(Clause):
    """Only one of a lead's actions in a period is charged."""

    @property
    def statement(self) -> Statement:
        return say("only the highest-priced action of a lead in a period")


@dataclass(frozen=True, slots=True)
class AtMostPerLead(Clause):
    """The most that one lead is ever charged."""

    limit: int

    @property
    def statement(self) -> Statement:
        return say("at most {limit} per lead over all periods", limit=Money(self.limit))


@dataclass(frozen=True, slots=True)
class AtMostPerPeriod(Clause):
    """The most that is charged in a period, for all leads together."""

    limit: int

    @property
    def statement(self) -> Statement:
        return say("at most {limit} per period", limit=Money(self.limit))


def sentence(terms: Terms) -> str:
    """The rule in one sentence: `$2.50 each, the first 10 units of a period free, at most $25.00 per lead over all periods`."""
    return ", ".join([price_of(terms), *limits_of(terms)])


def price_of(terms: Terms) -> str:
    """What it charges: `$2.50 each`."""
    return NO_PRICE if terms.price is None else words(terms.price.clause().statement, terms.currency)


def limits_of(terms: Terms) -> list[str]:
    """The rule's allowances and limits."""
    return [words(clause.statement, terms.currency) for clause in limit_clauses(terms)]


def clauses(terms: Terms) -> list[Clause]:
    """The clauses of the sentence, in order; without a price clause while there is no price."""
    price = [] if terms.price is None else [terms.price.clause()]
    return [*price, *limit_clauses(terms)]


def limit_clauses(terms: Terms) -> Iterator[Clause]:
    """The clauses after the price."""
    if terms.price is not None:
        yield from terms.price.allowances()
    if terms.once_days:
        yield OncePer(terms.once_per_person, terms.once_days)
    if terms.highest_only:
        yield HighestOnly()
    if terms.cap_per_lead is not None:
        yield AtMostPerLead(terms.cap_per_lead)
    if terms.cap_per_period is not None:
        yield AtMostPerPeriod(terms.cap_per_period)
