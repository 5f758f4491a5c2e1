"""What became of an action, in words: why it is not charged, and what each cap took off."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from pricing.rating.exclude import (
    ALREADY_CHARGED,
    EXCLUDED_CONTACT,
    NOT_BILLABLE,
    NOT_HIGHEST,
    OUTSIDE_CONTRACT,
    TEST_LEAD,
    VOIDED,
    WAIVED,
)
from pricing.rating.values import Cuts
from pricing.wording.caps import OF_A_RULE
from pricing.wording.numbers import days, money

# By the codes of `pricing.rating.exclude`.
REASONS = {
    VOIDED: "Voided by its source",
    NOT_BILLABLE: "Not a billable action type",
    TEST_LEAD: "Test lead",
    OUTSIDE_CONTRACT: "Outside the contract's dates",
    EXCLUDED_CONTACT: "Contact on the exclusion list",
    WAIVED: "Waived by a person",
    ALREADY_CHARGED: "Charged already",
    NOT_HIGHEST: "Not the highest-priced action of its lead",
}
# How the winner outranks another rule in what is no part of a scope.
OUTRANKED = {"priority": "the winner's is higher", "effective from": "the winner began later"}
EXCLUDED = {
    VOIDED: "it was voided",
    NOT_BILLABLE: "its action type is not billable",
    TEST_LEAD: "its lead is a test",
    OUTSIDE_CONTRACT: "it occurred outside the customer's contract",
    EXCLUDED_CONTACT: "the lead's e-mail address is at one of the customer's excluded domains",
    WAIVED: "a person waived it",
}


def reason_in_words(code: str) -> str:
    """`Test lead` for `test_lead`; a code nobody knows any more stays readable."""
    return REASONS.get(code, code.replace("_", " ").capitalize())


def excluded(reason: str) -> str:
    """Why an action without a rule costs nothing."""
    return f"Not charged: {EXCLUDED[reason]}."


def not_charged(reason: str) -> str:
    """`Not charged: voided by its source.`"""
    return f"Not charged: {reason_in_words(reason).lower()}."


def outcome(reason: str, *, amount: int, by: str | None, currency: str) -> str:
    """`$2.50 by “Samples”`, `not charged: test lead`, `unrated`."""
    if reason:
        return f"not charged: {reason_in_words(reason).lower()}"
    return "unrated" if by is None else f"{money(amount, currency)} by “{by}”"


def lost_on(dimension: str) -> str:
    """What another rule lost on: `priority: the winner's is higher`."""
    why = OUTRANKED.get(dimension, f"it is for any {dimension}, the winner for this one")
    return f"{dimension}: {why}"


def taken_back(at: datetime, why: str) -> str:
    """The action was taken back when its period was closed already."""
    because = f" ({why})" if why else ""
    return (
        f"Taken back on {at:%Y-%m-%d %H:%M} UTC{because}, after the period was closed: the charge stands until the draft is"
        " regenerated or, once issued, it is credited."
    )


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
        told = f"{OF_A_RULE[cap]}{of} leaves {money(left, currency)} of {money(full, currency)}"
        yield f"{told}: {money(cut, currency)} is not charged."
        full = left
