"""The menu entries of this app."""

from billing_engine.core.admin_kit.menu import in_menu, list_item

in_menu(
    "Operations",
    20,
    list_item("Action types", "category", "leads.actiontype"),
    list_item("Customers", "business", "leads.customer"),
    list_item("Products", "inventory_2", "leads.product"),
)
in_menu(
    "Sources",
    10,
    list_item("Sources", "hub", "leads.source"),
    list_item("Mappings", "rule_settings", "leads.sourcemapping"),
    list_item("Deliveries", "inbox", "leads.delivery"),
    list_item("File imports", "upload_file", "leads.fileimport"),
    list_item("Quarantine", "report", "leads.quarantineditem"),
    list_item("Leads", "person", "leads.lead"),
    list_item("Actions", "ads_click", "leads.action"),
)
in_menu(
    "Administration",
    10,
    list_item("Companies", "apartment", "leads.company"),
    list_item("Approval thresholds", "rule", "leads.approvalthreshold"),
)
