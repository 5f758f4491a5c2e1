"""Billing schedules: which runs start by themselves, and after how many grace days."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from invoices.models import BillingSchedule
from leads.admin.bases import Page
from leads.admin.shown import amount, chip


@admin.register(BillingSchedule)
class BillingScheduleAdmin(Page[BillingSchedule]):
    """One for each kind of cycle; they come with the program."""

    list_display = ("cycle", "shown_state", "shown_grace")
    ordering = ("pk",)
    fields = ("cycle", "is_active", "grace_days")
    readonly_fields = ("cycle",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="runs", ordering="is_active")
    def shown_state(self, schedule: BillingSchedule) -> SafeString:
        return chip("Start by themselves", "green") if schedule.is_active else chip("Started by hand")

    @admin.display(description="grace days", ordering="grace_days")
    def shown_grace(self, schedule: BillingSchedule) -> SafeString:
        return amount(str(schedule.grace_days))
