"""What prices of money value have in common: free allowances at the start of a period, and the wording of their counting."""

from dataclasses import dataclass

from pricing.rating.prices.model import Case, Clause
from pricing.rating.statement import Count, Money, Statement, say


@dataclass(frozen=True, slots=True)
class FreeActions(Clause):
    """The first actions of a period are free, including those without a value."""

    actions: int

    @property
    def statement(self) -> Statement:
        return say("the {actions} of a period free, those without a value counted too", actions=_first(self.actions))


@dataclass(frozen=True, slots=True)
class FreeValue(Clause):
    """The first value of a period is free; an action that exceeds it is charged for the rest."""

    value: int

    @property
    def statement(self) -> Statement:
        return say("the first {value} of a period's value free, what is above it charged", value=Money(self.value))


@dataclass(frozen=True, slots=True)
class FreeActionsOrValue(Clause):
    """Both allowances, until one of them runs out."""

    actions: int
    value: int

    @property
    def statement(self) -> Statement:
        return say(
            "the {actions}, those without a value counted too, and the first {value} of a period's value free until one"
            " of them runs out",
            actions=_first(self.actions),
            value=Money(self.value),
        )


def _first(actions: int) -> Statement:
    return say("first action") if actions == 1 else say("first {actions} actions", actions=Count(actions))


def counted(case: Case) -> Statement:
    """The action's position in the period's value."""
    before, after = case.before.value, case.before.value + (case.value or 0)
    return say(
        "This rule had counted a value of {before} in the period before this action, and {after} with it.",
        before=Money(before),
        after=Money(after),
    )


def without_value(case: Case) -> Statement:
    """Why an action without a value is free."""
    if case.value is None:
        return say("The action came without a value, so it costs nothing.")
    return say("The action came with a value of zero, so it costs nothing.")
