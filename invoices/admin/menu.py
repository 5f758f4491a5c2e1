"""This app's entries in the menu."""

from billing_engine.core.admin_kit.menu import in_menu, list_item

in_menu(
    "Billing",
    10,
    list_item("Month close", "event_available", "invoices.billingcycle"),
    list_item("Invoices", "receipt_long", "invoices.invoice"),
)
in_menu(
    "Billing",
    20,
    list_item("Billing runs", "play_circle", "invoices.billingrun"),
    list_item("Billing schedules", "event_repeat", "invoices.billingschedule"),
    list_item("Emails", "mail", "invoices.invoicemail"),
    list_item("Email templates", "edit_note", "invoices.mailtemplate"),
)
