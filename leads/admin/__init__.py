"""The admin of the leads storey: one file per subject."""

from leads.admin import (
    actions,
    bulk_retries,
    companies,
    credentials,
    customers,
    deliveries,
    finding,
    leads,
    products,
    quarantine,
    sources,
)

__all__ = [
    "actions",
    "bulk_retries",
    "companies",
    "credentials",
    "customers",
    "deliveries",
    "finding",
    "leads",
    "products",
    "quarantine",
    "sources",
]
