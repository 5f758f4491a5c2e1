"""Tiers: their layout, their cost, how a period counts them, and what may be wrong with them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from pricing.rating.amounts import ZERO, Micro


@dataclass(frozen=True, slots=True)
class Tier:
    """One step of a tiered price: (previous tier, up_to]; `up_to` None has no end. `rate` is money per unit, or percent."""

    up_to: Micro | None
    rate: Micro
    flat_fee: Micro = ZERO


@dataclass(frozen=True, slots=True)
class Step:
    """A tier in the period's counting: above one count, up to and including another; its rate, and its flat fee."""

    above: int
    up_to: int | None
    rate: int
    fee: int


class Piece(NamedTuple):
    """The part of a range that falls into one tier, counted from 1."""

    tier: int
    counted: int
    amount: int
    flat_fee: int


@dataclass(frozen=True, slots=True)
class Stairs:
    """Tiers prepared for adding up: each with its end, start, the cost of everything up to its start, and its rate."""

    steps: tuple[tuple[int | None, int, int, int], ...]
    scale: int

    @classmethod
    def of(cls, tiers: tuple[Tier, ...], scale: int) -> "Stairs":
        """ValueError for invalid tiers; costs are kept at `scale` times micro-units, so that nothing is rounded."""
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
        """`F(counted)`: the cost of everything up to there, rounded once; zero for zero."""
        if counted <= 0:
            return 0
        for end, start, cost, rate in self.steps:
            if end is None or counted <= end:
                return (cost + (counted - start) * rate + self.scale // 2) // self.scale
        raise AssertionError("The last tier has no end.")

    def split(self, tiers: tuple[Tier, ...], low: int, high: int) -> Iterator[Piece]:
        """The parts of (low, high] by tier, and their cost."""
        start = 0
        for number, tier in enumerate(tiers, start=1):
            begin, end = max(low, start), high if tier.up_to is None else min(high, tier.up_to)
            if end > begin:
                amount = self.up_to(end) - self.up_to(begin)
                yield Piece(number, end - begin, amount, tier.flat_fee if begin == start else 0)
            start = high if tier.up_to is None else tier.up_to


def steps_of(tiers: tuple[Tier, ...], free: int = 0) -> tuple[Step, ...]:
    """The tiers in the period's counting: the free allowance comes before the first."""
    ends = [None if tier.up_to is None else tier.up_to + free for tier in tiers]
    starts = [free, *ends[:-1]]
    return tuple(
        Step(start or 0, end, tier.rate, tier.flat_fee) for start, end, tier in zip(starts, ends, tiers, strict=True)
    )


def after_free(free: int) -> tuple[int, ...]:
    """The borders of a price whose only border is the end of its free allowance, if it has one."""
    return (0, free) if free else (0,)


def borders_of(tiers: tuple[Tier, ...], free: int = 0) -> tuple[int, ...]:
    """The counts at which a tier begins, from 0 up; the free allowance comes before the first tier."""
    return tuple(sorted({0, *(step.above for step in steps_of(tiers, free))}))


def cost_anything(tiers: tuple[Tier, ...]) -> bool:
    """Whether any of them is ever more than zero."""
    return any(tier.rate or tier.flat_fee for tier in tiers)


class TierCode(Enum):
    """What may be wrong with the end of a tier."""

    OPEN_TOO_SOON = "open_too_soon"  # only the last tier has no end
    LAST_ENDS = "last_ends"  # the last tier has no end
    NOT_ABOVE_ZERO = "not_above_zero"
    NOT_ASCENDING = "not_ascending"


class TierFault(NamedTuple):
    """What is wrong with the tier at a position, counted from 0, and where the previous one ends."""

    place: int
    code: TierCode
    after: int


def tier_faults(ends: Sequence[int | None]) -> Iterator[TierFault]:
    """Tiers ascend from above zero, and only the last one has no end."""
    reached = 0
    for place, end in enumerate(ends):
        is_last = place == len(ends) - 1
        if end is None:
            if not is_last:
                yield TierFault(place, TierCode.OPEN_TOO_SOON, reached)
            continue
        if is_last:
            yield TierFault(place, TierCode.LAST_ENDS, reached)
        if end <= reached:
            yield TierFault(place, TierCode.NOT_ASCENDING if reached else TierCode.NOT_ABOVE_ZERO, reached)
        reached = max(reached, end)


def check_tiers(tiers: tuple[Tier, ...]) -> None:
    """ValueError unless the tiers ascend and only the last one has no end."""
    codes = {fault.code for fault in tier_faults([tier.up_to for tier in tiers])}
    if not tiers or codes - {TierCode.NOT_ABOVE_ZERO}:
        raise ValueError("Tiers must ascend, and the last one must have no end.")
    if codes:
        raise ValueError("A tier must end above zero.")
