"""Books: exports for accounting systems, what is new for them, and their accounts."""

from receivables.admin.books import export_admin as export_admin
from receivables.admin.books import mapping_admin as mapping_admin
from receivables.admin.books import new_export as new_export
