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
from leads.admin.imports import import_admin
from leads.admin.mappings import mapping_admin
from leads.admin.people import archive_admin, erasure_admin, find_page, retention_page
from leads.admin.quarantine import bulk_retries, item_admin
from leads.admin.terms import card

__all__ = [
    "action_types",
    "actions",
    "approval_thresholds",
    "archive_admin",
    "bulk_retries",
    "card",
    "companies",
    "credential_admin",
    "customers",
    "deliveries",
    "erasure_admin",
    "find_page",
    "hook_admin",
    "import_admin",
    "item_admin",
    "leads",
    "mapping_admin",
    "menu",
    "products",
    "retention_page",
    "search",
    "sources",
]
