"""What became of an action, in words: why it is not charged, and what each cap took off."""

from collections.abc import Iterable, Mapping

from pricing.rating.caps import BUDGET, PER_LEAD, PER_PERIOD
from pricing.rating.values import Cuts
from pricing.wording.numbers import days, money

CAPS = {
    PER_LEAD: "The rule's limit per lead",
    PER_PERIOD: "The rule's limit per period",
    BUDGET: "The customer's monthly budget",
}


def already_charged(*, paid: str, per_person: bool, within_days: int) -> str:
    """Another action's charge pays for this one too."""
    who = "person" if per_person else "lead"
    return (
        f"Not charged: this is charged once per {who} and action type in {days(within_days)}, and {paid} pays for it."
    )


def not_highest(*, highest: str, cost: str, paid: str) -> str:
    """Another action of the lead is the highest-priced: what it costs, or what paid for it already."""
    told = f"Not charged: of a lead's actions in a period only the highest-priced is. That is {highest}"
    if paid:
        return f"{told}, and {paid} has paid for it already."
    return f"{told} ({cost})." if cost else f"{told}."


def cuts_in_words(full: int, cuts: Cuts, limits: Mapping[str, int | None], currency: str) -> list[str]:
    """What each cap cut off what the one before had left."""
    return list(_cuts(full, cuts, limits, currency))


def _cuts(full: int, cuts: Cuts, limits: Mapping[str, int | None], currency: str) -> Iterable[str]:
    for cap, cut in cuts:
        limit = limits.get(cap)
        of = "" if limit is None else f" of {money(limit, currency)}"
        left = full - cut
        told = f"{CAPS[cap]}{of} leaves {money(left, currency)} of {money(full, currency)}"
        yield f"{told}: {money(cut, currency)} is not charged."
        full = left
