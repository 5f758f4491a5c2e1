"""Customers and their terms, and the leads that sources send."""

from leads.models.action import Action, ActionType
from leads.models.approval_threshold import ApprovalThreshold
from leads.models.company import Company, NumberPrefix
from leads.models.customer import Customer, CycleChange
from leads.models.delivery import Delivery, QuarantinedItem
from leads.models.early import EarlyAction
from leads.models.facts import ActionTypeRevision, ProductRevision, SourceRevision
from leads.models.lead import Lead
from leads.models.period import BillingPeriod, UnratedMark
from leads.models.product import Product
from leads.models.quarantine import BulkRetry, QuarantineStep
from leads.models.source import ApiKey, Channel, SigningSecret, Source
from leads.models.tax import CustomerTax

__all__ = [
    "Action",
    "ActionType",
    "ActionTypeRevision",
    "ApiKey",
    "ApprovalThreshold",
    "BillingPeriod",
    "BulkRetry",
    "Channel",
    "Company",
    "Customer",
    "CustomerTax",
    "CycleChange",
    "Delivery",
    "EarlyAction",
    "Lead",
    "NumberPrefix",
    "Product",
    "ProductRevision",
    "QuarantineStep",
    "QuarantinedItem",
    "SigningSecret",
    "Source",
    "SourceRevision",
    "UnratedMark",
]
