"""What a customer owes."""

from invoices.models.cycle import BillingCycle, CycleStep
from invoices.models.invoice import Invoice, InvoiceDocument, InvoiceLine, NumberSeries
from invoices.models.run import BillingRun, BillingRunItem

__all__ = [
    "BillingCycle",
    "BillingRun",
    "BillingRunItem",
    "CycleStep",
    "Invoice",
    "InvoiceDocument",
    "InvoiceLine",
    "NumberSeries",
]
