"""The charge's page with the way back to its invoice line. Here, because lines are; the rest of the page is pricing's."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from billing_engine.core.admin_kit.cells import link
from invoices.domain.lines.detail import line_of
from pricing.admin.charges import ChargeAdmin
from pricing.models import Charge

admin.site.unregister(Charge)


@admin.register(Charge)
class BilledChargeAdmin(ChargeAdmin):
    def get_fieldsets(self, request: HttpRequest, obj: Charge | None = None) -> Any:
        """Beneath the period, the line that it stands on."""
        (_, priced), (title, action) = super().get_fieldsets(request, obj)
        *rows, period = action["fields"]
        return (None, priced), (title, {"fields": (*rows, (period, "shown_line"))})

    @admin.display(description="invoice line")
    def shown_line(self, charge: Charge) -> SafeString | str:
        line = line_of(charge)
        return link(line, f"{line.invoice}, line {line.position}") if line else "Not billed yet"
