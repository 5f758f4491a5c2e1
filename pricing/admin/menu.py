"""This app's pages in the menu."""

from typing import Any

from django.db.models import QuerySet

from billing_engine.core.admin_kit.menu import Waits, in_menu, list_item
from pricing.models import UnratedAction

PRICE = "pricing.add_pricerule"


def _unrated(_: Any) -> QuerySet[UnratedAction]:
    return UnratedAction.objects.all()


in_menu(
    "Prices",
    10,
    list_item("Price rules", "sell", "pricing.pricerule"),
    list_item("Simulations", "science", "pricing.simulation"),
    list_item("Price checks", "rule", "pricing.pricecheck"),
    list_item("Charges", "payments", "pricing.charge"),
)
in_menu("Waiting", 30, list_item("Unrated actions", "help", "pricing.unratedaction", waits=Waits(PRICE, _unrated)))
in_menu("Billing", 30, list_item("Billing periods", "calendar_month", "leads.billingperiod"))
