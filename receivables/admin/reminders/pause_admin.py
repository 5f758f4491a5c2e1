"""Customers and invoices that are not reminded."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from billing_engine.core.admin_kit.cells import NOTHING, instant, link, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.calendar.wording import day_in_words
from receivables.admin.reminders.forms import PauseForm
from receivables.admin.reminders.level_admin import CHANGE
from receivables.admin.reminders.list_dialog import list_dialog
from receivables.domain.reminders.schedule import pause, resume
from receivables.models import ReminderPause

LIST = "admin:receivables_reminderpause_changelist"


def new_pause(request: HttpRequest, answers: dict[str, Any]) -> str:
    """Pause a customer or an invoice."""
    pause(**answers, by=person(request), at=now())
    messages.success(request, "Paused.")
    return reverse(LIST)


@admin.register(ReminderPause)
class ReminderPauseAdmin(ReadOnlyPage[ReminderPause]):
    list_display = ("shown_reason", "shown_customer", "shown_invoice", "shown_until", "shown_from", "shown_end")
    list_display_links = ("shown_reason",)
    list_filter = (("customer", AutocompleteSelectFilter),)
    related = ("customer", "document__invoice", "paused_by")
    ordering = ("-pk",)
    nothing_yet = "No pauses. Everyone who owes something is reminded."
    actions_list: Any = ("pause_reminders",)
    actions_detail: Any = ("resume",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("shown_customer", "shown_invoice"),
                    ("reason", "shown_until"),
                    ("shown_from", "shown_by", "shown_end"),
                )
            },
        ),
    )

    shown_reason = column(shortened, "reason", title="reason")
    shown_customer = column(link, "customer", title="customer")
    shown_invoice = column(
        link, lambda pause: pause.document and pause.document.invoice, title="invoice", empty="Everything"
    )
    shown_until = column(day_in_words, "until", title="until", empty="No end")
    shown_from = column(instant, "paused_at", title="paused")
    shown_by = column(str, "paused_by", title="by")
    shown_end = column(instant, "ended_at", title="ended", empty=NOTHING)

    pause_reminders = list_dialog(
        "Pause reminders",
        new_pause,
        form=PauseForm,
        says="The customer, or one invoice, is left out of reminders. It stays owed, and ageing shows it as before.",
        permission=CHANGE,
        icon="pause",
        presses="Pause",
        back=LIST,
    )

    @button(
        "Resume",
        permission=CHANGE,
        icon="play_arrow",
        offered=lambda row: row.ended_at is None,
        asks=Dialog(title="Remind again?", says="The next run includes it again."),
    )
    def resume(self, request: HttpRequest, row: ReminderPause, answers: dict[str, Any]) -> Done:
        resume(row, by=person(request), at=now())
        return Done("Resumed.")
