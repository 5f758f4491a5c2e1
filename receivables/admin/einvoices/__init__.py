"""Electronic invoices on the page of an invoice."""

from receivables.admin.einvoices import ubl as ubl
