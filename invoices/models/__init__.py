"""What a customer owes."""

from invoices.models.invoice import Invoice, InvoiceDocument, InvoiceLine, NumberSeries
from invoices.models.mail import InvoiceMail, MailTemplate
from invoices.models.run import BillingRun, BillingRunItem

__all__ = [
    "BillingRun",
    "BillingRunItem",
    "Invoice",
    "InvoiceDocument",
    "InvoiceLine",
    "InvoiceMail",
    "MailTemplate",
    "NumberSeries",
]
