"""Finance's pages of what customers owe."""

from receivables.admin import menu
from receivables.admin.credit_notes import crediting, invoice_panel, late_voids, note_admin

__all__ = ["crediting", "invoice_panel", "late_voids", "menu", "note_admin"]
