"""The pages of leads and actions, and beside each action what it costs: the storey below knows nothing of prices."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from leads.admin.actions import ActionAdmin
from leads.admin.leads import ActionRows, LeadAdmin
from leads.models import Action, Lead
from pricing.admin.action_outcome import outcome

admin.site.unregister(Lead)
admin.site.unregister(Action)


class PricedActionRows(ActionRows):
    """What the lead did, and what that cost."""

    fields = (*ActionRows.fields, "priced")
    readonly_fields = fields
    related = (*ActionRows.related, "charge", "unrated")

    @admin.display(description="outcome")
    def priced(self, action: Action) -> SafeString | str:
        return outcome(action)


@admin.register(Lead)
class PricedLeadAdmin(LeadAdmin):
    inlines = (PricedActionRows,)


@admin.register(Action)
class PricedActionAdmin(ActionAdmin):
    list_display = (*ActionAdmin.list_display[:-1], "priced")
    fieldsets = (
        *ActionAdmin.fieldsets[:2],
        ("Where it stands", {"fields": (("shown_period", "priced"), "state", "shown_delivery", "conflicts_in_words")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Action]:
        return super().get_queryset(request).select_related("charge", "unrated")

    @admin.display(description="outcome")
    def priced(self, action: Action) -> Any:
        return outcome(action)
