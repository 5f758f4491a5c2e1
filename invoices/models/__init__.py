"""What a customer owes."""

from invoices.models.invoice import Invoice, InvoiceDocument, InvoiceLine, NumberSeries
from invoices.models.run import BillingRun, BillingRunItem
from invoices.models.schedule import BillingSchedule

__all__ = [
    "BillingRun",
    "BillingRunItem",
    "BillingSchedule",
    "Invoice",
    "InvoiceDocument",
    "InvoiceLine",
    "NumberSeries",
]
