"""What an action costs, and why."""

from pricing.models.charge import Charge, PeriodTally, UnratedAction, Waiver
from pricing.models.rule import PriceRule, PriceTier
from pricing.models.terms import PeriodTerms

__all__ = ["Charge", "PeriodTally", "PeriodTerms", "PriceRule", "PriceTier", "UnratedAction", "Waiver"]
