"""The page of billing schedules: which runs start automatically, and after how many grace days."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import amount, flag, instant
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.pages import Page
from invoices.domain.run.schedule import next_due, set_schedule
from invoices.domain.wording import month_in_words
from invoices.models import BillingSchedule


@admin.register(BillingSchedule)
class BillingScheduleAdmin(Page[BillingSchedule]):
    """The schedules, one for each kind of cycle; they cannot be added or deleted."""

    list_display = ("cycle", "shown_state", "shown_grace")
    ordering = ("pk",)
    fields = ("cycle", "is_active", "grace_days", "shown_next")
    readonly_fields = ("cycle", "shown_next")

    shown_state = column(flag("Start automatically", "Started manually"), "is_active", title="runs", order="is_active")
    shown_grace = column(amount, "grace_days", title="grace days", order="grace_days")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: BillingSchedule, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        set_schedule(obj, by=person(request))

    @admin.display(description="next due")
    def shown_next(self, schedule: BillingSchedule) -> SafeString | str:
        """Show the next cycle and when its first customer is due, even if the schedule is off."""
        stored = BillingSchedule.objects.get(pk=schedule.pk)  # not what a refused form says
        due = next_due(stored, at=now())
        if due is None:
            return "No customer has this cycle"
        when = instant(due.at) if due.at > now() else "due now, at the next check"
        return format_html("{}, {}", month_in_words(str(due.cycle)), when)
