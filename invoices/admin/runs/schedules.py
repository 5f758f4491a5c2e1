"""Billing schedules: which runs start by themselves, and after how many grace days."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import amount, chip, instant
from billing_engine.core.admin_kit.pages import Page
from invoices.domain.run.schedule import next_due, set_schedule
from invoices.domain.wording import month_in_words
from invoices.models import BillingSchedule


@admin.register(BillingSchedule)
class BillingScheduleAdmin(Page[BillingSchedule]):
    """One for each kind of cycle; they come with the program."""

    list_display = ("cycle", "shown_state", "shown_grace")
    ordering = ("pk",)
    fields = ("cycle", "is_active", "grace_days", "shown_next")
    readonly_fields = ("cycle", "shown_next")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: BillingSchedule, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        set_schedule(obj)

    @admin.display(description="runs", ordering="is_active")
    def shown_state(self, schedule: BillingSchedule) -> SafeString:
        return chip("Start by themselves", "green") if schedule.is_active else chip("Started by hand")

    @admin.display(description="grace days", ordering="grace_days")
    def shown_grace(self, schedule: BillingSchedule) -> SafeString:
        return amount(str(schedule.grace_days))

    @admin.display(description="due next")
    def shown_next(self, schedule: BillingSchedule) -> SafeString | str:
        """Which cycle, and when the first of its customers is; as it is now, and as it would be were it switched on."""
        due = next_due(schedule, at=now())
        if due is None:
            return "No customer is billed by it"
        when = instant(due.at) if due.at > now() else "due now, at the next look"
        return format_html("{}, {}", month_in_words(str(due.cycle)), when)
