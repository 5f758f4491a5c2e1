"""What a customer owes."""

from invoices.models.adjustment import Adjustment
from invoices.models.cycle import BillingCycle, CycleStep, SkippedInvoice
from invoices.models.document import InvoiceDocument, StoredPdf, StoredPdfQuerySet, stored_pdf_constraints
from invoices.models.invoice import Invoice, InvoiceLine, NumberSeries
from invoices.models.mail import Email, InvoiceMail, MailTemplate, PdfEmail, pdf_email_constraints
from invoices.models.notice import Notice, waits_or_is_settled
from invoices.models.proof import InvoiceProof, ProofKey, ProofPart
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
    "InvoiceProof",
    "InvoiceTax",
    "MailTemplate",
    "Notice",
    "NumberSeries",
    "PdfEmail",
    "ProofKey",
    "ProofPart",
    "SkippedInvoice",
    "StoredPdf",
    "StoredPdfQuerySet",
    "pdf_email_constraints",
    "stored_pdf_constraints",
    "waits_or_is_settled",
]
