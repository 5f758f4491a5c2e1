"""Who is billed, and what came in."""

from leads.models.action import Action, ActionType
from leads.models.customer import Customer
from leads.models.delivery import Delivery, QuarantinedItem
from leads.models.lead import Lead
from leads.models.period import BillingPeriod, UnratedMark
from leads.models.product import Product
from leads.models.source import ApiKey, Channel, Source

__all__ = [
    "Action",
    "ActionType",
    "ApiKey",
    "BillingPeriod",
    "Channel",
    "Customer",
    "Delivery",
    "Lead",
    "Product",
    "QuarantinedItem",
    "Source",
    "UnratedMark",
]
