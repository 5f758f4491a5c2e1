"""What a rule does, as data and in one sentence: the one that people approve, see on the page, and find in files.

A clause holds numbers and says them; nothing that decides an amount is left out. Tiers are told as the period counts: a
free allowance is before them, so with 10 free units a tier up to 100 ends with unit 110.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pricing.rating.prices import MICRO, Graduated, GraduatedPercentage, Package, Percentage, PerUnit, Price, Volume
from pricing.wording.numbers import days, money, number, percent, units, value

NO_PRICE = "no price yet"


@dataclass(frozen=True, slots=True)
class Terms:
    """A rule, as far as its sentence goes; without a price while it is being written."""

    currency: str
    price: Price | None
    once_days: int = 0
    once_per_person: bool = False
    highest_only: bool = False
    cap_per_lead: int | None = None
    cap_per_period: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A tier as the period counts: above so much, up to and with so much; its rate, and its fee."""

    above: int
    up_to: int | None
    rate: int
    fee: int


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that a rule does."""

    currency: str

    @property
    def words(self) -> str:
        """As the sentence says it."""
        raise NotImplementedError

    def money(self, micro: int) -> str:
        """In the rule's currency."""
        return money(micro, self.currency)


@dataclass(frozen=True, slots=True)
class EachUnit(Clause):
    """Every unit costs the same."""

    unit_price: int

    @property
    def words(self) -> str:
        return f"{self.money(self.unit_price)} each"


@dataclass(frozen=True, slots=True)
class UnitsByTier(Clause):
    """Each unit costs what its own tier says; a fee is due once a period, with what enters the tier first."""

    steps: tuple[Step, ...]

    @property
    def words(self) -> str:
        return ", then ".join(
            self._step(step, of=" of a period" * (not place)) for place, step in enumerate(self.steps)
        )

    def _step(self, step: Step, *, of: str) -> str:
        fee = f" plus {self.money(step.fee)} once per period on entering this tier" if step.fee else ""
        return f"{self.money(step.rate)} each for {units(step.above, step.up_to)}{of}{fee}"


@dataclass(frozen=True, slots=True)
class UnitsByTotal(Clause):
    """All units of a period, beyond the free ones, cost what the period's total says; so does the fee, due once."""

    steps: tuple[Step, ...]
    free_units: int

    @property
    def words(self) -> str:
        all_units = f"all units of a period{' beyond the free ones' if self.free_units else ''}"
        if len(self.steps) == 1:
            return f"{self._price(self.steps[0])} for {all_units}"
        steps = (f"{total_of(step, self.free_units)} at {self._price(step)}" for step in self.steps)
        return f"{all_units} by the period's total: {', '.join(steps)}"

    def _price(self, step: Step) -> str:
        return f"{self.money(step.rate)} each" + (f" plus {self.money(step.fee)} once per period" if step.fee else "")


@dataclass(frozen=True, slots=True)
class Packages(Clause):
    """Each package that is started costs its price, full or not."""

    size: int
    price: int
    free_units: int

    @property
    def words(self) -> str:
        beyond = " beyond the free ones" if self.free_units else ""
        return f"{self.money(self.price)} per package of {number(self.size)} units started in a period{beyond}"


@dataclass(frozen=True, slots=True)
class PercentOfValue(Clause):
    """A part of each action's value, and a fee, within bounds."""

    percent: int
    fee: int
    minimum: int | None
    maximum: int | None

    @property
    def words(self) -> str:
        fee = f" plus {self.money(self.fee)}" if self.fee else ""
        bounds = (("at least", self.minimum), ("at most", self.maximum))
        given = " and ".join(f"{name} {self.money(bound)}" for name, bound in bounds if bound is not None)
        within = f", {given} per action" if given else ""
        return f"{percent(self.percent)} of an action's value{fee}{within}, nothing without a value"


@dataclass(frozen=True, slots=True)
class ValueByTier(Clause):
    """Each part of a period's value costs what its own tier says; a fee is due once a period, on entering it."""

    steps: tuple[Step, ...]

    @property
    def words(self) -> str:
        return ", then ".join(map(self._step, self.steps))

    def _step(self, step: Step) -> str:
        fee = f" plus {self.money(step.fee)} once per period on entering this tier" if step.fee else ""
        of = (
            "an action's value"
            if len(self.steps) == 1
            else f"a period's {value(step.above, step.up_to, self.currency)}"
        )
        return f"{percent(step.rate)} of {of}{fee}"


@dataclass(frozen=True, slots=True)
class FreeUnits(Clause):
    """The first units of a period cost nothing."""

    units: int

    @property
    def words(self) -> str:
        return f"the first {'unit' if self.units == MICRO else f'{number(self.units)} units'} of a period free"


@dataclass(frozen=True, slots=True)
class FreeActions(Clause):
    """The first actions of a period cost nothing; those without a value are among them."""

    actions: int

    @property
    def words(self) -> str:
        return f"the first {_actions(self.actions)} of a period free, those without a value counted too"


@dataclass(frozen=True, slots=True)
class FreeValue(Clause):
    """The first value of a period costs nothing; of the action that passes it, the rest is charged as any other."""

    value: int

    @property
    def words(self) -> str:
        return f"the first {self.money(self.value)} of a period's value free, what is above it charged"


@dataclass(frozen=True, slots=True)
class FreeActionsOrValue(Clause):
    """Both, until one of them runs out."""

    actions: int
    value: int

    @property
    def words(self) -> str:
        actions = f"the first {_actions(self.actions)}, those without a value counted too,"
        return f"{actions} and the first {self.money(self.value)} of a period's value free until one of them runs out"


@dataclass(frozen=True, slots=True)
class OncePer(Clause):
    """What comes again within so many days of a charge is not charged."""

    per_person: bool
    days: int

    @property
    def words(self) -> str:
        return f"once per {'person' if self.per_person else 'lead'} and action type in {days(self.days)}"


@dataclass(frozen=True, slots=True)
class HighestOnly(Clause):
    """Of a lead's actions in a period one is charged."""

    @property
    def words(self) -> str:
        return "only the highest-priced action of a lead in a period"


@dataclass(frozen=True, slots=True)
class AtMostPerLead(Clause):
    """What is charged to a lead, ever."""

    limit: int

    @property
    def words(self) -> str:
        return f"at most {self.money(self.limit)} per lead over all periods"


@dataclass(frozen=True, slots=True)
class AtMostPerPeriod(Clause):
    """What is charged in a period, to all leads together."""

    limit: int

    @property
    def words(self) -> str:
        return f"at most {self.money(self.limit)} per period"


def sentence(terms: Terms) -> str:
    """The whole of it: `$2.50 each, the first 10 units of a period free, at most $25.00 per lead over all periods`."""
    return ", ".join([price_of(terms), *limits_of(terms)])


def price_of(terms: Terms) -> str:
    """What it charges: `$2.50 each`."""
    return NO_PRICE if terms.price is None else price_clause(terms.price, terms.currency).words


def limits_of(terms: Terms) -> list[str]:
    """What is free, what is charged once, what is the most."""
    return [clause.words for clause in limit_clauses(terms)]


def clauses(terms: Terms) -> list[Clause]:
    """The sentence's content, in its order; empty of a price while there is none."""
    price = [] if terms.price is None else [price_clause(terms.price, terms.currency)]
    return [*price, *limit_clauses(terms)]


def price_clause(price: Price, currency: str) -> Clause:
    """What a price charges, but for what is free."""
    match price:
        case PerUnit():
            return EachUnit(currency, price.unit_price)
        case Graduated():
            return UnitsByTier(currency, steps_of(price))
        case Volume():
            return UnitsByTotal(currency, steps_of(price), price.free_units)
        case Package():
            return Packages(currency, price.package_size, price.package_price, price.free_units)
        case Percentage():
            return PercentOfValue(currency, price.percent, price.fixed_fee, price.minimum, price.maximum)
        case GraduatedPercentage():
            return ValueByTier(currency, steps_of(price))


def limit_clauses(terms: Terms) -> Iterator[Clause]:
    """The rest of the sentence."""
    currency = terms.currency
    if terms.price is not None:
        yield from _free(terms.price, currency)
    if terms.once_days:
        yield OncePer(currency, terms.once_per_person, terms.once_days)
    if terms.highest_only:
        yield HighestOnly(currency)
    if terms.cap_per_lead is not None:
        yield AtMostPerLead(currency, terms.cap_per_lead)
    if terms.cap_per_period is not None:
        yield AtMostPerPeriod(currency, terms.cap_per_period)


def steps_of(price: Graduated | Volume | GraduatedPercentage) -> tuple[Step, ...]:
    """The tiers as the period counts: what is free comes before the first."""
    free = 0 if isinstance(price, GraduatedPercentage) else price.free_units
    ends = [None if tier.up_to is None else tier.up_to + free for tier in price.tiers]
    starts = [free, *ends[:-1]]
    return tuple(
        Step(start or 0, end, tier.rate, tier.flat_fee)
        for start, end, tier in zip(starts, ends, price.tiers, strict=True)
    )


def total_of(step: Step, free_units: int) -> str:
    """Which totals of a period pick the tier: `above 110 up to 510`; nothing where any does."""
    above = f"above {number(step.above)}" if step.above > free_units else ""
    up_to = "" if step.up_to is None else f"up to {number(step.up_to)}"
    return " ".join(filter(None, [above, up_to]))


def _free(price: Price, currency: str) -> Iterator[Clause]:
    if isinstance(price, Percentage):
        if price.free_actions and price.free_value:
            yield FreeActionsOrValue(currency, price.free_actions, price.free_value)
        elif price.free_actions:
            yield FreeActions(currency, price.free_actions)
        elif price.free_value:
            yield FreeValue(currency, price.free_value)
    elif not isinstance(price, GraduatedPercentage) and price.free_units:
        yield FreeUnits(currency, price.free_units)


def _actions(count: int) -> str:
    return "action" if count == 1 else f"{count:,} actions"
