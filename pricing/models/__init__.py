"""What an action costs, and why."""

from pricing.models.charge import Charge, PeriodTally, UnratedAction, Waiver
from pricing.models.rule import PriceRule, PriceTier

__all__ = ["Charge", "PeriodTally", "PriceRule", "PriceTier", "UnratedAction", "Waiver"]
