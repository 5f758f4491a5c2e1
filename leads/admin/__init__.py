"""The admin of the leads storey: one file per subject."""

from leads.admin import actions, companies, credentials, customers, deliveries, leads, products, search, sources
from leads.admin.quarantine import bulk_retries, item_admin

__all__ = [
    "actions",
    "bulk_retries",
    "companies",
    "credentials",
    "customers",
    "deliveries",
    "item_admin",
    "leads",
    "products",
    "search",
    "sources",
]
