"""This app's pages in the menu."""

from billing_engine.core.admin_kit.menu import in_menu, list_item

in_menu(
    "Operations",
    10,
    list_item("Price rules", "sell", "pricing.pricerule"),
    list_item("Simulations", "science", "pricing.simulation"),
    list_item("Price checks", "rule", "pricing.pricecheck"),
    list_item("Unrated actions", "help", "pricing.unratedaction"),
    list_item("Charges", "payments", "pricing.charge"),
)
in_menu("Finance", 20, list_item("Billing periods", "calendar_month", "leads.billingperiod"))
