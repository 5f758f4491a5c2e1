"""Finance's pages of what customers owe; each module registers its own."""

from receivables.admin import at_a_glance, books, einvoices, menu, payments_menu
from receivables.admin.account import customer_overview, list_page, note
from receivables.admin.account import page as account_page
from receivables.admin.ageing import items, page
from receivables.admin.bank_files import account_admin, file_admin, row_admin
from receivables.admin.credit_notes import (
    bulk_page,
    crediting,
    invoice_panel,
    late_voids,
    line_page,
    note_admin,
    void_terms,
)
from receivables.admin.disputes import dispute_admin, figures_page, line_links, open_page, reason_admin
from receivables.admin.ledger import document_admin, trial_balance
from receivables.admin.online import event_admin
from receivables.admin.payments import payment_admin, write_off_admin
from receivables.admin.reminders import level_admin, pause_admin, preview, reminder_admin, run_admin, timetable_admin
from receivables.admin.statements import bulk_page as statements_bulk_page
from receivables.admin.statements import by_email as statements_by_email
from receivables.admin.statements import mail_admin as statement_mail_admin
from receivables.admin.statements import page as statement_page
from receivables.admin.topic_emails import mail_admin as topic_email_admin
from receivables.admin.webhooks import by_email, delivery_admin, endpoint_admin

__all__ = [
    "account_admin",
    "account_page",
    "at_a_glance",
    "books",
    "bulk_page",
    "by_email",
    "crediting",
    "customer_overview",
    "delivery_admin",
    "dispute_admin",
    "document_admin",
    "einvoices",
    "endpoint_admin",
    "event_admin",
    "figures_page",
    "file_admin",
    "invoice_panel",
    "items",
    "late_voids",
    "level_admin",
    "line_links",
    "line_page",
    "list_page",
    "menu",
    "note",
    "note_admin",
    "open_page",
    "page",
    "pause_admin",
    "payment_admin",
    "payments_menu",
    "preview",
    "reason_admin",
    "reminder_admin",
    "row_admin",
    "run_admin",
    "statement_mail_admin",
    "statement_page",
    "statements_bulk_page",
    "statements_by_email",
    "timetable_admin",
    "topic_email_admin",
    "trial_balance",
    "void_terms",
    "write_off_admin",
]
