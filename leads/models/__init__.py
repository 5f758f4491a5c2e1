"""Customers and their terms, and the leads that sources send."""

from leads.models.action import Action, ActionType, ActionTypeRevision, EarlyAction
from leads.models.approval_threshold import ApprovalThreshold
from leads.models.company import Company, CompanyDetails, NumberPrefix
from leads.models.customer import Customer, CycleChange
from leads.models.customer.email_choice import EmailChoice, EmailTopic
from leads.models.customer.membership import (
    CustomerPortal,
    MemberInvitation,
    MemberRole,
    Membership,
    PortalLook,
)
from leads.models.customer.purchase_order import PurchaseOrderRequest
from leads.models.customer_key import CustomerKey
from leads.models.delivery import Delivery, QuarantinedItem
from leads.models.file_import import FileImport, FileImportPart
from leads.models.hooks import Hook, HookFetch, HookRefusal
from leads.models.lead import Lead
from leads.models.mapping import MappingRevision, SourceMapping
from leads.models.notice import Notice
from leads.models.people import ArchivedBody, ArchiveRun, Erasure, LeavingBody, Redaction
from leads.models.period import BillingPeriod, UnratedMark
from leads.models.product import Product, ProductRevision
from leads.models.quarantine import BulkRetry, Correction, QuarantineStep
from leads.models.source import ApiKey, Channel, SigningSecret, Source, SourceRevision
from leads.models.terms import CustomerTerms, Tax

Subject = ActionType | Product | Source  # whose facts are revisions
CatalogRevision = ActionTypeRevision | ProductRevision | SourceRevision

__all__ = [
    "Action",
    "ActionType",
    "ActionTypeRevision",
    "ApiKey",
    "ApprovalThreshold",
    "ArchiveRun",
    "ArchivedBody",
    "BillingPeriod",
    "BulkRetry",
    "CatalogRevision",
    "Channel",
    "Company",
    "CompanyDetails",
    "Correction",
    "Customer",
    "CustomerKey",
    "CustomerPortal",
    "CustomerTerms",
    "CycleChange",
    "Delivery",
    "EarlyAction",
    "EmailChoice",
    "EmailTopic",
    "Erasure",
    "FileImport",
    "FileImportPart",
    "Hook",
    "HookFetch",
    "HookRefusal",
    "Lead",
    "LeavingBody",
    "MappingRevision",
    "MemberInvitation",
    "MemberRole",
    "Membership",
    "Notice",
    "NumberPrefix",
    "PortalLook",
    "Product",
    "ProductRevision",
    "PurchaseOrderRequest",
    "QuarantineStep",
    "QuarantinedItem",
    "Redaction",
    "SigningSecret",
    "Source",
    "SourceMapping",
    "SourceRevision",
    "Subject",
    "Tax",
    "UnratedMark",
]
