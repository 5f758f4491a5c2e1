"""What a customer owes."""

from invoices.models.cycle import BillingCycle, CycleStep
from invoices.models.invoice import Invoice, InvoiceDocument, InvoiceLine, NumberSeries
from invoices.models.mail import InvoiceMail, MailTemplate
from invoices.models.run import BillingRun, BillingRunItem
from invoices.models.schedule import BillingSchedule

__all__ = [
    "BillingCycle",
    "BillingRun",
    "BillingRunItem",
    "BillingSchedule",
    "CycleStep",
    "Invoice",
    "InvoiceDocument",
    "InvoiceLine",
    "InvoiceMail",
    "MailTemplate",
    "NumberSeries",
]
