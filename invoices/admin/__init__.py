"""Finance's pages: billing runs, month close, invoices and emails."""

from invoices.admin import charges, customer_overview, mails, menu, periods, search
from invoices.admin.invoice import invoice_admin, line_admin
from invoices.admin.month_close import cycle_admin
from invoices.admin.runs import run_admin, schedules

__all__ = [
    "charges",
    "customer_overview",
    "cycle_admin",
    "invoice_admin",
    "line_admin",
    "mails",
    "menu",
    "periods",
    "run_admin",
    "schedules",
    "search",
]
