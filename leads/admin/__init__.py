"""The admin pages of leads: one file per subject."""

from leads.admin import (
    action_types,
    actions,
    approval_thresholds,
    companies,
    customers,
    deliveries,
    leads,
    menu,
    products,
    search,
    sources,
)
from leads.admin.credentials import credential_admin
from leads.admin.hooks import hook_admin
from leads.admin.quarantine import bulk_retries, item_admin

__all__ = [
    "action_types",
    "actions",
    "approval_thresholds",
    "bulk_retries",
    "companies",
    "credential_admin",
    "customers",
    "deliveries",
    "hook_admin",
    "item_admin",
    "leads",
    "menu",
    "products",
    "search",
    "sources",
]
