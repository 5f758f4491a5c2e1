"""The menu entries of this app."""

from typing import Any

from django.db.models import QuerySet

from billing_engine.core.admin_kit.menu import Waits, in_menu, list_item
from leads.models import QuarantinedItem

MEND = "leads.change_quarantineditem"


def _waiting(_: Any) -> QuerySet[QuarantinedItem]:
    return QuarantinedItem.objects.for_person()


in_menu("Waiting", 20, list_item("Quarantine", "report", "leads.quarantineditem", waits=Waits(MEND, _waiting)))
in_menu(
    "Leads",
    10,
    list_item("Leads", "person", "leads.lead"),
    list_item("Actions", "ads_click", "leads.action"),
    list_item("Deliveries", "inbox", "leads.delivery"),
    list_item("File imports", "upload_file", "leads.fileimport"),
    list_item("Sources", "hub", "leads.source"),
    list_item("Mappings", "rule_settings", "leads.sourcemapping"),
)
in_menu(
    "Catalog",
    10,
    list_item("Customers", "business", "leads.customer"),
    list_item("Products", "inventory_2", "leads.product"),
    list_item("Action types", "category", "leads.actiontype"),
)
in_menu(
    "Administration",
    10,
    list_item("Companies", "apartment", "leads.company"),
    list_item("Approval thresholds", "rule", "leads.approvalthreshold"),
)
