"""What an action costs, and why."""

from pricing.models.activity import DailyActivity, MonthlyActivity
from pricing.models.announced import AnnouncedCost
from pricing.models.attempts import RatingAttempts
from pricing.models.book_stamp import BookStamp
from pricing.models.charge import Charge, PeriodTally, UnratedAction, Waiver
from pricing.models.check import PriceCheck
from pricing.models.rule import PriceRule, PriceTier
from pricing.models.rule_import import RuleImport
from pricing.models.simulation import SimulatedCustomer, SimulatedMove, SimulatedSum, Simulation
from pricing.models.terms import PeriodTerms
from pricing.models.use import RuleUse, UseCount

__all__ = [
    "AnnouncedCost",
    "BookStamp",
    "Charge",
    "DailyActivity",
    "MonthlyActivity",
    "PeriodTally",
    "PeriodTerms",
    "PriceCheck",
    "PriceRule",
    "PriceTier",
    "RatingAttempts",
    "RuleImport",
    "RuleUse",
    "SimulatedCustomer",
    "SimulatedMove",
    "SimulatedSum",
    "Simulation",
    "UnratedAction",
    "UseCount",
    "Waiver",
]
