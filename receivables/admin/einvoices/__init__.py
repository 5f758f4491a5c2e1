"""Electronic invoices on the pages of invoices and credit notes."""

from receivables.admin.einvoices import notes as notes
from receivables.admin.einvoices import ubl as ubl
