"""The entries of payments and bank files in the menu."""

from billing_engine.core.admin_kit.menu import in_menu, list_item

in_menu(
    "Receivables",
    50,
    list_item("Payments", "payments", "receivables.payment"),
    list_item("Write-offs", "money_off", "receivables.writeoff"),
)
in_menu(
    "Receivables",
    55,
    list_item("Bank files", "account_balance", "receivables.bankfile"),
    list_item("Bank accounts", "account_balance_wallet", "receivables.bankaccount"),
    list_item("CSV mappings", "table_view", "receivables.csvmapping"),
)
