"""The admin of the leads storey: one file per subject."""

from leads.admin import actions, customers, deliveries, leads, products, quarantine, sources

__all__ = ["actions", "customers", "deliveries", "leads", "products", "quarantine", "sources"]
