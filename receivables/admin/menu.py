"""This app's entries in the menu."""

from typing import Any

from django.db.models import QuerySet

from billing_engine.core.admin_kit.menu import Item, Waits, in_menu, list_item
from receivables.models import Dispute

DECIDE = "receivables.change_dispute"


def _to_answer(_: Any) -> QuerySet[Dispute]:
    return Dispute.objects.filter(state__in=(Dispute.State.OPEN, Dispute.State.SECOND_LOOK))


in_menu(
    "Receivables",
    40,
    list_item("Credit notes", "undo", "receivables.creditnote"),
)
in_menu("Waiting", 40, list_item("Disputes", "gavel", "receivables.dispute", waits=Waits(DECIDE, _to_answer)))
in_menu(
    "Waiting",
    50,
    Item("Voided after billing", "event_busy", "admin:receivables_late_voids", "receivables.view_creditnote"),
)
