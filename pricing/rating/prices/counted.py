"""What a rule has counted so far in a period."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counted:
    """What a rule has counted in the period: actions, units, money value. Micro-units, except for the actions."""

    actions: int = 0
    quantity: int = 0
    value: int = 0
