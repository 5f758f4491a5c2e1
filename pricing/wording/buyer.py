"""Why a charge is what it is, in words made for the buyer: a sentence of facts, the calculation, what limits did.

No rule is named and none that lost: a buyer reads how the action was counted and what that costs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pricing.rating.prices import MICRO, Case, Graduated, PerUnit, Price, TierPart, Volume
from pricing.rating.prices.tiers import Step as TierStep
from pricing.rating.statement import say
from pricing.wording.numbers import money, number
from pricing.wording.statement import words, written

MOST_NAMED = 3  # units of an action that are told one by one
TEENS = range(11, 14)
ENDINGS = {1: "st", 2: "nd", 3: "rd"}
AS_OF_TODAY = "This is as of today; the month's end decides."


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted and where: `sample`, `October`, `USD`."""

    unit: str
    month: str
    currency: str
    is_open: bool = False

    def units(self, micro: int) -> str:
        """`1 sample`, `2 samples`."""
        return f"{number(micro)} {self.unit if micro == MICRO else plural(self.unit)}"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the calculation."""

    what: str
    how: str
    amount: str


@dataclass(frozen=True, slots=True)
class Range:
    """A price by range, as a step of a ladder; `is_hit` if units of the action fell into it."""

    units: str
    price: str
    is_hit: bool


def plural(unit: str) -> str:
    """`samples`, `inquiries`, `page views`."""
    if unit.endswith("s"):
        return unit
    if unit.endswith("y") and unit[-2:-1] not in "aeiou":
        return f"{unit[:-1]}ies"
    return f"{unit}es" if unit.endswith(("ch", "sh", "x")) else f"{unit}s"


def article(unit: str) -> str:
    """`A sample`, `An inquiry`."""
    return f"{'An' if unit[:1].lower() in 'aeiou' else 'A'} {unit}"


def ordinal(place: int) -> str:
    """`1st`, `52nd`, `111th`."""
    ending = "th" if place % 100 in TEENS else ENDINGS.get(place % 10, "th")
    return f"{place:,}{ending}"


def places(before: int, quantity: int) -> str:
    """`50th, 51st and 52nd`, or `50th to 60th`; empty if the units are not whole."""
    if before % MICRO or quantity % MICRO or not quantity:
        return ""
    first, last = before // MICRO + 1, (before + quantity) // MICRO
    if last - first >= MOST_NAMED:
        return f"{ordinal(first)} to {ordinal(last)}"
    names = [ordinal(place) for place in range(first, last + 1)]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def sentence(price: Price, case: Case, counted: Counted) -> str:
    """The fact behind the amount, in one or two sentences."""
    told = _sentence(price, case, counted)
    depends = counted.is_open and (price.needs_total or not price.stands_alone)
    return f"{told} {AS_OF_TODAY}" if depends else told


def _sentence(price: Price, case: Case, counted: Counted) -> str:
    parts = list(price.parts(case.before, case.quantity, case.value, total=case.total))
    if isinstance(price, Volume):
        return _by_total(price, case, counted)
    if isinstance(price, Graduated) and places(case.before.quantity, case.quantity):
        return _by_place(price, case, counted, [part for part in parts if part.tier])
    if isinstance(price, PerUnit):
        each = f"{article(counted.unit)} costs {money(price.unit_price, counted.currency)}."
        return f"{each} {_free(price.free_units, counted)}".strip()
    return f"The price of it: {words(price.clause().statement, counted.currency)}."


def _by_place(price: Graduated, case: Case, counted: Counted, parts: Sequence[TierPart]) -> str:
    many = case.quantity > MICRO
    told = places(case.before.quantity, case.quantity)
    unit = plural(counted.unit) if many else counted.unit
    fact = f"{'These were' if many else 'This was'} your {told} {unit} of {counted.month}"
    if not parts:
        return f"{fact}. {_free(price.free_units, counted)}"
    steps = [price.steps[part.tier - 1] for part in parts]
    one = article(counted.unit).lower()
    if len(parts) == 1:
        upper = steps[0].up_to
        span = f"from the {ordinal(steps[0].above // MICRO + 1)}"
        span += " on" if upper is None else f" to the {ordinal(upper // MICRO)}"
        return f"{fact}: {span}, {one} costs {money(steps[0].rate, counted.currency)}."
    rates = [money(step.rate, counted.currency) for step in steps]
    later = "; ".join(
        f"from the {ordinal(step.above // MICRO + 1)} on {one} costs {rate}"
        for step, rate in zip(steps[1:], rates[1:], strict=True)
    )
    first = places(case.before.quantity, parts[0].counted)
    return f"{fact}. The {first} still cost {rates[0]}; {later}."


def _by_total(price: Volume, case: Case, counted: Counted) -> str:
    total = counted.units(case.total)
    step = next(each for each in price.steps if each.up_to is None or case.total <= each.up_to)
    rate = money(step.rate, counted.currency)
    had = f"You had {total} in {counted.month}."
    if not step.above:
        return (
            f"{had} Up to {number(step.up_to)} in a month, each costs {rate}."
            if step.up_to
            else f"{had} Each costs {rate}."
        )
    above = number(step.above)
    return (
        f"{had} With more than {above} in a month, every {counted.unit} of that month costs {rate}, the first ones too."
    )


def price_in_words(price: Price, counted: Counted, *, span: str = "month") -> str:
    """What it costs: `the 1st to the 50th sample of a month $2.40 each, from the 51st $2.10 each`."""
    if not isinstance(price, Graduated | Volume) or any(step.above % MICRO for step in price.steps):
        return words(price.clause().statement, counted.currency)
    told = [_priced(price, step, counted, span, is_first=not place) for place, step in enumerate(price.steps)]
    lead = f"by the {span}'s total, for all of them: " if isinstance(price, Volume) else ""
    return lead + ", ".join(told)


def _priced(price: Price, step: TierStep, counted: Counted, span: str, *, is_first: bool) -> str:
    fee = f" plus {money(step.fee, counted.currency)} once" if step.fee else ""
    rate = f"{money(step.rate, counted.currency)} each{fee}"
    if isinstance(price, Volume):
        over = f"more than {number(step.above)}"
        return f"{over} {rate}" if step.up_to is None else f"up to {number(step.up_to)} {rate}"
    first = ordinal(step.above // MICRO + 1)
    if step.up_to is None:
        return f"from the {first} {rate}"
    of = f" {counted.unit} of a {span}" if is_first else ""
    return f"the {first} to the {ordinal(step.up_to // MICRO)}{of} {rate}"


def _free(units: int, counted: Counted) -> str:
    return f"The first {counted.units(units)} of a month are free." if units else ""


def calculation(price: Price, case: Case, counted: Counted) -> Iterator[Step]:
    """The parts that add up to the price before limits."""
    before = case.before.quantity
    for part in price.parts(case.before, case.quantity, case.value, total=case.total):
        row = price.row(part.tier)
        rate = "" if row.rate is None else written(row.rate, counted.currency)
        told = places(before, part.counted) if not row.is_money else ""
        count = money(part.counted, counted.currency) if row.is_money else number(part.counted)
        what = counted.units(part.counted)
        if not isinstance(price, PerUnit | Graduated | Volume):
            what = words(say(price.rows[row.kind], **row.numbers), counted.currency)
        if told and isinstance(price, Graduated):
            what += f", the {told}"
        if row.kind == "free":
            what, rate = f"{counted.units(part.counted)}, free of charge", ""
        how = f"{count} × {rate}" if rate else ""
        if part.flat_fee:
            how += f" + {money(part.flat_fee, counted.currency)} once"
        yield Step(what, how, money(part.amount, counted.currency))
        before += 0 if row.is_money else part.counted


def ladder(price: Price, case: Case, counted: Counted) -> list[Range]:
    """The prices by range, if the price has several."""
    steps = getattr(price, "steps", ())
    if len(steps) < 2 or not isinstance(price, Graduated | Volume):
        return []
    hit = {part.tier for part in price.parts(case.before, case.quantity, case.value, total=case.total)}
    found = []
    for place, step in enumerate(steps, start=1):
        first, last = step.above // MICRO + 1, None if step.up_to is None else step.up_to // MICRO
        units = f"from the {ordinal(first)}" if last is None else f"{ordinal(first)} to {ordinal(last)}"
        if isinstance(price, Volume):
            units = f"more than {number(step.above)}" if last is None else f"up to {number(step.up_to or 0)}"
        fee = f" + {money(step.fee, counted.currency)} once" if step.fee else ""
        found.append(Range(units, f"{money(step.rate, counted.currency)}{fee}", place in hit))
    return found
