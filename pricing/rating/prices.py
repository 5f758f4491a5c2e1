"""Step 4: the price models, one class each. Counted things and money are integers in micro-units.

The cumulative ones are a function `F` of what the rule has counted in the period: an action costs `F(after) − F(before)`,
so splitting a quantity never changes its price. A free allowance comes before everything: `F(x)` is what `x` less the
allowance costs, and tiers and packages count what is left.
"""

from dataclasses import dataclass, field

MICRO = 1_000_000
HALF = MICRO // 2
PERCENT = 100 * MICRO  # a percent in micro-units, of an amount


@dataclass(slots=True)
class Counted:
    """What a rule has counted in the period: actions, units, money value. Micro-units, but for the actions."""

    actions: int = 0
    quantity: int = 0
    value: int = 0


@dataclass(frozen=True, slots=True)
class Tier:
    """One step of a tiered price: (the tier before, up_to]; `up_to` None has no end. `rate` is money per unit, or percent."""

    up_to: int | None
    rate: int
    flat_fee: int = 0


@dataclass(frozen=True, slots=True)
class Stairs:
    """Tiers laid out for adding up: each step with its end, its start, what everything up to its start costs, its rate."""

    steps: tuple[tuple[int | None, int, int, int], ...]
    scale: int

    @classmethod
    def of(cls, tiers: tuple[Tier, ...], scale: int) -> "Stairs":
        """ValueError where these are no tiers; costs are kept at `scale` times micro-units, so that nothing is rounded."""
        check_tiers(tiers)
        steps, start, cost = [], 0, 0
        for tier in tiers:
            cost += tier.flat_fee * scale
            steps.append((tier.up_to, start, cost, tier.rate))
            if tier.up_to is not None:
                cost += (tier.up_to - start) * tier.rate
                start = tier.up_to
        return cls(tuple(steps), scale)

    def up_to(self, counted: int) -> int:
        """`F(counted)`: what everything up to there costs together, rounded once; nothing costs nothing."""
        if counted <= 0:
            return 0
        for end, start, cost, rate in self.steps:
            if end is None or counted <= end:
                return (cost + (counted - start) * rate + self.scale // 2) // self.scale
        raise AssertionError("The last tier has no end.")


@dataclass(frozen=True, slots=True)
class PerUnit:
    """`F(x) = x × unit price`."""

    unit_price: int
    free_units: int = 0

    def price(self, before: Counted, quantity: int, value: int | None) -> int:
        counted, each = before.quantity, self.unit_price
        if self.free_units:
            low = paid_part(counted, self.free_units)
            return between(low, paid_part(counted + quantity, self.free_units), each)
        # The same, without the calls: this line is passed once per action.
        low = counted * each + HALF
        return (low + quantity * each) // MICRO - low // MICRO


@dataclass(frozen=True, slots=True)
class Graduated:
    """`F(c + q) − F(c)` over tiers of units."""

    tiers: tuple[Tier, ...]
    free_units: int = 0
    stairs: "Stairs" = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stairs", Stairs.of(self.tiers, MICRO))

    def price(self, before: Counted, quantity: int, value: int | None) -> int:
        low = paid_part(before.quantity, self.free_units)
        high = paid_part(before.quantity + quantity, self.free_units)
        return self.stairs.up_to(high) - self.stairs.up_to(low)


@dataclass(frozen=True, slots=True)
class Volume:
    """The period's total picks one tier, whose unit price applies to all units; its flat fee falls on the first."""

    tiers: tuple[Tier, ...]
    free_units: int = 0

    def __post_init__(self) -> None:
        check_tiers(self.tiers)

    def tier(self, total: int) -> Tier:
        """The one tier that the period's total quantity picks."""
        paid = paid_part(total, self.free_units)
        return next(tier for tier in self.tiers if tier.up_to is None or paid <= tier.up_to)

    def price_within(self, total: int, before: Counted, quantity: int) -> int:
        """What `quantity` costs in a period whose total is `total`."""
        tier = self.tier(total)
        low = paid_part(before.quantity, self.free_units)
        high = paid_part(before.quantity + quantity, self.free_units)
        return between(low, high, tier.rate) + (tier.flat_fee if high and not low else 0)


@dataclass(frozen=True, slots=True)
class Package:
    """`P` per started block of `N` units: the action that opens a block carries its price."""

    package_size: int
    package_price: int
    free_units: int = 0

    def __post_init__(self) -> None:
        if self.package_size <= 0:
            raise ValueError("A package holds more than nothing.")

    def price(self, before: Counted, quantity: int, value: int | None) -> int:
        return self.package_price * (self._blocks(before.quantity + quantity) - self._blocks(before.quantity))

    def _blocks(self, quantity: int) -> int:
        return -(-paid_part(quantity, self.free_units) // self.package_size)


@dataclass(frozen=True, slots=True)
class Percentage:
    """`p %` of the action's value plus a fixed fee, between a minimum and a maximum; the first N actions or value V free."""

    percent: int
    fixed_fee: int = 0
    minimum: int | None = None
    maximum: int | None = None
    free_actions: int = 0
    free_value: int = 0

    def price(self, before: Counted, quantity: int, value: int | None) -> int:
        if not value:
            return 0
        return self.of_value(value - self.free_part(before, value))

    def of_value(self, charged: int | None) -> int:
        """What this much of an action's value costs, beyond what is free of it."""
        if not charged:
            return 0
        amount = share(charged, self.percent) + self.fixed_fee
        if self.minimum is not None:
            amount = max(amount, self.minimum)
        return amount if self.maximum is None else min(amount, self.maximum)

    def free_part(self, before: Counted, value: int) -> int:
        """What of the value is free: the allowance ends with whichever part of it runs out first."""
        if not (self.free_actions or self.free_value) or (self.free_actions and before.actions >= self.free_actions):
            return 0
        return min(value, max(0, self.free_value - before.value)) if self.free_value else value


@dataclass(frozen=True, slots=True)
class GraduatedPercentage:
    """`F(v + value) − F(v)` over tiers of value, each with its percent."""

    tiers: tuple[Tier, ...]
    stairs: "Stairs" = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stairs", Stairs.of(self.tiers, PERCENT))

    def price(self, before: Counted, quantity: int, value: int | None) -> int:
        return self.stairs.up_to(before.value + (value or 0)) - self.stairs.up_to(before.value)


Price = PerUnit | Graduated | Volume | Package | Percentage | GraduatedPercentage


def check_tiers(tiers: tuple[Tier, ...]) -> None:
    """ValueError unless they ascend and the last one, alone, has no end."""
    ends = [tier.up_to for tier in tiers]
    bounded = [end for end in ends if end is not None]
    if not ends or ends[-1] is not None or len(bounded) != len(ends) - 1 or bounded != sorted(set(bounded)):
        raise ValueError("Tiers ascend, and the last one has no end.")
    if bounded and bounded[0] <= 0:
        raise ValueError("A tier ends above zero.")


# Those that are of an action's value, not of its quantity.
OF_VALUE = (Percentage, GraduatedPercentage)


def costs_anything(price: Price) -> bool:
    """Whether it can ever come to more than nothing."""
    if isinstance(price, PerUnit):
        return price.unit_price > 0
    if isinstance(price, Package):
        return price.package_price > 0
    if isinstance(price, Percentage):
        return price.maximum != 0 and bool(price.percent or price.fixed_fee or price.minimum)
    tiers: tuple[Tier, ...] = getattr(price, "tiers", ())  # what stands for a price that can't be told has none
    return any(tier.rate or tier.flat_fee for tier in tiers)


def between(low: int, high: int, unit_price: int) -> int:
    """`F(high) − F(low)` for units × price, in micro-units, each rounded half away from zero."""
    return _rounded(high * unit_price, MICRO) - _rounded(low * unit_price, MICRO)


def share(value: int, percent: int) -> int:
    """Percent of a value, in micro-units, half away from zero."""
    return _rounded(value * percent, PERCENT)


def paid_part(counted: int, free: int) -> int:
    """What of the counted is beyond the free allowance."""
    return counted - free if counted > free else 0


def _rounded(product: int, scale: int) -> int:
    # Neither prices nor quantities are negative, so half up is half away from zero.
    return (product + scale // 2) // scale
