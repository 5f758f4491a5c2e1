"""What an action of its type may plausibly be: beyond it, it waits for a person instead of a bill."""

from decimal import Decimal

from billing_engine.core.money import number_in_words
from leads.domain.faults import Fault
from leads.domain.intake.lookup import KnownType
from leads.domain.intake.schema import ActionItem


def implausible(action: ActionItem, kind: KnownType) -> Fault | None:
    """Why the action is kept back, where its quantity or value is beyond the limit of its type."""
    if action.quantity > kind.largest_quantity:
        return _fault("quantity", action.quantity, kind.largest_quantity, kind.code)
    if action.value is not None and action.value > kind.largest_value:
        return _fault("value", action.value, kind.largest_value, kind.code)
    return None


def _fault(name: str, number: Decimal, largest: Decimal, kind: str) -> Fault:
    return Fault(
        f"{name}_implausible",
        f"/{name}",
        f"A {name} of {number_in_words(number)} is above {number_in_words(largest)}, the largest that an action of the type"
        f" {kind} may have. Correct it; or, if it is right, raise the limit of the action type and retry.",
    )
