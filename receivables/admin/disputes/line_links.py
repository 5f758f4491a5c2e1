"""Where disputes begin: on an invoice line, on its charges, and on charges of an open period."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from invoices.admin.invoice.line_admin import InvoiceLineAdmin
from pricing.admin.charges import ChargeAdmin
from pricing.models import Charge
from receivables.domain.disputes.subject import MOST_CHOSEN

InvoiceLineAdmin.extend_acts_on_charges("Dispute", "admin:receivables_dispute_open", "receivables.add_dispute")


def has_dispute_permission(self: Any, request: HttpRequest) -> bool:  # noqa: ARG001 -- a method
    """Return whether the user can open disputes."""
    return request.user.has_perm("receivables.add_dispute")


@admin.action(description="Dispute", permissions=["dispute"])
def dispute_chosen(self: Any, request: HttpRequest, rows: QuerySet[Charge]) -> HttpResponse | None:  # noqa: ARG001 -- as above
    """Go to the page that opens a dispute of the chosen charges."""
    chosen = list(rows.values_list("pk", flat=True)[: MOST_CHOSEN + 1])
    if len(chosen) > MOST_CHOSEN:
        messages.error(request, f"Choose at most {MOST_CHOSEN} charges.")
        return None
    asked = urlencode({"charge": chosen}, doseq=True)
    return HttpResponseRedirect(f"{reverse('admin:receivables_dispute_open')}?{asked}")


ChargeAdmin.extend_actions(dispute_chosen, permission=has_dispute_permission)
