"""Finance's pages of what customers owe."""

from receivables.admin import payments_menu
from receivables.admin.bank_files import account_admin, file_admin, row_admin
from receivables.admin.payments import payment_admin, write_off_admin

__all__ = ["account_admin", "file_admin", "payment_admin", "payments_menu", "row_admin", "write_off_admin"]
