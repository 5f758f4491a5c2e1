"""The log of reminders: what each customer was told, and what a person has to decide."""

from typing import Any

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from billing_engine.core.admin_kit.cells import NOTHING, link, number, total
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.pages import ReadOnlyRows
from billing_engine.core.calendar.instants import day
from billing_engine.core.calendar.wording import count_of_days
from receivables.admin.claimed_mail import ClaimedMailPage, again_button, arrived_button
from receivables.models import Reminder, ReminderItem

CHANGE = "receivables.change_reminderrun"


def lateness(item: ReminderItem) -> str:
    """How late the invoice was on the customer's day of the reminder: `12 days overdue`."""
    due_on, at = item.document.due_on or item.document.posted_on, item.reminder.claimed_at
    if at is None:
        return NOTHING
    days = (item.reminder.customer.day_of(at) - due_on).days
    return f"{count_of_days(days)} overdue" if days > 0 else f"{count_of_days(-days)} before" if days else "That day"


class InvoicesOfReminder(ReadOnlyRows):
    model = ReminderItem
    verbose_name_plural = "invoices"
    related = ("document__invoice", "reminder__customer")
    ordering = ("pk",)
    fields = ("shown_invoice", "shown_level", "shown_due", "shown_lateness", "shown_amount")

    shown_invoice = column(link, "document.invoice", title="invoice")
    shown_level = column(number, "level", title="level")
    shown_due = column(lambda item: day(item.document.due_on or item.document.posted_on), title="due")
    shown_lateness = column(lateness, title="told")
    shown_amount = column(lambda item: total(item.amount, item.document.currency), title="to pay")


@admin.register(Reminder)
class ReminderAdmin(ClaimedMailPage[Reminder]):
    list_display = ("shown_customer", "shown_level", "shown_state", "shown_run", "shown_settled", "shown_reason")
    list_display_links = ("shown_customer",)
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("customer", AutocompleteSelectFilter),
    )
    related = ("customer", "run__seller", "decided_by")
    nothing_yet = "No reminders yet."
    inlines = (InvoicesOfReminder,)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("linked_customer", "shown_state"),
                    ("shown_level", "shown_run"),
                    ("shown_settled", "shown_decider"),
                    ("shown_to", "shown_message_id"),
                    ("shown_reason", "shown_digest"),
                )
            },
        ),
        ("Email", {"fields": ("subject", "shown_body")}),
    )

    shown_level = column(number, "level", title="level")
    shown_run = column(link, "run", title="run")
    it_arrived: Any = arrived_button(CHANGE)
    send_again: Any = again_button(CHANGE)
