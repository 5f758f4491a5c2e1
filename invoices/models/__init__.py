"""What a customer owes."""

from invoices.models.adjustment import Adjustment, Reopening
from invoices.models.credit import CreditEntry
from invoices.models.invoice import Invoice, InvoiceDocument, InvoiceLine, NumberSeries
from invoices.models.run import BillingRun, BillingRunItem
from invoices.models.taxes import InvoiceTax

__all__ = [
    "Adjustment",
    "BillingRun",
    "BillingRunItem",
    "CreditEntry",
    "Invoice",
    "InvoiceDocument",
    "InvoiceLine",
    "InvoiceTax",
    "NumberSeries",
    "Reopening",
]
