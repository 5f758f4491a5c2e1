"""What a customer owes."""

from invoices.models.adjustment import Adjustment
from invoices.models.cycle import BillingCycle, CycleStep, SkippedInvoice
from invoices.models.document import InvoiceDocument
from invoices.models.invoice import Invoice, InvoiceLine, NumberSeries
from invoices.models.mail import Email, InvoiceMail, MailTemplate
from invoices.models.run import BillingRun, BillingRunItem
from invoices.models.schedule import BillingSchedule
from invoices.models.taxes import InvoiceTax

__all__ = [
    "Adjustment",
    "BillingCycle",
    "BillingRun",
    "BillingRunItem",
    "BillingSchedule",
    "CycleStep",
    "Email",
    "Invoice",
    "InvoiceDocument",
    "InvoiceLine",
    "InvoiceMail",
    "InvoiceTax",
    "MailTemplate",
    "NumberSeries",
    "SkippedInvoice",
]
