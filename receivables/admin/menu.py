"""This app's entries in the menu."""

from billing_engine.core.admin_kit.menu import Item, in_menu, list_item

in_menu(
    "Receivables",
    40,
    list_item("Credit notes", "undo", "receivables.creditnote"),
)
in_menu(
    "Waiting",
    50,
    Item("Voided after billing", "event_busy", "admin:receivables_late_voids", "receivables.view_creditnote"),
)
