"""The result for an action in words: why it is not charged, and what each cap cut off."""

from collections.abc import Iterable, Mapping

from pricing.rating.exclude import (
    ALREADY_CHARGED,
    DISPUTED,
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
    VOIDED: "Voided",
    NOT_BILLABLE: "Not a billable action type",
    TEST_LEAD: "Test lead",
    OUTSIDE_CONTRACT: "Outside the contract's dates",
    DISPUTED: "Disputed and accepted",
    EXCLUDED_CONTACT: "Contact on the exclusion list",
    WAIVED: "Waived by a person",
    ALREADY_CHARGED: "Already charged",
    NOT_HIGHEST: "Not the highest-priced action of its lead",
}
# How the winner outranks another rule in dimensions outside the scope.
OUTRANKED = {"priority": "the winner's is higher", "effective from": "the winner started later"}
EXCLUDED = {
    VOIDED: "it was voided",
    NOT_BILLABLE: "its action type is not billable",
    TEST_LEAD: "its lead is a test",
    OUTSIDE_CONTRACT: "it occurred outside the customer's contract",
    DISPUTED: "the customer disputed it and we accepted",
    EXCLUDED_CONTACT: "the lead's email address is at one of the customer's excluded domains",
    WAIVED: "a person waived it",
}


def reason_in_words(code: str) -> str:
    """`Test lead` for `test_lead`; an unknown code is returned readable."""
    return REASONS.get(code, code.replace("_", " ").capitalize())


def excluded(reason: str) -> str:
    """Why an action without a rule is not charged."""
    return f"Not charged: {EXCLUDED[reason]}."


def not_charged(reason: str) -> str:
    """`Not charged: test lead.`"""
    return f"Not charged: {reason_in_words(reason).lower()}."


def not_charged_voided(*, by: str, why: str) -> str:
    """A void names who did it: `by` is the person; empty if the source did."""
    if not by:
        return "Not charged: voided by its source." + (f" The source says: {why}." if why else "")
    return f"Not charged: voided by {by}." + (f" Reason: {why}." if why else "")


def outcome(reason: str, *, amount: int, by: str | None, currency: str) -> str:
    """`$2.50 by “Samples”`, `not charged: test lead`, `unrated`."""
    if reason:
        return f"not charged: {reason_in_words(reason).lower()}"
    return "unrated" if by is None else f"{money(amount, currency)} by “{by}”"


def lost_on(dimension: str) -> str:
    """What another rule lost on: `priority: the winner's is higher`."""
    why = OUTRANKED.get(dimension, f"it applies to any {dimension}, the winner to this one")
    return f"{dimension}: {why}"


def voided_late(at: str, *, by: str, why: str) -> str:
    """The action was voided after its period closed, by a person or its source."""
    because = f" ({why})" if why else ""
    return (
        f"Voided by {by or 'its source'} on {at}{because}, after the period closed. The charge stands"
        " until the draft is regenerated or, if the invoice was issued, credited."
    )


def already_charged(*, paid: str, per_person: bool, within_days: int) -> str:
    """Another action's charge also pays for this one."""
    who = "person" if per_person else "lead"
    return f"Not charged: this is charged once per {who} and action type in {days(within_days)}, and {paid} already paid for it."


def not_highest(*, highest: str, cost: str, paid: str) -> str:
    """Another action of the lead is the highest-priced; adds its price or what already paid for it."""
    told = f"Not charged: only a lead's highest-priced action in a period is charged. That is {highest}"
    if paid:
        return f"{told}, and {paid} already paid for it."
    return f"{told} ({cost})." if cost else f"{told}."


def cuts_in_words(full: int, cuts: Cuts, limits: Mapping[str, int | None], currency: str) -> list[str]:
    """What each cap cut from the remainder of the previous one."""
    return list(_cuts(full, cuts, limits, currency))


def _cuts(full: int, cuts: Cuts, limits: Mapping[str, int | None], currency: str) -> Iterable[str]:
    for cap, cut in cuts:
        limit = limits.get(cap)
        of = "" if limit is None else f" of {money(limit, currency)}"
        left = full - cut
        told = f"{OF_A_RULE[cap]}{of} leaves {money(left, currency)} of {money(full, currency)}"
        yield f"{told}: {money(cut, currency)} is not charged."
        full = left
